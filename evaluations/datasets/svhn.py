"""SVHN, house numbers, 32 x 32 colour: 73,257 training and 26,032 test images. Y. Netzer et al., NIPS
workshop 2011.

The publisher's own files ``train_32x32.mat`` and ``test_32x32.mat`` (MATLAB, version 5) are read from the
folder ``svhn``, each proven by its MD5 before it is read. The digit 0, which they label 10, is class 0.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from evaluations.datasets.images import Images
from evaluations.datasets.publication import Download, how_to_get
from sngen.errors import CheckFailed, UsageError

#: Split -> file, MD5, images.
SPLITS = {
    "train": ("train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373", 73_257),
    "test": ("test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3", 26_032),
}
_FOLDER = "http://ufldl.stanford.edu/housenumbers"  # the publisher offers no https
DOWNLOADS = (
    Download(
        (f"{_FOLDER}/train_32x32.mat",),
        182_040_794,
        "sha256:435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
        "svhn/train_32x32.mat",
    ),
    Download(
        (f"{_FOLDER}/test_32x32.mat",),
        64_275_384,
        "sha256:cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
        "svhn/test_32x32.mat",
    ),
)


def load(split: str, data_folder: Path, first: int | None) -> Images:
    file, md5, count = SPLITS[split]
    path = data_folder / "svhn" / file
    if not path.is_file():
        raise UsageError(
            f"svhn, split {split}: {file} not found in {path.parent}. {how_to_get('svhn', data_folder)}"
        )
    found = _md5(path)
    if found != md5:
        raise CheckFailed(
            f"{path}: not the published file. Its MD5 is {found}, expected {md5}. Get the file again."
        )
    pixels, labels = decode(path)
    images = Images("svhn", split, pixels, 255, labels, np.arange(count, dtype=np.int32), num_classes=10)
    return images if first is None else images.first(first)


def decode(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Pixels uint8 [N, 3, 32, 32] and labels int64 [N] of arrays ``X`` [32, 32, 3, N] and ``y`` [N, 1]."""
    from scipy.io import loadmat  # noqa: PLC0415 - takes a moment to import

    arrays = loadmat(str(path))
    labels = arrays["y"].ravel().astype(np.int64) % 10
    return np.ascontiguousarray(arrays["X"].transpose(3, 2, 0, 1)), labels


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
