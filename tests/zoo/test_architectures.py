"""Networks by name: sizes that can be computed by hand, and a shortcut that has no parameters."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sngen.errors import UsageError
from sngen.zoo.architectures import build, loaders
from sngen.zoo.architectures.cifar_resnet import Block


def _parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("depth", [20, 32, 44, 56])
def test_cifar_resnet_has_the_size_of_its_paper(depth: int) -> None:
    network = build(f"resnet{depth}-cifar-a", 10)
    blocks = (depth - 2) // 6
    convolutions = 9 * (3 * 16 + 16 * 16 * 2 * blocks)
    convolutions += 9 * (16 * 32 + 32 * 32 * (2 * blocks - 1) + 32 * 64 + 64 * 64 * (2 * blocks - 1))
    normalisations = 2 * (16 + 2 * blocks * (16 + 32 + 64))
    assert _parameters(network) == convolutions + normalisations + 65 * 10
    stated_millions = {20: 0.27, 32: 0.46, 44: 0.66, 56: 0.85}[depth]  # He et al. 2016, table 6
    assert _parameters(network) / 1e6 == pytest.approx(stated_millions, abs=0.005)
    assert network.eval()(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_shortcut_takes_every_second_pixel_and_pads_channels_on_both_sides() -> None:
    block = Block(2, 4, stride=2).eval()
    nn.init.zeros_(block.bn2.weight)  # leaves the shortcut alone
    x = torch.rand(1, 2, 4, 4)
    out = block(x)
    assert torch.equal(out[:, 1:3], x[:, :, [0, 2]][:, :, :, [0, 2]])
    assert out[:, [0, 3]].abs().max() == 0


@pytest.mark.parametrize(
    ("loader", "parameters"),
    [
        ("digits-linear", 64 * 10 + 10),
        ("digits-mlp-16", 65 * 16 + 17 * 10),
        ("digits-mlp-64", 65 * 64 + 65 * 10),
        ("digits-mlp-256", 65 * 256 + 257 * 10),
        ("digits-cnn-8", 10 * 8 + (9 * 8 + 1) * 16 + (16 * 16 + 1) * 10),
        ("digits-cnn-16", 10 * 16 + (9 * 16 + 1) * 32 + (32 * 16 + 1) * 10),
    ],
)
def test_digits_networks(loader: str, parameters: int) -> None:
    network = build(loader, 10)
    assert _parameters(network) == parameters
    assert network(torch.zeros(3, 1, 8, 8)).shape == (3, 10)


def test_every_loader_takes_the_number_of_classes() -> None:
    for loader in loaders():
        outputs = list(build(loader, 7).state_dict().values())[-1].shape
        assert outputs == (7,), loader


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UsageError, match="'resnet20-cifar'; nearest: resnet20-cifar-a"):
        build("resnet20-cifar", 10)
