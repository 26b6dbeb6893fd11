"""Grey digits in both forms, coloured blocks, and what is said where files are absent or others."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from torchvision.datasets import MNIST, FashionMNIST

from evaluations.datasets import fashion_mnist, load_images, mnist
from evaluations.datasets.blocks import Block, read_block
from evaluations.datasets.grey_digits import GreyDataset, IdxFiles
from sngen.errors import CheckFailed, UsageError


def test_known_facts_of_mnist(shared_data: Path) -> None:
    test = load_images("mnist", "test", shared_data)
    assert test.pixels.shape == (10_000, 1, 28, 28) and test.labels[:10].tolist() == [
        7,
        2,
        1,
        0,
        4,
        1,
        4,
        9,
        5,
        9,
    ]
    train = load_images("mnist", "train", shared_data)
    assert len(train) == 60_000 and train.ids.tolist() == list(range(60_000))
    assert train.pixels.mean() / 255 == pytest.approx(0.13066, abs=5e-6)
    assert train.pixels.std() / 255 == pytest.approx(0.30811, abs=5e-6)
    assert train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]


def test_known_facts_of_fashion_mnist(shared_data: Path) -> None:
    test = load_images("fashion-mnist", "test", shared_data)
    assert np.bincount(test.labels).tolist() == [1000] * 10
    assert len(load_images("fashion-mnist", "train", shared_data, first=10_000)) == 10_000
    with pytest.raises(UsageError, match=r"the first 10001 images need train-images-idx3-ubyte\.gz"):
        load_images("fashion-mnist", "train", shared_data, first=10_001)


def test_known_facts_of_gtsrb(shared_data: Path) -> None:
    tail = load_images("gtsrb", "test-tail", shared_data)
    assert tail.pixels.shape == (2630, 3, 32, 32) and tail.ids[[0, -1]].tolist() == [10_000, 12_629]
    sample = load_images("gtsrb", "train-sample", shared_data)
    assert np.bincount(sample.labels).tolist() == [100] * 43


def test_known_facts_of_the_competition_images(shared_data: Path) -> None:
    images = load_images("nips17-imagenet", "test", shared_data)
    assert images.pixels.shape == (50, 3, 299, 299) and images.num_classes == 1000
    assert len(set(images.labels.tolist())) == 50


def test_only_the_blocks_that_are_asked_for_are_needed(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    shutil.copy(shared_data / "mnist/train-00.npz", tmp_path / "mnist")
    assert len(load_images("mnist", "train", tmp_path, first=20_000)) == 20_000
    with pytest.raises(UsageError, match=r"blocks train-01\.npz, train-02\.npz"):
        load_images("mnist", "train", tmp_path, first=20_001)


def test_md5_of_the_publishers_files_are_those_of_torchvision() -> None:
    for dataset, theirs in ((mnist.DATASET, MNIST), (fashion_mnist.DATASET, FashionMNIST)):
        ours: dict[str, str] = {}
        for files in dataset.idx.values():
            ours |= {files.images: files.images_md5, files.labels: files.labels_md5}
        assert ours == dict(theirs.resources)


@pytest.fixture
def small() -> GreyDataset:
    """Three images whose files are written by the tests."""
    images, labels = _idx()
    files = IdxFiles("images.gz", _md5(images), "labels.gz", _md5(labels))
    return GreyDataset("small", "small", "Small", {"test": 3}, {"test": ()}, {"test": files})


def _pixels() -> np.ndarray:
    return (np.arange(3 * 28 * 28) % 251).astype(np.uint8).reshape(3, 28, 28)


def _idx() -> tuple[bytes, bytes]:
    images = struct.pack(">IIII", 0x803, 3, 28, 28) + _pixels().tobytes()
    labels = struct.pack(">II", 0x801, 3) + bytes([7, 0, 9])
    return gzip.compress(images, mtime=0), gzip.compress(labels, mtime=0)


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("folder", ["small", "Small/raw"])
def test_the_publishers_form_is_read_from_both_places(
    small: GreyDataset, tmp_path: Path, folder: str
) -> None:
    place = tmp_path / folder
    place.mkdir(parents=True)
    for name, content in zip(("images.gz", "labels.gz"), _idx(), strict=True):
        (place / name).write_bytes(content)
    images = small.load("test", tmp_path, None)
    assert np.array_equal(images.pixels[:, 0], _pixels()) and images.labels.tolist() == [7, 0, 9]
    assert small.load("test", tmp_path, 2).labels.tolist() == [7, 0]
    (place / "labels.gz").write_bytes(gzip.compress(b"\0" * 11, mtime=0))
    with pytest.raises(CheckFailed, match=r"labels\.gz: not the published file\. Its MD5 is "):
        small.load("test", tmp_path, None)


def test_absent_files_are_named_with_where_and_whence(small: GreyDataset, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        small.load("test", tmp_path, None)
    for part in (
        "images.gz",
        "labels.gz",
        str(tmp_path / "small"),
        "torchvision.datasets.Small",
        "SECURITYNET",
    ):
        assert part in str(caught.value)
    with pytest.raises(UsageError, match="first 4 images of 3"):
        small.load("test", tmp_path, 4)


def _block(path: Path, images: np.ndarray) -> Block:
    labels = np.array([1, 2], dtype=np.uint8)
    planes = np.stack([images[..., 1], images[..., 0] - images[..., 1], images[..., 2] - images[..., 1]])
    delta = np.diff(np.diff(planes, axis=2, prepend=0), axis=3, prepend=0)
    np.savez_compressed(path, delta=delta.astype(np.uint8), labels=labels, index=np.array([5, 9], np.int32))
    pixels_sha256, labels_sha256 = (hashlib.sha256(part.tobytes()).hexdigest() for part in (images, labels))
    return Block(path.name, 2, pixels_sha256, labels_sha256)


def test_coloured_blocks_undo_the_differences(tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (2, 4, 5, 3), dtype=np.uint8)
    block = _block(tmp_path / "a.npz", images)
    content = read_block(block, tmp_path / "a.npz")
    assert np.array_equal(content.pixels, images.transpose(0, 3, 1, 2))
    assert content.ids.tolist() == [5, 9] and content.labels.tolist() == [1, 2]
    for other in (replace(block, pixels_sha256="0" * 64), replace(block, labels_sha256="0" * 64)):
        with pytest.raises(CheckFailed, match="not the published images and labels"):
            read_block(other, tmp_path / "a.npz")
    with pytest.raises(CheckFailed, match="2 images, 2 labels and 2 positions; expected 3 of each"):
        read_block(replace(block, count=3), tmp_path / "a.npz")


def test_damaged_blocks_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"no archive")
    with pytest.raises(CheckFailed, match=r"a\.npz: cannot be read"):
        read_block(Block("a.npz", 1, "", ""), tmp_path / "a.npz")
