"""Batches that are passed in pieces: the same logits and gradients, less memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from evaluations.pieces import in_pieces
from evaluations.target import Target


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 10)]
    return nn.Sequential(*layers).eval().requires_grad_(False)


def gradient(network: nn.Module, x: torch.Tensor, largest: int | None) -> torch.Tensor:
    x = x.clone().requires_grad_(True)
    [slope] = torch.autograd.grad(in_pieces(network, x, largest).square().sum(), x)
    return slope


@pytest.mark.parametrize("largest", [1, 3, 16, 50])
def test_pieces_give_what_the_whole_gives(network: nn.Module, largest: int) -> None:
    x = torch.rand(16, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    np.testing.assert_allclose(in_pieces(network, x, largest), network(x), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        gradient(network, x, largest), gradient(network, x, None), rtol=1e-4, atol=1e-5
    )


def test_no_more_than_a_piece_is_ever_passed_and_each_image_counts_once(network: nn.Module) -> None:
    passed: list[int] = []
    network.register_forward_pre_hook(lambda module, given: passed.append(len(given[0])))
    target = Target(network, "fakes/m", "0", 1, largest_batch=4)
    x = torch.rand(10, 3, 8, 8)
    target(x)
    assert passed == [4, 4, 2]
    x.requires_grad_(True)
    target(x).sum().backward()
    assert max(passed) == 4 and len(passed) == 9, "with gradients each piece is passed twice"
    assert (target.forwards, target.forward_backwards) == (10, 10)
