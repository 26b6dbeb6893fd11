"""Handwritten digits, 8 x 8 grey, 1,797 images: the dataset of the embedded reference suite.

E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI repository, 1998 (the test part).
The pixels ship with scikit-learn. The publisher has no split, so this one is ours and needs no random
numbers: within each class, images are ordered by the SHA-256 of ``digits/<position>``, and then dealt in
turn to train, aux and test, going on from one class to the next. Each split has 599 images, and each class
is spread over the three evenly. Members of a split are listed by position.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import numpy as np

from evaluations.datasets.images import Images
from sngen.errors import CheckFailed, UsageError

SPLITS = ("train", "aux", "test")
DOWNLOADS = ()
BY_HAND = "ships with scikit-learn"
PIXELS_SHA256 = "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3"
LABELS_SHA256 = "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0"


def load(split: str, data_folder: Path, first: int | None) -> Images:
    """One third of the digits. ``data_folder`` is not looked at: the pixels ship with scikit-learn."""
    images = _third(split)
    return images if first is None else images.first(first)


@cache
def _third(split: str) -> Images:
    """Read and dealt once in a process; small, and read-only like all images."""
    pixels, labels = _published()
    ids = np.flatnonzero(split_of_each(labels) == SPLITS.index(split)).astype(np.int32)
    return Images("digits", split, pixels[ids], 16, labels[ids], ids, num_classes=10)


def split_of_each(labels: np.ndarray) -> np.ndarray:
    """Position in ``SPLITS`` of every image [N], by the rule above."""
    split = np.empty(len(labels), dtype=np.int64)
    turn = 0
    for label in range(10):
        members = np.flatnonzero(labels == label)
        for image in sorted(members, key=lambda i: hashlib.sha256(f"digits/{i}".encode()).digest()):
            split[image] = turn % len(SPLITS)
            turn += 1
    return split


def _published() -> tuple[np.ndarray, np.ndarray]:
    """Pixels uint8 [1797, 1, 8, 8] with values 0 to 16, and labels int64 [1797]."""
    try:
        from sklearn.datasets import load_digits  # noqa: PLC0415 - takes a second to import
    except ImportError as error:
        raise UsageError(
            "the digits ship with scikit-learn, which is not installed: pip install 'securitynet[evaluate]'"
        ) from error
    published = load_digits()
    pixels = published.images.astype(np.uint8)
    labels = published.target.astype(np.int64)
    for what, data, expected in (
        ("pixels", pixels, PIXELS_SHA256),
        ("labels", labels.astype(np.uint8), LABELS_SHA256),
    ):
        found = hashlib.sha256(data.tobytes()).hexdigest()
        if found != expected:
            raise CheckFailed(
                f"digits: the {what} that the installed scikit-learn holds have SHA-256 {found}, expected "
                f"{expected}. Install the scikit-learn of constraints.txt."
            )
    return pixels[:, None], labels
