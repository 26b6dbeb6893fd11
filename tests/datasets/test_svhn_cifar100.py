"""SVHN and CIFAR-100: decoding on small files of the published form; other content is refused."""

from __future__ import annotations

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


def test_cifar100_takes_the_fine_label() -> None:
    rows = np.random.default_rng(0).integers(0, 256, (2, 3074), dtype=np.uint8)
    rows[:, 0], rows[:, 1] = (3, 19), (42, 99)
    pixels, labels = cifar100.decode(rows.tobytes(), 2)
    assert labels.tolist() == [42, 99] and np.array_equal(pixels.reshape(2, -1), rows[:, 2:])


@pytest.mark.parametrize(
    ("dataset", "file", "address"),
    [
        ("svhn", "test_32x32.mat", "http://ufldl.stanford.edu/housenumbers/test_32x32.mat"),
        ("cifar100", "cifar-100-binary.tar.gz", "https://www.cs.toronto.edu/"),
    ],
)
def test_absent_and_other_files(tmp_path: Path, dataset: str, file: str, address: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_images(dataset, "test", tmp_path)
    assert (
        file in str(caught.value) and address in str(caught.value) and "SECURITYNET_DATA" in str(caught.value)
    )
    (tmp_path / dataset).mkdir()
    (tmp_path / dataset / file).write_bytes(b"something else")
    with pytest.raises(CheckFailed, match="not the published"):
        load_images(dataset, "test", tmp_path)


def test_md5_are_those_of_torchvision() -> None:
    for split in ("train", "test"):
        url, file, md5 = SVHN.split_list[split]
        assert svhn.SPLITS[split][:2] == (file, md5) and url == svhn.URL + file
