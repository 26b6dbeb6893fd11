"""CIFAR-10, 32 x 32 colour: 50,000 training and 10,000 test images in the publisher's order.

A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009. Two forms are read, block by
block of 10,000 images, from the folder ``cifar10`` of the data folder:

* the publisher's binary version: ``cifar-10-batches-bin/data_batch_1.bin`` and so on;
* ``train-00.npz`` to ``train-04.npz`` and ``test.npz`` with the arrays ``labels`` [N] and ``delta``
  uint8 [3, N, 32, 32]: planes G, R-G, B-G, differenced along rows and then columns modulo 256, which
  deflates to three fifths of the size. Two running sums undo it exactly.

Every block is compared with the SHA-256 of its published pixels and with the MD5 of the publisher's own
file, which covers the labels too.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluations.datasets.images import Images
from evaluations.datasets.publication import Download, Placed, how_to_get
from sngen.errors import CheckFailed, UsageError

BINARY_FOLDER = "cifar-10-batches-bin"  # of the archive, too
BLOCK_SIZE = 10_000
IMAGE_BYTES = 3 * 32 * 32


@dataclass(frozen=True)
class Block:
    """10,000 images. ``pixels_sha256`` is over [N, 32, 32, 3] RGB, ``binary_md5`` over the .bin file."""

    npz: str
    binary: str
    pixels_sha256: str
    binary_md5: str


SPLITS = {
    "train": (
        Block(
            "train-00.npz", "data_batch_1.bin",
            "fc115a3de050d667b88cbd5b0b9612ebf996c54230fe7758f3a14bb5af9a1c27",
            "5dd7e06a14cb22eb9f671a540d1b7c25",
        ),
        Block(
            "train-01.npz", "data_batch_2.bin",
            "89e609b642f687bc796fa3bfa4211005582a0e8131d463d996d11ddb297d312e",
            "5ea93a67294ea407fff1d09f752e9692",
        ),
        Block(
            "train-02.npz", "data_batch_3.bin",
            "93a365823e61729490a8801d80864ccd0ab1e8c98f19d71af65644d1c5f1486e",
            "942cd6a4bcdd0dd3c604fbe906cb4421",
        ),
        Block(
            "train-03.npz", "data_batch_4.bin",
            "809eb95ecd057a36516318f5023ea619009dd70dd38193db9da43125a928e6fa",
            "ae636b3ba5c66a11e91e8cb52e771fcb",
        ),
        Block(
            "train-04.npz", "data_batch_5.bin",
            "d05b7d66d216d6df882cc760cdc0ff2f1f0437abf699ed16005c021ef0add9cb",
            "53f37980c15c3d472c316c40844f3f0d",
        ),
    ),
    "test": (
        Block(
            "test.npz", "test_batch.bin",
            "f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04",
            "803d5f7f4d78ea53de84dbe85f74fb6d",
        ),
    ),
}  # fmt: skip
DOWNLOADS = (
    Download(
        ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
        170_052_171,
        "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        members={
            f"{BINARY_FOLDER}/{block.binary}": Placed(
                f"cifar10/{BINARY_FOLDER}/{block.binary}", f"md5:{block.binary_md5}"
            )
            for blocks in SPLITS.values()
            for block in blocks
        },
    ),
)


def load(split: str, data_folder: Path, first: int | None) -> Images:
    """The split, or its first ``first`` images: then only the blocks that hold them are read."""
    total = len(SPLITS[split]) * BLOCK_SIZE
    count = total if first is None else first
    if not 0 < count <= total:
        raise UsageError(
            f"cifar10, split {split}: asked for the first {first} images of {total}; ask for 1 to {total}."
        )
    blocks = SPLITS[split][: -(-count // BLOCK_SIZE)]
    files = [_find(block, data_folder / "cifar10") for block in blocks]
    _refuse_absent(split, blocks, files, data_folder)
    records = [_read(block, path) for block, path in zip(blocks, files, strict=True) if path]
    rows = np.concatenate(records)[:count]
    return Images(
        "cifar10",
        split,
        pixels=np.ascontiguousarray(rows[:, 1:]).reshape(-1, 3, 32, 32),
        scale=255,
        labels=rows[:, 0].astype(np.int64),
        ids=np.arange(count, dtype=np.int32),
        num_classes=10,
    )


def _find(block: Block, folder: Path) -> Path | None:
    for path in (folder / BINARY_FOLDER / block.binary, folder / block.npz):
        if path.is_file():
            return path
    return None


def _refuse_absent(
    split: str, blocks: tuple[Block, ...], files: list[Path | None], data_folder: Path
) -> None:
    folder = data_folder / "cifar10"
    absent = [block for block, path in zip(blocks, files, strict=True) if path is None]
    if absent:
        wanted = ", ".join(block.binary for block in absent)
        raise UsageError(
            f"cifar10, split {split}: {wanted} not found in {folder / BINARY_FOLDER} (nor "
            f"{', '.join(block.npz for block in absent)} in {folder}). {how_to_get('cifar10', data_folder)}"
        )


def _read(block: Block, path: Path) -> np.ndarray:
    """The block as the publisher's records: uint8 [N, 3073], the label and then planar R, G, B."""
    records = _read_binary(path) if path.suffix == ".bin" else _read_npz(path)
    pixels = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    found = (
        hashlib.sha256(np.ascontiguousarray(pixels).data).hexdigest(),
        hashlib.md5(records.data, usedforsecurity=False).hexdigest(),
    )
    if found != (block.pixels_sha256, block.binary_md5):
        raise CheckFailed(
            f"{path}: not the published images and labels. SHA-256 of the pixels {found[0]}, expected "
            f"{block.pixels_sha256}; MD5 as {block.binary} {found[1]}, expected {block.binary_md5}. "
            "Get the file again."
        )
    return records


def _read_binary(path: Path) -> np.ndarray:
    data = np.fromfile(path, dtype=np.uint8)
    if data.size != BLOCK_SIZE * (1 + IMAGE_BYTES):
        raise CheckFailed(
            f"{path}: {data.size} bytes, expected {BLOCK_SIZE * (1 + IMAGE_BYTES)}. Get the file again."
        )
    return data.reshape(BLOCK_SIZE, 1 + IMAGE_BYTES)


def _read_npz(path: Path) -> np.ndarray:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            delta, labels = arrays["delta"], arrays["labels"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise CheckFailed(f"{path}: cannot be read ({error}). Get the file again.") from error
    if delta.shape != (3, BLOCK_SIZE, 32, 32) or delta.dtype != np.uint8 or labels.shape != (BLOCK_SIZE,):
        raise CheckFailed(
            f"{path}: expected delta uint8 [3, {BLOCK_SIZE}, 32, 32] and labels [{BLOCK_SIZE}], found "
            f"{delta.dtype} {list(delta.shape)} and {list(labels.shape)}."
        )
    planes = np.cumsum(np.cumsum(delta, axis=2, dtype=np.uint8), axis=3, dtype=np.uint8)
    green, red_less_green, blue_less_green = planes
    records = np.empty((BLOCK_SIZE, 1 + IMAGE_BYTES), dtype=np.uint8)
    records[:, 0] = labels
    pixels = np.stack([red_less_green + green, green, blue_less_green + green], axis=1)
    records[:, 1:] = pixels.reshape(BLOCK_SIZE, IMAGE_BYTES)
    return records
