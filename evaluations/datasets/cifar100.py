"""CIFAR-100, 32 x 32 colour, 100 fine classes: A. Krizhevsky, "Learning Multiple Layers of Features from
Tiny Images", 2009. 50,000 training and 10,000 test images in the publisher's order.

The publisher's archive of the binary version, ``cifar-100-binary.tar.gz``, is read from the folder
``cifar100`` as it is, proven by its MD5. Each record is the coarse label, the fine label, and planar R, G, B.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np

from evaluations.datasets.images import Images
from evaluations.datasets.publication import Download, how_to_get
from sngen.errors import CheckFailed, UsageError

ARCHIVE = "cifar-100-binary.tar.gz"
ARCHIVE_MD5 = "03b5dce01913d631647c71ecec9e9cb8"
DOWNLOADS = (
    Download(
        (f"https://www.cs.toronto.edu/~kriz/{ARCHIVE}",),
        168_513_733,
        "sha256:58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        f"cifar100/{ARCHIVE}",
    ),
)
#: Split -> member of the archive, images.
SPLITS = {"train": ("cifar-100-binary/train.bin", 50_000), "test": ("cifar-100-binary/test.bin", 10_000)}
LABELS, PIXELS = 2, 3 * 32 * 32


def load(split: str, data_folder: Path, first: int | None) -> Images:
    path = data_folder / "cifar100" / ARCHIVE
    if not path.is_file():
        raise UsageError(
            f"cifar100, split {split}: {ARCHIVE} not found in {path.parent}. "
            f"{how_to_get('cifar100', data_folder)}"
        )
    content = path.read_bytes()
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != ARCHIVE_MD5:
        raise CheckFailed(
            f"{path}: not the published archive. Its MD5 is {found}, expected {ARCHIVE_MD5}. Get it again."
        )
    member, count = SPLITS[split]
    pixels, labels = decode(_member(content, member), count)
    images = Images("cifar100", split, pixels, 255, labels, np.arange(count, dtype=np.int32), 100)
    return images if first is None else images.first(first)


def decode(records: bytes, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixels uint8 [N, 3, 32, 32] and fine labels int64 [N]."""
    rows = np.frombuffer(records, dtype=np.uint8).reshape(count, LABELS + PIXELS)
    return np.ascontiguousarray(rows[:, LABELS:]).reshape(-1, 3, 32, 32), rows[:, 1].astype(np.int64)


def _member(content: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        file = archive.extractfile(name)
        assert file is not None  # the archive is the published one
        return file.read()
