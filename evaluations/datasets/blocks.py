"""Published images in blocks of npz files, each proven by the SHA-256 of its pixels and of its labels.

One layout serves several datasets: ``labels`` uint8 [N], ``index`` [N] (each image's position in the
publisher's order of the split) and either ``images`` uint8 [N, H, W] (grey) or ``delta`` uint8 [3, N, H, W]
(colour): planes G, R-G, B-G, differenced along rows and then columns modulo 256, which deflates to three
fifths of the size. Two running sums undo it exactly.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sngen.errors import CheckFailed


@dataclass(frozen=True)
class Block:
    """``count`` images. ``pixels_sha256`` is over uint8 [N, H, W] or [N, H, W, 3], ``labels_sha256`` over
    uint8 [N]."""

    file: str
    count: int
    pixels_sha256: str
    labels_sha256: str


@dataclass(frozen=True, eq=False)
class Content:
    """Pixels uint8 [N, C, H, W], labels int64 [N], ids int32 [N] (positions within the split)."""

    pixels: np.ndarray
    labels: np.ndarray
    ids: np.ndarray


def read_block(block: Block, path: Path) -> Content:
    """The block's images. Raises ``CheckFailed`` for a file that does not hold the published ones."""
    images, labels, ids = _arrays(path)
    if len(images) != block.count or labels.shape != (block.count,) or ids.shape != (block.count,):
        raise CheckFailed(
            f"{path}: {len(images)} images, {len(labels)} labels and {len(ids)} positions; expected "
            f"{block.count} of each. Get the file again."
        )
    check_fingerprints(str(path), images, labels, block)
    pixels = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
    return Content(np.ascontiguousarray(pixels), labels.astype(np.int64), ids.astype(np.int32))


def check_fingerprints(where: str, images: np.ndarray, labels: np.ndarray, block: Block) -> None:
    found = _sha256(images), _sha256(labels)
    if found != (block.pixels_sha256, block.labels_sha256):
        raise CheckFailed(
            f"{where}: not the published images and labels. SHA-256 of the pixels {found[0]}, expected "
            f"{block.pixels_sha256}; of the labels {found[1]}, expected {block.labels_sha256}. "
            "Get the file again."
        )


def joined(contents: list[Content], count: int | None) -> Content:
    """The first ``count`` images of several blocks."""
    return Content(
        np.concatenate([one.pixels for one in contents])[:count],
        np.concatenate([one.labels for one in contents])[:count],
        np.concatenate([one.ids for one in contents])[:count],
    )


def _sha256(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array, dtype=np.uint8).data).hexdigest()


def _arrays(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images uint8 [N, H, W] or [N, H, W, 3], labels uint8 [N], positions [N]."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            labels, ids = arrays["labels"], arrays["index"]
            images = arrays["images"] if "images" in arrays else _colour(arrays["delta"])
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile) as error:
        raise CheckFailed(f"{path}: cannot be read ({error}). Get the file again.") from error
    return images, labels, ids


def _colour(delta: np.ndarray) -> np.ndarray:
    green, red_less_green, blue_less_green = np.cumsum(
        np.cumsum(delta, axis=2, dtype=np.uint8), axis=3, dtype=np.uint8
    )
    return np.stack([red_less_green + green, green, blue_less_green + green], axis=-1)
