"""ImageNet-1k, the 50,000 validation images of ILSVRC 2012: O. Russakovsky et al., IJCV 115, 2015.

Read from the folder ``imagenet`` of the data folder, in either usual layout:

* one folder per class: ``val/<wnid>/ILSVRC2012_val_00000001.JPEG``, with all 1,000 folders there;
* flat, ``val/ILSVRC2012_val_00000001.JPEG``, with the publisher's development kit beside ``val``
  (``imagenet_labels.py``). Where the kit is beside folders of classes, both have to agree.

Ids are positions in the publisher's order: the number in the file's name less one. Classes are numbered by
sorted wnid. ``first`` needs the first images alone. Images have many sizes and are stored at 256 x 256
(``jpeg.py`` says how, and what that means for networks of another size).

What is checked: that every file in ``val`` has a published name, that none of the images asked for is absent
or there twice, that each class has its 50 images where all are there, and that each file decodes as a whole
JPEG in grey or RGB. No published checksum exists for decoded pixels, and none is claimed: the fingerprint
covers the pixels as they were decoded here, and the versions of Pillow and of its JPEG decoder, so that
records made with others are told apart. All 50,000 images take 9.8 GB of memory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluations.datasets.imagenet_labels import WNID, kit_is_in, labels_by_kit
from evaluations.datasets.images import Images
from evaluations.datasets.jpeg import SIDE, preparation, read_square
from evaluations.datasets.publication import Download
from sngen.errors import CheckFailed, UsageError

NAME = re.compile(r"ILSVRC2012_val_(\d{8})\.JPEG")
#: The one validation image that is published with four colours.
FOUR_COLOURS = frozenset({19_877})
MOST_NAMED = 5


@dataclass(frozen=True)
class ValidationFolder:
    count: int = 50_000
    num_classes: int = 1_000

    SPLITS = ("val",)
    DOWNLOADS: tuple[Download, ...] = ()
    BY_HAND = (
        "image-net.org gives it to those who register: unpack ILSVRC2012_img_val.tar into imagenet/val and "
        "put ILSVRC2012_devkit_t12.tar.gz into imagenet"
    )

    def load(self, split: str, data_folder: Path, first: int | None) -> Images:
        """The split, or its first ``first`` images in the publisher's order: then only these are read."""
        count = self.count if first is None else first
        if not 0 < count <= self.count:
            raise UsageError(
                f"imagenet-1k, split {split}: asked for the first {first} images of {self.count}; ask for 1 "
                f"to {self.count}."
            )
        folder = data_folder / "imagenet"
        found = find_files(folder / "val")
        if not found:
            raise UsageError(
                f"imagenet-1k, split {split}: no images in {folder / 'val'}: {self.BY_HAND}. Or set "
                "SECURITYNET_DATA to a folder that has them."
            )
        _check_names(found, folder / "val", count, self.count)
        labels = self._labels(folder, found, count)
        pixels = np.empty((count, 3, SIDE, SIDE), dtype=np.uint8)
        for position in range(count):
            pixels[position] = read_square(found[position + 1][0], position + 1 in FOUR_COLOURS)
        ids = np.arange(count, dtype=np.int32)
        return Images("imagenet-1k", split, pixels, 255, labels, ids, self.num_classes, preparation())

    def _labels(self, folder: Path, found: Mapping[int, Sequence[Path]], count: int) -> np.ndarray:
        """Classes int64 [count], by the folders or the development kit, or both."""
        files = [found[number][0] for number in range(1, count + 1)]
        flat = [path for path in files if path.parent == folder / "val"]
        if flat and len(flat) < len(files):
            raise CheckFailed(
                f"{folder / 'val'}: {len(flat)} of {len(files)} images are in no folder of a class, the "
                "others are; expected one layout."
            )
        if flat:
            return labels_by_kit(folder, self.count, self.num_classes)[1][:count]
        wnids = sorted(path.name for path in (folder / "val").iterdir() if path.is_dir())
        if len(wnids) != self.num_classes:
            raise CheckFailed(
                f"{folder / 'val'}: {len(wnids)} folders of classes, expected {self.num_classes}: classes "
                "are numbered by them, so that empty ones count too."
            )
        class_of = {wnid: number for number, wnid in enumerate(wnids)}
        labels = np.array([class_of[path.parent.name] for path in files], dtype=np.int64)
        if count == self.count:
            self._check_balance(labels, wnids, folder)
        if kit_is_in(folder):
            self._check_agreement(folder, wnids, labels, files)
        return labels

    def _check_balance(self, labels: np.ndarray, wnids: list[str], folder: Path) -> None:
        expected = self.count // self.num_classes
        counts = np.bincount(labels, minlength=self.num_classes)
        others = np.flatnonzero(counts != expected)
        if len(others):
            listed = ", ".join(f"{wnids[one]} {counts[one]}" for one in others[:MOST_NAMED])
            raise CheckFailed(f"{folder / 'val'}: expected {expected} images of each class, found {listed}.")

    def _check_agreement(self, folder: Path, wnids: list[str], labels: np.ndarray, files: list[Path]) -> None:
        expected_wnids, expected = labels_by_kit(folder, self.count, self.num_classes)
        if wnids != expected_wnids:
            other = sorted(set(wnids) ^ set(expected_wnids))[:MOST_NAMED]
            raise CheckFailed(
                f"{folder / 'val'}: other classes than in the development kit: {', '.join(other)}."
            )
        for row in np.flatnonzero(labels != expected[: len(labels)])[:1]:
            raise CheckFailed(
                f"{files[row]}: by the development kit its class is {wnids[expected[row]]}. Put it into the "
                "folder of that name."
            )


DATASETS = {"imagenet-1k": ValidationFolder()}


def find_files(folder: Path) -> dict[int, list[Path]]:
    """Files of a validation image by its number, from 1, in both layouts.

    Raises ``CheckFailed`` for any other file or folder; those whose names begin with a dot are passed over.
    """
    found: dict[int, list[Path]] = {}
    if not folder.is_dir():
        return found
    for path in _visible(folder):
        if path.is_dir():
            if not WNID.fullmatch(path.name):
                raise CheckFailed(f"{path}: expected a folder named by a wnid, such as n01440764.")
            for file in _visible(path):
                found.setdefault(_number(file), []).append(file)
        else:
            found.setdefault(_number(path), []).append(path)
    return found


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _number(path: Path) -> int:
    match = NAME.fullmatch(path.name)
    if match is None:
        raise CheckFailed(f"{path}: expected a name such as ILSVRC2012_val_00000001.JPEG.")
    return int(match[1])


def _check_names(found: Mapping[int, Sequence[Path]], folder: Path, count: int, total: int) -> None:
    for number, files in sorted(found.items()):
        if not 1 <= number <= total:
            raise CheckFailed(f"{files[0]}: numbers go from 1 to {total}.")
        if len(files) > 1:
            raise CheckFailed(f"{files[0]}: the same image is also at {files[1]}. Delete the wrong one.")
    absent = [number for number in range(1, count + 1) if number not in found]
    if absent:
        listed = ", ".join(f"ILSVRC2012_val_{number:08d}.JPEG" for number in absent[:MOST_NAMED])
        more = f" and {len(absent) - MOST_NAMED} more" if len(absent) > MOST_NAMED else ""
        raise UsageError(
            f"imagenet-1k: the first {count} images need {listed}{more}, not found in {folder} or the "
            "folders of classes in it."
        )
