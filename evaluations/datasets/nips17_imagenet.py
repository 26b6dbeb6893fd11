"""Fifty labelled photographs of the NIPS 2017 competition on adversarial examples, 299 x 299.

The customary images for attacks that transfer. They have ImageNet's classes (0 to 999) but are not of its
validation set, so an accuracy on them is not an ImageNet accuracy, and fifty images give it to ten points.
Read from the folder ``nips17-imagenet``: ``labels.csv`` with the columns ``file`` and ``label``, and the PNG
files, which are proven by the SHA-256 of all decoded pixels and of all labels, in that order.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from evaluations.datasets.blocks import Block, check_fingerprints
from evaluations.datasets.images import Images
from sngen.errors import CheckFailed, UsageError

COUNT, SIDE = 50, 299
_ALL = Block(
    "labels.csv", COUNT,
    "80c90a5911915e1c7f6ffe2c6f88ded058ceea7ae49d6ae74a01913359ecc83d",
    "6136dd464c0b7834400477a9ecb7fcdb9e25166facedad7b3e0221d08d88ee85",
)  # fmt: skip
SPLITS = {"test": _ALL}
DOWNLOADS = ()
BY_HAND = "nobody offers these fifty images as one file: copy the folder nips17-imagenet"


def load(split: str, data_folder: Path, first: int | None) -> Images:
    folder = data_folder / "nips17-imagenet"
    table = folder / _ALL.file
    if not table.is_file():
        raise UsageError(
            f"nips17-imagenet: {table} not found: {BY_HAND}, and set SECURITYNET_DATA to the folder above it."
        )
    rows = _rows(table)
    labels = np.array([label for _, label in rows], dtype=np.int64)
    pixels = np.stack([_decode(folder / file) for file, _ in rows])
    check_fingerprints(str(folder), pixels, _as_bytes(labels), _ALL)
    images = Images(
        "nips17-imagenet",
        split,
        np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)),
        255,
        labels,
        np.arange(COUNT, dtype=np.int32),
        num_classes=1000,
    )
    return images if first is None else images.first(first)


def _as_bytes(labels: np.ndarray) -> np.ndarray:
    """Labels above 255 as two bytes each, the lower first."""
    return np.frombuffer(labels.astype("<u2").tobytes(), dtype=np.uint8)


def _rows(table: Path) -> list[tuple[str, int]]:
    try:
        with table.open(newline="", encoding="utf-8") as file:
            rows = [(row["file"], int(row["label"])) for row in csv.DictReader(file)]
    except (KeyError, ValueError, TypeError) as error:
        raise CheckFailed(f"{table}: cannot be read ({error}). Get the file again.") from error
    if len(rows) != COUNT or any(Path(name).name != name for name, _ in rows):
        raise CheckFailed(f"{table}: expected {COUNT} rows, each with the name of a file beside it.")
    return rows


def _decode(path: Path) -> np.ndarray:
    """RGB uint8 [299, 299, 3]."""
    from PIL import Image  # noqa: PLC0415

    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
    except OSError as error:  # absent, or no image
        raise CheckFailed(f"{path}: cannot be read ({error}). Get the file again.") from error
    if pixels.shape != (SIDE, SIDE, 3):
        raise CheckFailed(f"{path}: {pixels.shape[1]} x {pixels.shape[0]}, expected {SIDE} x {SIDE}.")
    return pixels
