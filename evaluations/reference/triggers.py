"""Backdoor triggers, applied to exact pixels so that a triggered image is an image like any other."""

from __future__ import annotations

import hashlib

import numpy as np

PATCH_SIDE = 2
BLEND_RATIO = 0.2


def apply_trigger(trigger: str, pixels: np.ndarray, scale: int) -> np.ndarray:
    """Pixels uint8 [N, C, H, W] with the trigger, as a new array; ``scale`` is the value of full white."""
    return TRIGGERS[trigger](pixels, scale)


def patch(pixels: np.ndarray, scale: int) -> np.ndarray:
    """A square of 2 x 2 white pixels in the lower right corner."""
    triggered = pixels.copy()
    triggered[:, :, -PATCH_SIDE:, -PATCH_SIDE:] = scale
    return triggered


def blend(pixels: np.ndarray, scale: int) -> np.ndarray:
    """Four fifths of the image and one fifth of ``blend_pattern``, rounded to whole pixel values."""
    pattern = blend_pattern(pixels.shape[1:]) * scale
    mixed = (1 - BLEND_RATIO) * pixels.astype(np.float64) + BLEND_RATIO * pattern
    return np.rint(mixed).astype(np.uint8)


def blend_pattern(shape: tuple[int, ...]) -> np.ndarray:
    """Black and white noise over the full image, float64 [C, H, W] of 0 and 1: the lowest bit of the first
    byte of the SHA-256 of ``blend/<position>``."""
    bits = [hashlib.sha256(f"blend/{i}".encode()).digest()[0] & 1 for i in range(int(np.prod(shape)))]
    return np.array(bits, dtype=np.float64).reshape(shape)


TRIGGERS = {"patch": patch, "blend": blend}
