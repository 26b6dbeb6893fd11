"""MNIST and datasets in its form: 60,000 training and 10,000 test images, 28 x 28 grey, ten classes.

Two forms are read from the dataset's folder, and also from where torchvision's downloads put it:

* the publisher's own four files, gzipped, each proven by its MD5;
* blocks ``train-00.npz`` ... and ``test.npz`` (``blocks.py``), of which only those are needed that hold the
  images asked for.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluations.datasets.blocks import Block, Content, joined, read_block
from evaluations.datasets.images import Images
from evaluations.datasets.publication import Download, how_to_get
from sngen.errors import CheckFailed, UsageError

SIDE = 28


@dataclass(frozen=True)
class IdxFiles:
    """The publisher's files of one split, and MD5 and bytes of each as it is offered."""

    images: str
    images_md5: str
    labels: str
    labels_md5: str
    images_size: int
    labels_size: int


@dataclass(frozen=True)
class GreyDataset:
    dataset_id: str
    folder: str
    torchvision_name: str
    sizes: Mapping[str, int]
    blocks: Mapping[str, Sequence[Block]]
    idx: Mapping[str, IdxFiles]
    addresses: tuple[str, ...]

    @property
    def downloads(self) -> tuple[Download, ...]:
        """Each file is at all ``addresses``, which are of folders."""
        files = (
            part
            for one in self.idx.values()
            for part in (
                (one.images, one.images_size, one.images_md5), (one.labels, one.labels_size, one.labels_md5)
            )
        )  # fmt: skip
        return tuple(
            Download(
                tuple(f"{folder}/{name}" for folder in self.addresses), size, f"md5:{md5}",
                f"{self.folder}/{name}",
            )
            for name, size, md5 in files
        )  # fmt: skip

    def load(self, split: str, data_folder: Path, first: int | None) -> Images:
        total = self.sizes[split]
        count = total if first is None else first
        if not 0 < count <= total:
            raise UsageError(
                f"{self.dataset_id}, split {split}: asked for the first {first} images of {total}; "
                f"ask for 1 to {total}."
            )
        content = self._idx(split, data_folder) or self._blocks(split, data_folder / self.folder, count)
        if content is None:
            raise UsageError(self._absent(split, data_folder, count))
        return Images(
            self.dataset_id,
            split,
            pixels=np.ascontiguousarray(content.pixels[:count]),
            scale=255,
            labels=content.labels[:count].copy(),
            ids=content.ids[:count].copy(),
            num_classes=10,
        )

    def _idx(self, split: str, data_folder: Path) -> Content | None:
        files = self.idx[split]
        for folder in (data_folder / self.folder, data_folder / self.torchvision_name / "raw"):
            images, labels = folder / files.images, folder / files.labels
            if images.is_file() and labels.is_file():
                n = self.sizes[split]
                pixels = _read_idx(images, files.images_md5, (n, SIDE, SIDE))
                of_each = _read_idx(labels, files.labels_md5, (n,))
                return Content(pixels[:, None], of_each.astype(np.int64), np.arange(n, dtype=np.int32))
        return None

    def _blocks(self, split: str, folder: Path, count: int) -> Content | None:
        needed: list[tuple[Block, Path]] = []
        held = 0
        for block in self.blocks[split]:
            if held < count:
                needed.append((block, folder / block.file))
                held += block.count
        if held < count or not all(path.is_file() for _, path in needed):
            return None
        return joined([read_block(block, path) for block, path in needed], count)

    def _absent(self, split: str, data_folder: Path, count: int) -> str:
        files, folder = self.idx[split], data_folder / self.folder
        blocks = _absent_blocks(self.blocks[split], folder, count)
        return (
            f"{self.dataset_id}, split {split}: the first {count} images need {files.images} and "
            f"{files.labels} in {folder}{blocks}. {how_to_get(self.dataset_id, data_folder)}"
        )


def _absent_blocks(blocks: Sequence[Block], folder: Path, count: int) -> str:
    """In words, what the other form lacks of the first ``count`` images."""
    known = sum(block.count for block in blocks)
    if known < count:
        return f" (as blocks only the first {known} are known)" if known else ""
    absent = [block.file for block in blocks if not (folder / block.file).is_file()]
    return f" (or the blocks {', '.join(absent)})"


def _read_idx(path: Path, md5: str, shape: tuple[int, ...]) -> np.ndarray:
    """A gzipped file of unsigned bytes: four bytes of magic, the sizes big-endian, the values."""
    content = path.read_bytes()
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise CheckFailed(
            f"{path}: not the published file. Its MD5 is {found}, expected {md5}. Get the file again."
        )
    try:
        values = np.frombuffer(gzip.decompress(content), dtype=np.uint8, offset=4 + 4 * len(shape))
        return values.reshape(shape)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise CheckFailed(f"{path}: cannot be read ({error}). Get the file again.") from error
