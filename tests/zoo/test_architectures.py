"""Networks by name: sizes that can be computed by hand, and a shortcut that has no parameters."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sngen.errors import UsageError
from sngen.zoo.architectures import build, find, loaders
from sngen.zoo.architectures.cifar_resnet import Block
from sngen.zoo.architectures.keras_graph import TinyResNet


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


@pytest.mark.parametrize("loader", sorted(loaders()))
def test_every_loader_gives_one_finite_logit_per_class(loader: str) -> None:
    size = find(loader).input_size or (3, 32, 32)
    network = build(loader, 7, size).eval()
    x = torch.rand(2, *size)
    logits = network(x)
    assert logits.shape == (2, 7) and torch.isfinite(logits).all()
    assert torch.allclose(network(x[1:]), logits[1:], atol=1e-4)  # images do not see each other


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UsageError, match="'resnet20-cifar'; nearest: resnet20-cifar-b, resnet20-cifar-a"):
        build("resnet20-cifar", 10)


def test_a_sequence_is_built_from_its_text() -> None:
    text = "a.conv: conv 4 k3 s2 p1, bn, relu, maxpool 2, flatten, linear 5, relu, linear"
    network = build(f"sequence: {text}", 3, (2, 16, 16))
    shapes = {name: list(tensor.shape) for name, tensor in network.state_dict().items()}
    assert shapes["a.conv.weight"] == [4, 2, 3, 3] and shapes["1.weight"] == [4]
    assert shapes["5.weight"] == [5, 4 * 4 * 4] and shapes["7.bias"] == [3]
    plain = nn.Sequential(
        nn.Conv2d(2, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(64, 5), nn.ReLU(), nn.Linear(5, 3),
    )  # fmt: skip
    renamed = {name.replace("a.conv.", "0."): tensor for name, tensor in network.state_dict().items()}
    plain.load_state_dict(renamed)
    x = torch.rand(3, 2, 16, 16)
    assert torch.allclose(network.eval()(x), plain.eval()(x), atol=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("conv 4", "layer 0, conv: its kernel is not given"),
        ("convolution 4 k3", "expected .* one of"),
        ("conv 4 k3 q2", "'q2' is not understood"),
        ("conv 4 k40, flatten, linear", "layer 0, conv: does not fit an input of 1x28x28"),
        ("conv 4 k3, linear", "layer 1, linear: does not fit"),
        ("a: conv 4 k3, a: conv 4 k3, flatten, linear", "two layers are called a"),
    ],
)
def test_a_sequence_that_makes_no_sense_names_the_layer(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build(f"sequence: {text}", 10, (1, 28, 28))


def test_orders_of_pixels() -> None:
    x = torch.arange(2.0 * 3 * 4).reshape(1, 2, 3, 4)
    flat = build("sequence: flatten hwc, linear", 2, (2, 3, 4)).get_submodule("_0")
    assert flat(x)[0, :4].tolist() == [0.0, 12.0, 1.0, 13.0]
    reread = build("sequence: reinterpret, flatten, linear", 2, (2, 3, 4)).get_submodule("_0")
    assert reread(x).flatten().tolist() == x.permute(0, 2, 3, 1).flatten().tolist()


def test_same_padding_puts_what_is_odd_at_the_end() -> None:
    """Stride 2 on an even side: one column of zeros, after the image (TensorFlow's SAME)."""
    network = build("mlperf-tiny-resnet8", 10).eval()
    assert isinstance(network, TinyResNet)
    convolution = network.get_submodule("conv2d_3")
    assert isinstance(convolution, nn.Conv2d) and convolution.bias is not None
    nn.init.zeros_(convolution.weight)
    nn.init.zeros_(convolution.bias)
    with torch.no_grad():
        convolution.weight[0, 0, 2, 2] = 1  # looks two pixels to the lower right
    x = torch.zeros(1, 16, 4, 4)
    x[0, 0, 2, 2] = 5
    assert network._same(3, x)[0, 0].tolist() == [[5, 0], [0, 0]]


def test_keras_layers_are_counted_from_zero_and_turned() -> None:
    tensors = {
        "conv2d_36/conv2d_36/kernel:0": torch.arange(2.0 * 3 * 4 * 5).reshape(2, 3, 4, 5),
        "conv2d_37/conv2d_37/bias:0": torch.ones(5),
        "dense_4/dense_4/kernel:0": torch.arange(6.0).reshape(2, 3),
        "batch_normalization_28/batch_normalization_28/moving_variance:0": torch.ones(1),
    }
    translated = find("mlperf-tiny-resnet8").translate(tensors)
    assert set(translated) == {
        "conv2d.weight", "conv2d_1.bias", "dense.weight", "batch_normalization.running_var",
    }  # fmt: skip
    assert translated["conv2d.weight"].shape == (5, 4, 2, 3)
    assert translated["conv2d.weight"][4, 3, 1, 2] == tensors["conv2d_36/conv2d_36/kernel:0"][1, 2, 3, 4]
    assert translated["dense.weight"].tolist() == [[0, 3], [1, 4], [2, 5]]


def test_class_order_is_that_of_the_dataset() -> None:
    """Published outputs of the CIFAKE networks: airplane, truck, automobile, bird, ..."""
    published = [0, 9, 1, 2, 3, 4, 5, 6, 7, 8]
    tensors = {"fc2.bias": torch.tensor(published, dtype=torch.float32)}
    assert find("shokri-tanh-cnn-cifake").translate(tensors)["fc2.bias"].tolist() == list(range(10))


def test_networks_of_packages() -> None:
    small = build("torchvision/resnet18", 5, (3, 64, 64)).eval()
    assert small(torch.zeros(1, 3, 64, 64)).shape == (1, 5)
    assert build("timm/resnet18.a1_in1k", 5, (1, 32, 32)).eval()(torch.zeros(1, 1, 32, 32)).shape == (1, 5)
    with pytest.raises(UsageError, match=r"timm .* no model 'resnet81'; nearest: resnet"):
        build("timm/resnet81", 5)
    with pytest.raises(UsageError, match=r"torchvision .* no classifier 'resnet19'; nearest: resnet1"):
        build("torchvision/resnet19", 5)


def test_several_sizes_need_one() -> None:
    with pytest.raises(UsageError, match="kw-conv-small: it is built for several image sizes"):
        build("kw-conv-small", 10)
