"""Digit networks whose gradients mislead: controls that an evaluation must not take for robust.

Each is ``digits-cnn-8`` and a layer that takes effect in eval mode alone, so that it is trained as that
network is and ends with the same tensors. Both are functions of the image: nothing in them is random.
Athalye et al. (2018, arXiv:1802.00420) call what they do shattered gradients.

``digits-cnn-8-rounded-logits``: logits are rounded to multiples of ``GRID``. Gradients are zero everywhere.

``digits-cnn-8-rippled-pixels``: a ripple of height ``HEIGHT`` and ``WAVES`` periods between black and white
is added to each pixel. Its slope is up to 2 pi ``HEIGHT`` ``WAVES`` = 13 times that of the pixel, and of
either sign, so the true gradient says nothing about a step of any useful size. At the grey levels of the
digits, multiples of 1/16, the ripple is zero and its slope alternates: clean logits are those of the plain
network.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from sngen.zoo.architectures.architecture import Architecture, InputSize
from sngen.zoo.architectures.digits import ARCHITECTURES as PLAIN
from sngen.zoo.architectures.digits import SIZE
from sngen.zoo.architectures.sequence import Sequence

GRID = 0.5
HEIGHT = 0.02
WAVES = 104


class RoundedLogits(nn.Module):
    """The nearest multiple of ``GRID``; the gradient is zero."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if self.training else torch.round(x / GRID) * GRID


class RippledPixels(nn.Module):
    """``x + HEIGHT sin(2 pi WAVES x)``."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # The fraction first: far from 0 the sine of a float32 is not exact at multiples of pi.
        return x if self.training else x + HEIGHT * torch.sin(2 * math.pi * torch.frac(WAVES * x))


def _rounded_logits(input_size: InputSize, num_classes: int) -> nn.Module:
    return Sequence([*_layers(input_size, num_classes), ("_rounded", RoundedLogits())]).train()


def _rippled_pixels(input_size: InputSize, num_classes: int) -> nn.Module:
    return Sequence([("_rippled", RippledPixels()), *_layers(input_size, num_classes)]).train()


def _layers(input_size: InputSize, num_classes: int) -> list[tuple[str, nn.Module]]:
    plain = PLAIN["digits-cnn-8"].build(input_size, num_classes)
    assert isinstance(plain, Sequence)
    return [(name, plain.get_submodule(name)) for name in plain.order]


ARCHITECTURES = {
    "digits-cnn-8-rounded-logits": Architecture(_rounded_logits, SIZE),
    "digits-cnn-8-rippled-pixels": Architecture(_rippled_pixels, SIZE),
}
