"""GTSRB from the publisher's archives: small ones of their form, and what of the real ones is at hand."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from evaluations.datasets import gtsrb, load_images
from evaluations.datasets.blocks import Block
from evaluations.datasets.gtsrb import Split, evenly_spaced
from evaluations.datasets.gtsrb_archives import Archive, Archives
from evaluations.datasets.opencv_resize import resize
from sngen.errors import CheckFailed, UsageError

#: Training images of each class, as the publisher's tables count them.
OF_EACH = (
    210, 2220, 2250, 1410, 1980, 1860, 420, 1440, 1410, 1470, 2010, 1320, 2100, 2160, 780,
    630, 420, 1110, 1200, 210, 360, 330, 390, 510, 270, 1500, 600, 240, 540, 270,
    450, 780, 240, 689, 420, 1200, 390, 210, 2070, 300, 360, 240, 240,
)  # fmt: skip
TRAIN, TEST, GT = "GTSRB_Final_Training_Images.zip", "GTSRB_Final_Test_Images.zip", "GTSRB_Final_Test_GT.zip"
#: SHA-256 over what OpenCV 4.12 and 5.0 give for the images of ``_seven``: ``cv2.resize(image, (32, 32))``.
OPENCV_SHA256 = "f2072546c34d657aee2f7e4f4a7ae8137821c2c7f5e2edc7eff6765b9149a3e7"
TEST_LABELS = (2, 0, 1, 2)


def test_resizing_is_that_of_opencv_to_the_bit() -> None:
    resized = b"".join(resize(image, 32, 32).tobytes() for image in _seven())
    assert hashlib.sha256(resized).hexdigest() == OPENCV_SHA256


def _seven() -> list[np.ndarray]:
    generator = np.random.default_rng(7)
    sizes = ((15, 250), (64, 64), (53, 54), (25, 26), (243, 225), (33, 31), (32, 64))
    return [generator.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]


def test_resizing_is_bilinear_without_smoothing() -> None:
    """Against torch's in floating point: one level at most is between them."""
    for image in _seven():
        planes = torch.from_numpy(image.astype(np.float32)).permute(2, 0, 1)[None]
        theirs = torch.nn.functional.interpolate(planes, (32, 32), mode="bilinear", align_corners=False)
        assert np.abs(resize(image, 32, 32) - theirs[0].permute(1, 2, 0).numpy()).max() <= 1


def test_an_image_of_the_right_size_is_left_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert np.array_equal(resize(image, 32, 32), image)


def test_the_sample_is_the_one_that_is_published_as_blocks(shared_data: Path) -> None:
    sample = load_images("gtsrb", "train-sample", shared_data)
    labels = np.repeat(np.arange(43), OF_EACH)
    assert len(labels) == gtsrb.SPLITS["train"].count == 39_209
    ids = evenly_spaced(labels)
    assert np.array_equal(sample.ids, ids) and np.array_equal(sample.labels, labels[ids])


def _picture(seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (*generator.integers(20, 90, 2), 3), dtype=np.uint8)


def _ppm(seed: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(_picture(seed)).save(stream, "PPM")
    return stream.getvalue()


def _row(file: str, label: int) -> str:
    return f"{file};53;54;6;5;48;49;{label}\r\n"


HEADER = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\r\n"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with archives of three classes with 2, 3 and 1 training images and of four test images;
    the reader takes them for the published ones."""
    folder = tmp_path / "gtsrb"
    folder.mkdir()
    with zipfile.ZipFile(folder / TRAIN, "w") as archive:
        for label, count in enumerate((2, 3, 1)):
            place = f"GTSRB/Final_Training/Images/{label:05d}"
            files = [f"00000_{number:05d}.ppm" for number in range(count)]
            archive.writestr(f"{place}/GT-{label:05d}.csv", HEADER + "".join(_row(f, label) for f in files))
            for number, file in reversed(list(enumerate(files))):  # the table's order counts
                archive.writestr(f"{place}/{file}", _ppm(10 * label + number))
        archive.writestr("../../canary", b"never read")
    with zipfile.ZipFile(folder / TEST, "w") as archive:
        for number in range(4):
            archive.writestr(f"GTSRB/Final_Test/Images/{number:05d}.ppm", _ppm(100 + number))
    with zipfile.ZipFile(folder / GT, "w") as archive:
        rows = "".join(_row(f"{number:05d}.ppm", label) for number, label in enumerate(TEST_LABELS))
        archive.writestr("GT-final_test.csv", HEADER + rows)
    md5 = {
        file: hashlib.md5((folder / file).read_bytes(), usedforsecurity=False).hexdigest()
        for file in (TRAIN, TEST, GT)
    }
    archives = Archives(*(Archive(file, 1, md5[file]) for file in (TRAIN, TEST, GT)), num_classes=3)
    monkeypatch.setattr(gtsrb, "PUBLISHED", archives)
    splits = {
        "train": Split(6, is_test=False),
        "train-sample": Split(300, is_test=False),
        "test": Split(4, _blocks((0, 1, 2), (3,))),
        "test-tail": Split(1, _blocks((3,)), start=3),
    }
    monkeypatch.setattr(gtsrb, "SPLITS", splits)
    return tmp_path


def _blocks(*parts: tuple[int, ...]) -> tuple[Block, ...]:
    return tuple(
        Block(
            f"test-{number}.npz",
            len(part),
            hashlib.sha256(b"".join(_resized(100 + one).tobytes() for one in part)).hexdigest(),
            hashlib.sha256(bytes(TEST_LABELS[one] for one in part)).hexdigest(),
        )
        for number, part in enumerate(parts)
    )


def _resized(seed: int) -> np.ndarray:
    return resize(_picture(seed), 32, 32)


def test_archives_give_the_publishers_order(small: Path) -> None:
    train = gtsrb.load("train", small, None)
    assert train.labels.tolist() == [0, 0, 1, 1, 1, 2] and train.ids.tolist() == list(range(6))
    for row, seed in enumerate((0, 1, 10, 11, 12, 20)):
        assert np.array_equal(train.pixels[row].transpose(1, 2, 0), _resized(seed))
    assert gtsrb.load("train", small, 4).fingerprint == train.first(4).fingerprint
    sample = gtsrb.load("train-sample", small, None)
    assert np.bincount(sample.labels).tolist() == [100] * 3
    assert np.array_equal(sample.pixels[-1], train.pixels[5])
    test, tail = gtsrb.load("test", small, None), gtsrb.load("test-tail", small, None)
    assert test.labels.tolist() == list(TEST_LABELS)
    assert tail.ids.tolist() == [3] and np.array_equal(tail.pixels[0], test.pixels[3])
    assert len(gtsrb.load("test", small, 2)) == 2


def test_both_forms_give_the_same_images(small: Path) -> None:
    from_archives = gtsrb.load("test", small, None)
    (small / "gtsrb32").mkdir()
    for number, part in enumerate((slice(0, 3), slice(3, 4))):
        np.savez(
            small / f"gtsrb32/test-{number}.npz",
            images=from_archives.pixels[part].transpose(0, 2, 3, 1),
            labels=from_archives.labels[part].astype(np.uint8),
            index=from_archives.ids[part],
        )
    (small / "gtsrb").rename(small / "elsewhere")
    assert gtsrb.load("test", small, None).fingerprint == from_archives.fingerprint
    (small / "gtsrb32/test-1.npz").unlink()
    assert gtsrb.load("test", small, 3).fingerprint == from_archives.first(3).fingerprint
    with pytest.raises(UsageError, match=r"first 4 images, .* \(nor test-1\.npz in "):
        gtsrb.load("test", small, None)


def test_other_archives_and_other_pixels_are_refused(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(gtsrb.SPLITS["test"].blocks[0], pixels_sha256="0" * 64)
    splits = gtsrb.SPLITS | {"test": replace(gtsrb.SPLITS["test"], blocks=(other,))}
    monkeypatch.setattr(gtsrb, "SPLITS", splits)
    with pytest.raises(CheckFailed, match="not the published images and labels"):
        gtsrb.load("test", small, None)
    with (small / "gtsrb" / TRAIN).open("ab") as file:
        file.write(b"x")
    with pytest.raises(CheckFailed, match=r"Training_Images\.zip: not the published archive\. Its MD5 is"):
        gtsrb.load("train", small, None)


def test_an_archive_that_lacks_an_image(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = small / "gtsrb" / TEST
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("GTSRB/Final_Test/Images/00000.ppm", _ppm(100))
        archive.writestr("GTSRB/Final_Test/Images/00001.ppm", b"damaged")
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setattr(gtsrb, "PUBLISHED", replace(gtsrb.PUBLISHED, test=Archive(TEST, 1, md5)))
    assert len(gtsrb.load("test", small, 1)) == 1
    for first in (2, None):
        with pytest.raises(CheckFailed, match=r"Test_Images\.zip: cannot be read"):
            gtsrb.load("test", small, first)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("GTSRB/Final_Test/Images/00000.ppm", _ppm(100))
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setattr(gtsrb, "PUBLISHED", replace(gtsrb.PUBLISHED, test=Archive(TEST, 1, md5)))
    with pytest.raises(CheckFailed, match=r"Test_Images\.zip: cannot be read .*00001\.ppm"):
        gtsrb.load("test", small, None)
