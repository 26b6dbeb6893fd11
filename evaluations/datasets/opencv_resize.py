"""OpenCV's bilinear resizing of 8-bit images (``cv2.resize``), bit for bit, without OpenCV.

G. Bradski, "The OpenCV Library", 2000; the rule is that of its C++ code without special hardware. Weights are
rounded to 11 bits, columns are mixed first and then rows, both in integers; nothing is smoothed where the
image shrinks. An image of exactly twice the size is averaged over 2 x 2 pixels.
"""

from __future__ import annotations

from functools import cache

import numpy as np

WEIGHT_BITS = 11


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """uint8 [H, W, C] to uint8 [height, width, C]."""
    if image.shape[:2] == (height, width):
        return image
    if image.shape[:2] == (2 * height, 2 * width):
        quarters = image.reshape(height, 2, width, 2, -1).astype(np.int32)
        return ((quarters.sum(axis=(1, 3)) + 2) >> 2).astype(np.uint8)
    left, right, of_left, of_right = _weights(image.shape[1], width)
    upper, lower, of_upper, of_lower = _weights(image.shape[0], height)
    source = image.astype(np.int32)
    rows = source[:, left] * of_left[:, None] + source[:, right] * of_right[:, None]
    rows >>= 4
    mixed = (rows[upper] * of_upper[:, None, None] >> 16) + (rows[lower] * of_lower[:, None, None] >> 16)
    return ((mixed + 2) >> 2).astype(np.uint8)


@cache
def _weights(old: int, new: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """For each new position the two old ones that it lies between, and their weights in units of 1/2048.

    Beyond the border the outermost one counts twice.
    """
    scale = 1.0 / (new / old)
    place = ((np.arange(new) + 0.5) * scale - 0.5).astype(np.float32)
    first = np.floor(place).astype(np.int64)
    fraction = place - first.astype(np.float32)
    unit = np.float32(2**WEIGHT_BITS)
    of_first = np.rint((np.float32(1) - fraction) * unit).astype(np.int32)
    of_second = np.rint(fraction * unit).astype(np.int32)
    return first.clip(0, old - 1), (first + 1).clip(0, old - 1), of_first, of_second
