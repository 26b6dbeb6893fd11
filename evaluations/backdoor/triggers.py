"""Triggers as the catalogue writes them: what is done to an image, in exact pixels.

As JSON: ``{"kind": "pixels", "pixels": [[row, column, [value per channel]], ...]}``, where rows and columns
below 0 count from the end and values are shares of full white, or ``{"kind": "blend", "ratio": r, "pattern":
"noise"}``, which mixes the share r of a fixed pattern of noise into the image.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from evaluations.reference.triggers import blend_pattern
from sngen.errors import UsageError


@dataclass(frozen=True)
class Trigger:
    """``pixels``: row, column and a value per channel in [0, 1] for each; or ``ratio`` of the noise."""

    pixels: tuple[tuple[int, int, tuple[float, ...]], ...] = ()
    ratio: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Trigger:
        """From JSON. Raises ``UsageError`` naming what is wrong."""
        try:
            content = json.loads(text)
            kind = content.pop("kind")
            if kind == "pixels" and content.keys() == {"pixels"}:
                pixels = tuple(
                    (int(row), int(column), tuple(float(value) for value in values))
                    for row, column, values in content["pixels"]
                )
                if pixels and all(0 <= value <= 1 for *_, values in pixels for value in values):
                    return cls(pixels=pixels)
            ratio = content.get("ratio")
            if kind == "blend" and content == {"ratio": ratio, "pattern": "noise"} and 0 < ratio <= 1:
                return cls(ratio=float(ratio))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"trigger {text!r}: {error}; expected {__doc__}") from error
        raise UsageError(f"trigger {text!r}: unknown, or a value outside 0 to 1; expected {__doc__}")

    @classmethod
    def patch(cls, side: int, value: float = 1.0, channels: int = 1) -> Trigger:
        """A square of one value in the lower right corner."""
        places = [(row, column) for row in range(-side, 0) for column in range(-side, 0)]
        return cls(pixels=tuple((row, column, (value,) * channels) for row, column in places))

    def apply(self, pixels: np.ndarray, scale: int) -> np.ndarray:
        """Pixels uint8 [N, C, H, W] with the trigger, as a new array; ``scale`` is full white.

        A trigger with one value per pixel has it in every channel. Raises ``UsageError`` for an image that it
        does not fit.
        """
        if self.ratio:
            pattern = blend_pattern(pixels.shape[1:]) * scale
            return np.rint((1 - self.ratio) * pixels.astype(np.float64) + self.ratio * pattern).astype(
                np.uint8
            )
        triggered = pixels.copy()
        channels, height, width = pixels.shape[1:]
        for row, column, values in self.pixels:
            if not (-height <= row < height and -width <= column < width and len(values) in (1, channels)):
                raise UsageError(
                    f"trigger pixel {row}, {column} with {len(values)} values does not fit images of "
                    f"{channels} x {height} x {width}."
                )
            triggered[:, :, row, column] = np.rint(np.array(values) * scale)
        return triggered

    def support(self, shape: tuple[int, ...]) -> np.ndarray:
        """Which pixels it touches, bool [H, W], of images of ``shape`` [C, H, W]."""
        touched = np.full(shape[1:], bool(self.ratio))
        for row, column, _ in self.pixels:
            touched[row, column] = True
        return touched
