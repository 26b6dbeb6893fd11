"""What an architecture is: how it is built, for which images, and how published tensors get its names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn

#: Channels, height, width.
InputSize = tuple[int, int, int]
Tensors = dict[str, "torch.Tensor"]


def unchanged(tensors: Tensors) -> Tensors:
    return tensors


def unfitted(tensors: Tensors, network: nn.Module) -> Tensors:
    return tensors


@dataclass(frozen=True)
class Architecture:
    """``build(input_size, num_classes)`` gives a network, freshly initialised.

    ``input_size`` is the one it was published for, None where there are several. ``translate`` takes the
    tensors of the published file (other names, other axes) to those of the network; it drops and invents
    nothing silently, since what it returns is compared with the network tensor by tensor. ``fit`` does the
    same after it, where the names or shapes depend on the network that was built.
    """

    build: Callable[[InputSize, int], nn.Module]
    input_size: InputSize | None = None
    translate: Callable[[Tensors], Tensors] = unchanged
    fit: Callable[[Tensors, nn.Module], Tensors] = unfitted
