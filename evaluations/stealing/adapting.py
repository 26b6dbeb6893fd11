"""Images of one dataset in the size, colours and scale of another, in whole numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evaluations.datasets.images import Images

#: ITU-R BT.601 luma of red, green and blue, in thousandths.
LUMA = (299, 587, 114)


def adapted(images: Images, like: Images) -> Images:
    """``images`` in the shape [C, H, W], scale and number of classes of ``like``; labels are all 0.

    Colour becomes grey by luma, grey becomes colour by repetition. A side that is a whole multiple of the
    wanted one is averaged over boxes; any other is cut, or padded with black, around its centre. Values are
    rescaled, halves rounded up.
    """
    pixels = images.pixels.astype(np.int64)
    channels, height, width = like.pixels.shape[1:]
    pixels = _coloured(pixels, channels)
    pixels = _sized(_sized(pixels, 2, height), 3, width)
    pixels = (2 * pixels * like.scale + images.scale) // (2 * images.scale)
    return replace(
        images,
        dataset_id=f"{images.dataset_id}-as-{like.dataset_id}",
        pixels=np.ascontiguousarray(pixels.astype(np.uint8)),
        scale=like.scale,
        labels=np.zeros(len(images), dtype=np.int64),
        num_classes=like.num_classes,
    )


def _coloured(pixels: np.ndarray, channels: int) -> np.ndarray:
    found = pixels.shape[1]
    if found == channels:
        return pixels
    if found == 1:
        return pixels.repeat(channels, axis=1)
    weights = np.array(LUMA, dtype=np.int64)[:, None, None]
    return np.asarray((2 * (pixels * weights).sum(axis=1, keepdims=True) + 1000) // 2000)


def _sized(pixels: np.ndarray, axis: int, wanted: int) -> np.ndarray:
    found = pixels.shape[axis]
    if found % wanted == 0:
        boxes = found // wanted
        shape = (*pixels.shape[:axis], wanted, boxes, *pixels.shape[axis + 1 :])
        return np.asarray((2 * pixels.reshape(shape).sum(axis=axis + 1) + boxes) // (2 * boxes))
    if found > wanted:
        start = (found - wanted) // 2
        return pixels.take(range(start, start + wanted), axis=axis)
    before = (wanted - found) // 2
    margins = [(0, 0)] * pixels.ndim
    margins[axis] = (before, wanted - found - before)
    return np.pad(pixels, margins)
