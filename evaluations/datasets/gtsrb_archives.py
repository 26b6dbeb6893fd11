"""The publisher's three archives of GTSRB, read as they are: images in many sizes (PPM) and tables (CSV).

Each archive is proven by its MD5 before it is opened; nothing is unpacked to disk.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from evaluations.datasets.opencv_resize import resize
from evaluations.datasets.publication import Download
from sngen.errors import CheckFailed

SIDE = 32
_FOLDER = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370"
_TRAINING, _TEST = "GTSRB/Final_Training/Images", "GTSRB/Final_Test/Images"


@dataclass(frozen=True)
class Archive:
    file: str
    size: int
    md5: str


@dataclass(frozen=True)
class Archives:
    """``test_labels`` holds the table of the test images with their classes."""

    training: Archive
    test: Archive
    test_labels: Archive
    num_classes: int = 43

    @property
    def downloads(self) -> tuple[Download, ...]:
        return tuple(
            Download((f"{_FOLDER}/{one.file}",), one.size, f"md5:{one.md5}", f"gtsrb/{one.file}")
            for one in (self.training, self.test, self.test_labels)
        )

    def files(self, is_test: bool) -> tuple[str, ...]:
        return (self.test.file, self.test_labels.file) if is_test else (self.training.file,)

    def are_in(self, folder: Path, is_test: bool) -> bool:
        return all((folder / file).is_file() for file in self.files(is_test))

    def labels(self, folder: Path, is_test: bool) -> np.ndarray:
        """Classes int64 [N] of all images of the part, in the order of its tables."""
        return np.array([label for _, label in self._table(folder, is_test)], dtype=np.int64)

    def pixels(self, folder: Path, is_test: bool, positions: np.ndarray) -> np.ndarray:
        """uint8 [N, 3, 32, 32]: the images at these positions of the part, resized."""
        table = self._table(folder, is_test)
        pixels = np.empty((len(positions), 3, SIDE, SIDE), dtype=np.uint8)
        with _opened(folder, self.test if is_test else self.training) as archive:
            for row, position in enumerate(positions.tolist()):
                pixels[row] = resize(_image(archive, table[position][0]), SIDE, SIDE).transpose(2, 0, 1)
        return pixels

    def _table(self, folder: Path, is_test: bool) -> list[tuple[str, int]]:
        """Member and class of each image."""
        if is_test:
            with _opened(folder, self.test_labels) as archive:
                return _rows(archive, "GT-final_test.csv", _TEST)
        with _opened(folder, self.training) as archive:
            return [
                row
                for label in range(self.num_classes)
                for row in _rows(
                    archive, f"{_TRAINING}/{label:05d}/GT-{label:05d}.csv", f"{_TRAINING}/{label:05d}"
                )
            ]


#: MD5 sums as in publicly used loaders of these archives; sizes as the publisher's server states them.
PUBLISHED = Archives(
    Archive("GTSRB_Final_Training_Images.zip", 276_294_756, "f33fd80ac59bff73c82d25ab499e03a3"),
    Archive("GTSRB_Final_Test_Images.zip", 88_978_620, "c7e4e6327067d32654124b0fe9e82185"),
    Archive("GTSRB_Final_Test_GT.zip", 99_620, "fe31e9c9270bbcd7b84b7f21a9d9d9e5"),
)


@contextmanager
def _opened(folder: Path, archive: Archive) -> Iterator[zipfile.ZipFile]:
    """Raises ``CheckFailed`` for a file that is not the publisher's."""
    path = folder / archive.file
    status = path.stat()
    found = _md5(path, status.st_size, status.st_mtime_ns)
    if found != archive.md5:
        raise CheckFailed(
            f"{path}: not the published archive. Its MD5 is {found}, expected {archive.md5}. Get it again."
        )
    try:
        with zipfile.ZipFile(path) as opened:
            yield opened
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise CheckFailed(f"{path}: cannot be read ({error}). Get the file again.") from error


@cache
def _md5(path: Path, size: int, modified_ns: int) -> str:
    """Computed again only if the file changed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _rows(archive: zipfile.ZipFile, table: str, folder: str) -> list[tuple[str, int]]:
    text = io.StringIO(archive.read(table).decode("ascii"), newline="")
    return [
        (f"{folder}/{row['Filename']}", int(row["ClassId"])) for row in csv.DictReader(text, delimiter=";")
    ]


def _image(archive: zipfile.ZipFile, member: str) -> np.ndarray:
    """RGB uint8 [H, W, 3]."""
    from PIL import Image  # noqa: PLC0415 - takes a moment to import

    with Image.open(io.BytesIO(archive.read(member))) as image:
        return np.asarray(image.convert("RGB"))
