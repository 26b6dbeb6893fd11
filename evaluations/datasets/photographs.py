"""Patches of two photographs, 32 x 32 in colour: real images of anything, for queries of a foreign kind.

The photographs ``china.jpg`` (Z. Lin) and ``flower.jpg`` (dany13), both CC BY, ship with scikit-learn.
Patches are cut every 16 pixels, row by row from the top left, the first photograph first. They have no
labels.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import numpy as np

from evaluations.datasets.images import Images
from sngen.errors import CheckFailed, UsageError

SPLITS = ("all",)
DOWNLOADS = ()
BY_HAND = "ships with scikit-learn"
SIDE, STRIDE = 32, 16
PIXELS_SHA256 = "99310b92a8963a4b9118f3a93695bf9d2f7c20a03361f1962972901ccd5560da"


def load(split: str, data_folder: Path, first: int | None) -> Images:
    """All patches. ``data_folder`` is not looked at."""
    patches = _patches()
    return patches if first is None else patches.first(first)


@cache
def _patches() -> Images:
    pixels = np.concatenate([_cut(photograph) for photograph in _published()])
    labels = np.zeros(len(pixels), dtype=np.int64)
    return Images("photographs", "all", pixels, 255, labels, np.arange(len(pixels), dtype=np.int32), 2)


def _cut(photograph: np.ndarray) -> np.ndarray:
    """uint8 [N, 3, 32, 32] out of uint8 [H, W, 3]."""
    windows = np.lib.stride_tricks.sliding_window_view(photograph, (SIDE, SIDE), axis=(0, 1))
    return np.ascontiguousarray(windows[::STRIDE, ::STRIDE].reshape(-1, 3, SIDE, SIDE))


def _published() -> list[np.ndarray]:
    """Both photographs, uint8 [427, 640, 3]."""
    try:
        from sklearn.datasets import load_sample_images  # noqa: PLC0415 - takes a second to import

        photographs = [np.asarray(photograph) for photograph in load_sample_images().images]
    except ImportError as error:
        raise UsageError(
            "the photographs ship with scikit-learn and are read with Pillow, of which one is not installed: "
            "pip install 'securitynet[evaluate]'"
        ) from error
    found = hashlib.sha256(b"".join(photograph.tobytes() for photograph in photographs)).hexdigest()
    if found != PIXELS_SHA256:
        raise CheckFailed(
            f"photographs: decoded pixels have SHA-256 {found}, expected {PIXELS_SHA256}. Install the "
            "scikit-learn and Pillow of constraints.txt."
        )
    return photographs
