"""What is between pixels in [0, 1] and a published network: size, then mean and standard deviation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from sngen.errors import UsageError
from sngen.schema import MODELS
from sngen.zoo.architectures import InputSize

INTERPOLATIONS = ("bilinear", "bicubic", "nearest")


@dataclass(frozen=True)
class Resize:
    """To [height, width]: the shorter side becomes that divided by ``crop_fraction`` and the centre is cut
    out; with a fraction of 1 and an image of another shape, the whole image is stretched.

    Bilinear and bicubic smooth when they shrink (as Pillow does), so results are Pillow's up to rounding.
    """

    height: int
    width: int
    interpolation: str
    crop_fraction: float = 1.0

    @classmethod
    def of(cls, model: Mapping[str, Any], size: InputSize | None) -> Resize | None:
        """What a row of the table models says; None where it names no interpolation: then images must have
        the network's size. Raises ``UsageError`` for an interpolation that is not known."""
        interpolation = model[MODELS.c.interpolation]
        if interpolation is None or size is None:
            return None
        if interpolation not in INTERPOLATIONS:
            raise UsageError(
                f"{model[MODELS.c.model_id]}: {MODELS.c.interpolation} is {interpolation!r}; expected one of "
                f"{', '.join(INTERPOLATIONS)}."
            )
        return cls(size[1], size[2], interpolation, model[MODELS.c.crop_fraction] or 1.0)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if tuple(x.shape[2:]) == (self.height, self.width):
            return x
        target = self._before_the_cut(x.shape[2], x.shape[3])
        smooth = self.interpolation != "nearest"
        resized = functional.interpolate(
            x, target, mode=self.interpolation, antialias=smooth, align_corners=False if smooth else None
        )
        top, left = (target[0] - self.height) // 2, (target[1] - self.width) // 2
        # Bicubic overshoots; published pipelines clip to the range of pixels.
        return resized[:, :, top : top + self.height, left : left + self.width].clamp(0, 1)

    def _before_the_cut(self, height: int, width: int) -> tuple[int, int]:
        if self.crop_fraction == 1.0:
            return self.height, self.width
        shorter = round(min(self.height, self.width) / self.crop_fraction)
        scale = shorter / min(height, width)
        return max(self.height, round(height * scale)), max(self.width, round(width * scale))


class OnPixels(nn.Module):
    """``network((resize(x) - mean) / std)`` for x float32 [N, C, H, W] in [0, 1]; logits [N, classes].

    ``mean`` and ``std`` have one number per channel.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self, network: nn.Module, mean: list[float], std: list[float], resize: Resize | None = None
    ) -> None:
        super().__init__()
        self.network = network
        self.resize = resize
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32)[None, :, None, None])
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32)[None, :, None, None])

    @property
    def gradients(self) -> bool:
        """Whether logits can be differentiated with respect to the pixels."""
        return bool(getattr(self.network, "gradients", True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        resized = x if self.resize is None else self.resize(x)
        logits: torch.Tensor = self.network((resized - self.mean) / self.std)
        return logits
