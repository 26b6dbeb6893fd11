"""Grey digits in both forms, coloured blocks, and what is said where files are absent or others."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import struct
from dataclasses import replace
from pathlib import Path
from types import ModuleType

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
    with pytest.raises(
        UsageError,
        match=r"first 10001 images need train-images-idx3-ubyte\.gz .*or the blocks train-01\.npz\)",
    ):
        load_images("fashion-mnist", "train", shared_data, first=10_001)
    with pytest.raises(UsageError, match="as blocks only the first 20000 are known"):
        load_images("fashion-mnist", "train", shared_data, first=20_001)


def test_known_facts_of_gtsrb(shared_data: Path) -> None:
    tail = load_images("gtsrb", "test-tail", shared_data)
    assert tail.pixels.shape == (2630, 3, 32, 32) and tail.ids[[0, -1]].tolist() == [10_000, 12_629]
    sample = load_images("gtsrb", "train-sample", shared_data)
    assert np.bincount(sample.labels).tolist() == [100] * 43


def test_a_part_of_gtsrb_serves_what_it_holds_and_else_names_what_lacks(
    shared_data: Path, tmp_path: Path
) -> None:
    (tmp_path / "gtsrb32").mkdir()
    shutil.copy(shared_data / "gtsrb32/test-01.npz", tmp_path / "gtsrb32")
    assert load_images("gtsrb", "test-tail", tmp_path, first=10).ids.tolist() == list(range(10_000, 10_010))
    with pytest.raises(UsageError) as caught:
        load_images("gtsrb", "test", tmp_path, first=10)
    for part in ("first 10 images", "GTSRB_Final_Test_Images.zip", "GTSRB_Final_Test_GT.zip", "test-00.npz"):
        assert part in str(caught.value)
    assert "test-01.npz" not in str(caught.value)
    with pytest.raises(UsageError, match=r"GTSRB_Final_Training_Images\.zip not found in .*/gtsrb\. Run"):
        load_images("gtsrb", "train", tmp_path)
    with pytest.raises(UsageError, match="first 12631 images of 12630"):
        load_images("gtsrb", "test", tmp_path, first=12_631)


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


@pytest.mark.parametrize(
    ("split", "name", "git_sha1"),
    [
        ("test", "t10k-images-idx3-ubyte", "1170b2cae98de7a524b163fcc379ac8f00925b12"),
        ("train", "train-images-idx3-ubyte", "bbce27659e0fc2b7ed2a64c127849380a477099b"),
    ],
)
def test_mnist_written_in_the_publishers_form_is_the_published_file(
    shared_data: Path, split: str, name: str, git_sha1: str
) -> None:
    """The unpacked file's name as a git object, as public repositories hold it: a second witness."""
    images = load_images("mnist", split, shared_data)
    content = struct.pack(">IIII", 0x803, len(images), 28, 28) + images.pixels.tobytes()
    assert hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() == git_sha1, name


@pytest.mark.parametrize("module", [mnist, fashion_mnist])
def test_both_forms_give_the_same_images(shared_data: Path, tmp_path: Path, module: ModuleType) -> None:
    """The publisher's form written from the blocks; only the wrapping by gzip has another MD5."""
    dataset = module.DATASET
    blocks = dataset.load("test", shared_data, None)
    files = dataset.idx["test"]
    images = struct.pack(">IIII", 0x803, 10_000, 28, 28) + blocks.pixels.tobytes()
    labels = struct.pack(">II", 0x801, 10_000) + blocks.labels.astype(np.uint8).tobytes()
    folder = tmp_path / dataset.folder
    folder.mkdir()
    for name, content in ((files.images, images), (files.labels, labels)):
        (folder / name).write_bytes(gzip.compress(content, 1, mtime=0))
    with pytest.raises(CheckFailed, match="not the published file"):
        dataset.load("test", tmp_path, None)
    own = replace(
        files,
        images_md5=_md5((folder / files.images).read_bytes()),
        labels_md5=_md5((folder / files.labels).read_bytes()),
    )
    assert replace(dataset, idx={"test": own}).load("test", tmp_path, None).fingerprint == blocks.fingerprint


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
    files = IdxFiles("images.gz", _md5(images), "labels.gz", _md5(labels), len(images), len(labels))
    addresses = ("https://example.org/a", "https://example.org/b")
    return GreyDataset("small", "small", "Small", {"test": 3}, {"test": ()}, {"test": files}, addresses)


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
        "python -m evaluations data small --to",
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
