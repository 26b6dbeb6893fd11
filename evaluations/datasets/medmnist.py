"""MedMNIST v2, medical images at 28 x 28: J. Yang et al., "MedMNIST v2 - A large-scale lightweight benchmark
for 2D and 3D biomedical image classification", Scientific Data 10:41, 2023 (arXiv:2110.14795).

The publisher's files ``<id>.npz`` (Zenodo, record 10519652) are read from the folder ``medmnist``, each
proven by its MD5. Addresses, MD5 sums, numbers of images and of classes are those of the dictionary ``INFO``
of the publisher's Python package ``medmnist`` 3.0.2 (``medmnist/info.py``). Splits ``train``, ``val`` and
``test`` are the publisher's. RetinaMNIST's classes are grades 0 to 4, whose order is not used here.

ChestMNIST has fourteen labels for each image and the 3D sets have volumes: both are refused by name.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluations.datasets.images import Images
from evaluations.datasets.publication import Download, how_to_get
from sngen.errors import CheckFailed, UsageError

FOLDER = "medmnist"
ADDRESS = "https://zenodo.org/records/10519652/files/{}.npz?download=1"
SIDE = 28


@dataclass(frozen=True)
class MedMNIST:
    """One 2D set with one label for each image. ``sizes`` are numbers of images; ``file_size`` in bytes,
    None where its publisher's number is not known here."""

    dataset_id: str
    md5: str
    channels: int
    num_classes: int
    sizes: tuple[int, int, int]
    file_size: int | None = None

    @property
    def SPLITS(self) -> Mapping[str, int]:  # noqa: N802 - as in the files of single datasets
        return dict(zip(("train", "val", "test"), self.sizes, strict=True))

    @property
    def place(self) -> str:
        return f"{FOLDER}/{self.dataset_id}.npz"

    @property
    def DOWNLOADS(self) -> tuple[Download, ...]:  # noqa: N802
        address = ADDRESS.format(self.dataset_id)
        exact = self.file_size is not None
        size = self.file_size if self.file_size is not None else self._most_bytes
        return (Download((address,), size, f"md5:{self.md5}", self.place, size_is_exact=exact),)

    @property
    def _most_bytes(self) -> int:
        """The compressed file is smaller than its content: pixels, labels of at most eight bytes, headers."""
        return sum(self.sizes) * (self.channels * SIDE * SIDE + 8) + 2**16

    def load(self, split: str, data_folder: Path, first: int | None) -> Images:
        path = data_folder / self.place
        if not path.is_file():
            raise UsageError(
                f"{self.dataset_id}, split {split}: {path.name} not found in {path.parent}. "
                f"{how_to_get(self.dataset_id, data_folder)}"
            )
        self._check(path)
        pixels, labels = self._read(path, split)
        ids = np.arange(len(labels), dtype=np.int32)
        images = Images(self.dataset_id, split, pixels, 255, labels, ids, self.num_classes)
        return images if first is None else images.first(first)

    def _check(self, path: Path) -> None:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if found != self.md5:
            raise CheckFailed(
                f"{path}: not the published file of {SIDE} x {SIDE} pixels. Its MD5 is {found}, expected "
                f"{self.md5}. Get the file again."
            )

    def _read(self, path: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
        """Pixels uint8 [N, C, 28, 28] and labels int64 [N]."""
        count = self.SPLITS[split]
        try:
            with np.load(path, allow_pickle=False) as arrays:
                images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise CheckFailed(f"{path}: cannot be read ({error}). Get the file again.") from error
        colours = (self.channels,) if self.channels > 1 else ()
        expected = (count, SIDE, SIDE, *colours), (count, 1)
        if (images.shape, labels.shape) != expected:
            raise CheckFailed(
                f"{path}, split {split}: images {list(images.shape)} and labels {list(labels.shape)}; "
                f"expected {list(expected[0])} and {list(expected[1])}."
            )
        pixels = images.transpose(0, 3, 1, 2) if colours else images[:, None]
        return np.ascontiguousarray(pixels), labels[:, 0].astype(np.int64)


_ALL = (
    MedMNIST("bloodmnist", "7053d0359d879ad8a5505303e11de1dc", 3, 8, (11_959, 1_712, 3_421)),
    MedMNIST("breastmnist", "750601b1f35ba3300ea97c75c52ff8f6", 1, 2, (546, 78, 156)),
    MedMNIST("dermamnist", "0744692d530f8e62ec473284d019b0c7", 3, 7, (7_007, 1_003, 2_005)),
    MedMNIST("octmnist", "c68d92d5b585d8d81f7112f81e2d0842", 1, 4, (97_477, 10_832, 1_000)),
    MedMNIST("organamnist", "68e3f8846a6bd62f0c9bf841c0d9eacc", 1, 11, (34_561, 6_491, 17_778)),
    MedMNIST("organcmnist", "b9ceb9546e10131b32923c5bbeaea2b1", 1, 11, (12_975, 2_392, 8_216)),
    MedMNIST("organsmnist", "9ab87b696fb54e2a387ebe992d6ed5f1", 1, 11, (13_932, 2_452, 8_827)),
    MedMNIST("pathmnist", "a8b06965200029087d5bd730944a56c1", 3, 9, (89_996, 10_004, 7_180), 205_615_438),
    MedMNIST("pneumoniamnist", "28209eda62fecd6e6a2d98b1501bb15f", 1, 2, (4_708, 524, 624), 4_170_669),
    MedMNIST("retinamnist", "bd4c0672f1bba3e3a89f0e4e876791e4", 3, 5, (1_080, 120, 400)),
    MedMNIST("tissuemnist", "ebe78ee8b05294063de985d821c1c34b", 1, 8, (165_466, 23_640, 47_280)),
)
DATASETS = {one.dataset_id: one for one in _ALL}

_VOLUMES = "its images are volumes of 28 x 28 x 28, and models of images are measured here"
REFUSED = {
    "chestmnist": "each of its images has fourteen labels, and models that give one are measured here",
    "adrenalmnist3d": _VOLUMES,
    "fracturemnist3d": _VOLUMES,
    "nodulemnist3d": _VOLUMES,
    "organmnist3d": _VOLUMES,
    "synapsemnist3d": _VOLUMES,
    "vesselmnist3d": _VOLUMES,
}
