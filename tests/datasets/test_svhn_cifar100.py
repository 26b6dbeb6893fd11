"""SVHN and CIFAR-100: decoding on small files of the published form; other content is refused."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from torchvision.datasets import SVHN

from evaluations.datasets import cifar100, load_images, svhn
from sngen.errors import CheckFailed, UsageError


def test_svhn_layout_and_the_digit_zero(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 4), dtype=np.uint8)
    savemat(tmp_path / "a.mat", {"X": pixels, "y": np.array([[10], [1], [9], [10]], dtype=np.uint8)})
    found, labels = svhn.decode(tmp_path / "a.mat")
    assert labels.tolist() == [0, 1, 9, 0]
    assert found.shape == (4, 3, 32, 32) and found[2, 1, 5, 7] == pixels[5, 7, 1, 2]


def test_both_are_read_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From small files of the published forms under their names, with their own checksums."""
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 4), dtype=np.uint8)
    (tmp_path / "svhn").mkdir()
    path = tmp_path / "svhn/test_32x32.mat"
    savemat(path, {"X": pixels, "y": np.array([[10], [1], [9], [10]], dtype=np.uint8)})
    monkeypatch.setitem(svhn.SPLITS, "test", (path.name, _md5(path), 4))
    images = load_images("svhn", "test", tmp_path, first=3)
    assert images.labels.tolist() == [0, 1, 9] and images.ids.tolist() == [0, 1, 2]

    rows = np.random.default_rng(0).integers(0, 100, (5, 3074), dtype=np.uint8)
    (tmp_path / "cifar100").mkdir()
    path = tmp_path / "cifar100" / cifar100.ARCHIVE
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("cifar-100-binary/test.bin")
        info.size = rows.size
        archive.addfile(info, io.BytesIO(rows.tobytes()))
    monkeypatch.setattr(cifar100, "ARCHIVE_MD5", _md5(path))
    monkeypatch.setitem(cifar100.SPLITS, "test", (info.name, 5))
    images = load_images("cifar100", "test", tmp_path)
    assert images.labels.tolist() == rows[:, 1].tolist()
    assert np.array_equal(images.pixels.reshape(5, -1), rows[:, 2:])


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def test_cifar100_takes_the_fine_label() -> None:
    rows = np.random.default_rng(0).integers(0, 256, (2, 3074), dtype=np.uint8)
    rows[:, 0], rows[:, 1] = (3, 19), (42, 99)
    pixels, labels = cifar100.decode(rows.tobytes(), 2)
    assert labels.tolist() == [42, 99] and np.array_equal(pixels.reshape(2, -1), rows[:, 2:])


@pytest.mark.parametrize(
    ("dataset", "file"), [("svhn", "test_32x32.mat"), ("cifar100", "cifar-100-binary.tar.gz")]
)
def test_absent_and_other_files(tmp_path: Path, dataset: str, file: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_images(dataset, "test", tmp_path)
    for part in (file, f"python -m evaluations data {dataset} --to {tmp_path}", "SECURITYNET_DATA"):
        assert part in str(caught.value)
    (tmp_path / dataset).mkdir()
    (tmp_path / dataset / file).write_bytes(b"something else")
    with pytest.raises(CheckFailed, match="not the published"):
        load_images(dataset, "test", tmp_path)


def test_md5_are_those_of_torchvision() -> None:
    for split in ("train", "test"):
        url, file, md5 = SVHN.split_list[split]
        assert svhn.SPLITS[split][:2] == (file, md5)
        assert any(url in one.addresses for one in svhn.DOWNLOADS)
