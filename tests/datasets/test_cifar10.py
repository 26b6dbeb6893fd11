"""CIFAR-10 in both forms, and what is said where it is absent or not the published data."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from evaluations.datasets import load_images
from sngen.errors import CheckFailed, UsageError


def test_known_facts_of_the_test_split(shared_data: Path) -> None:
    test = load_images("cifar10", "test", shared_data)
    assert test.pixels.shape == (10_000, 3, 32, 32) and test.scale == 255
    assert test.labels[:10].tolist() == [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]
    assert np.bincount(test.labels).tolist() == [1000] * 10
    means = test.pixels.mean(axis=(0, 2, 3)) / 255
    assert means == pytest.approx([0.49421, 0.48513, 0.45041], abs=5e-6)
    assert test.ids.tolist() == list(range(10_000))


def test_both_forms_give_the_same_images(shared_data: Path, tmp_path: Path) -> None:
    from_npz = load_images("cifar10", "test", shared_data)
    folder = tmp_path / "cifar10" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    rows = np.hstack([from_npz.labels[:, None].astype(np.uint8), from_npz.pixels.reshape(10_000, -1)])
    (folder / "test_batch.bin").write_bytes(rows.tobytes())
    assert load_images("cifar10", "test", tmp_path).fingerprint == from_npz.fingerprint

    rows[1234, 0] = (rows[1234, 0] + 1) % 10  # a wrong label only: the pixels stay the published ones
    (folder / "test_batch.bin").write_bytes(rows.tobytes())
    with pytest.raises(CheckFailed, match=r"test_batch\.bin: not the published images and labels"):
        load_images("cifar10", "test", tmp_path)


def test_only_the_blocks_that_are_asked_for_are_needed(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "cifar10").mkdir()
    shutil.copy(shared_data / "cifar10" / "train-00.npz", tmp_path / "cifar10")
    train = load_images("cifar10", "train", tmp_path, first=100)
    assert len(train) == 100 and train.labels[:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]
    with pytest.raises(UsageError, match=r"train: data_batch_2\.bin not found .*train-01\.npz"):
        load_images("cifar10", "train", tmp_path, first=10_001)


def test_absent_files_are_named_with_where_and_whence(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_images("cifar10", "test", tmp_path)
    for part in (
        "test_batch.bin",
        str(tmp_path / "cifar10"),
        "python -m evaluations data cifar10 --to",
        "SECURITYNET_DATA",
    ):
        assert part in str(caught.value)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "cifar10" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    path = folder / "test_batch.bin"
    path.write_bytes(b"\0" * 100)
    with pytest.raises(CheckFailed, match="100 bytes, expected 30730000"):
        load_images("cifar10", "test", tmp_path)
    path.unlink()
    (tmp_path / "cifar10" / "test.npz").write_bytes(b"not an archive")
    with pytest.raises(CheckFailed, match=r"test\.npz: cannot be read"):
        load_images("cifar10", "test", tmp_path)


def test_more_than_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="first 50001 images of 50000"):
        load_images("cifar10", "train", tmp_path, first=50_001)
