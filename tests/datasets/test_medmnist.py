"""MedMNIST in the publisher's form, on small files; what cannot be measured is refused by name."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluations.datasets import dataset_ids, find_dataset, load_images, medmnist
from evaluations.datasets.medmnist import MedMNIST
from sngen.catalog.store import load_catalog
from sngen.errors import CheckFailed, UsageError
from sngen.schema import DATASETS

SIZES = {"train": 5, "val": 2, "test": 3}


def written(folder: Path, channels: int, **changes: np.ndarray) -> MedMNIST:
    """A set of ten images with its file, as np.savez_compressed writes it."""
    generator = np.random.default_rng(3)
    shape = (28, 28, 3) if channels == 3 else (28, 28)
    arrays: dict[str, np.ndarray] = {}
    for split, count in SIZES.items():
        arrays[f"{split}_images"] = generator.integers(0, 256, (count, *shape), dtype=np.uint8)
        arrays[f"{split}_labels"] = generator.integers(0, 4, (count, 1), dtype=np.uint8)
    path = folder / "medmnist" / "toymnist.npz"
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, **arrays | changes)  # type: ignore[arg-type]
    return MedMNIST("toymnist", md5(path), channels, 4, tuple(SIZES.values()))  # type: ignore[arg-type]


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("split", SIZES)
def test_every_split_is_read(tmp_path: Path, channels: int, split: str) -> None:
    dataset = written(tmp_path, channels)
    images = dataset.load(split, tmp_path, None)
    published = np.load(tmp_path / "medmnist/toymnist.npz")
    assert images.pixels.shape == (SIZES[split], channels, 28, 28) and images.num_classes == 4
    assert images.ids.tolist() == list(range(SIZES[split]))
    assert images.labels.tolist() == published[f"{split}_labels"].ravel().tolist()
    for row, image in enumerate(published[f"{split}_images"]):
        for channel in range(channels):
            plane = image[..., channel] if channels == 3 else image
            assert np.array_equal(images.pixels[row, channel], plane)
    first = dataset.load(split, tmp_path, 2)
    assert len(first) == 2 and np.array_equal(first.pixels, images.pixels[:2])


def test_other_files_are_refused(tmp_path: Path) -> None:
    dataset = written(tmp_path, 1)
    with pytest.raises(CheckFailed, match=rf"not the published file .* MD5 is {dataset.md5}, expected 00"):
        replace(dataset, md5="0" * 32).load("test", tmp_path, None)
    with pytest.raises(CheckFailed, match=r"images \[3, 28, 28\] .*; expected \[4, 28, 28\] and \[4, 1\]"):
        replace(dataset, sizes=(5, 2, 4)).load("test", tmp_path, None)
    with pytest.raises(CheckFailed, match=r"expected \[3, 28, 28, 3\]"):
        replace(dataset, channels=3).load("test", tmp_path, None)
    several = written(tmp_path, 1, test_labels=np.ones((3, 14), np.uint8))
    with pytest.raises(CheckFailed, match=r"labels \[3, 14\]"):
        several.load("test", tmp_path, None)
    path = tmp_path / "medmnist/toymnist.npz"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(CheckFailed, match="cannot be read"):
        replace(dataset, md5=md5(path)).load("test", tmp_path, None)


def test_sets_that_are_no_single_label_images_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match="'chestmnist' cannot be loaded: each of its images has fourteen labels"
    ):
        load_images("chestmnist", "test", tmp_path)
    with pytest.raises(UsageError, match="'organmnist3d' cannot be loaded: its images are volumes"):
        load_images("organmnist3d", "test", tmp_path)
    assert not set(medmnist.REFUSED) & set(dataset_ids())


def test_every_catalogued_set_is_known_with_the_catalogued_numbers(repository: Path) -> None:
    c = DATASETS.c
    rows = {row[c.dataset_id]: row for row in load_catalog(repository / "data/catalog")[DATASETS.name]}
    of_medmnist = {name for name, row in rows.items() if row[c.homepage] == "https://medmnist.com/"}
    assert of_medmnist == set(medmnist.DATASETS) | set(medmnist.REFUSED)
    for name, dataset in medmnist.DATASETS.items():
        row = rows[name]
        assert (row[c.num_classes], row[c.train_size], row[c.test_size]) == (
            dataset.num_classes, dataset.sizes[0], dataset.sizes[2],
        )  # fmt: skip
        assert row[c.image_size] == f"{dataset.channels}x28x28"


def test_numbers_are_those_of_the_publishers_package() -> None:
    info = pytest.importorskip("medmnist.info", reason="the package medmnist is not installed").INFO
    assert set(info) == set(medmnist.DATASETS) | set(medmnist.REFUSED)
    for name, dataset in medmnist.DATASETS.items():
        theirs = info[name]
        assert (dataset.md5, dataset.channels) == (theirs["MD5"], theirs["n_channels"])
        assert dataset.num_classes == len(theirs["label"])
        assert dict(dataset.SPLITS) == theirs["n_samples"]
        assert find_dataset(name).DOWNLOADS[0].addresses == (theirs["url"],)
