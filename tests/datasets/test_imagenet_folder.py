"""ImageNet's validation folder in both layouts, on generated JPEGs; every kind of wrong file is named."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL
import pytest
import torch
from PIL import Image, ImageFile
from scipy.io import savemat
from torchvision.datasets.imagenet import ARCHIVE_META
from torchvision.transforms import v2

from evaluations.datasets import find_dataset, imagenet_folder, imagenet_labels, load_images
from evaluations.datasets.imagenet_folder import ValidationFolder
from evaluations.datasets.jpeg import preparation, read_square
from sngen.errors import CheckFailed, SecurityNetError, UsageError

WNIDS = ("n01440764", "n01443537", "n15075141")
#: Class of each of six images, and the kit's own number of each class: another order, as in the real one.
CLASSES, KIT_NUMBER = (2, 0, 1, 1, 2, 0), {0: 3, 1: 1, 2: 2}
SMALL = ValidationFolder(count=6, num_classes=3)


def picture(seed: int, size: tuple[int, int] = (300, 280), mode: str = "RGB") -> Image.Image:
    """Smooth colours with some noise, so that JPEG keeps something to resize."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)).astype(int)
    noisy = smooth + generator.integers(-20, 21, smooth.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).convert(mode)


def jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90)
    return stream.getvalue()


def name(number: int) -> str:
    return f"ILSVRC2012_val_{number:08d}.JPEG"


def place(folder: Path, number: int, flat: bool = False) -> Path:
    val = folder / "imagenet" / "val"
    return val / name(number) if flat else val / WNIDS[CLASSES[number - 1]] / name(number)


def write_images(folder: Path, flat: bool = False) -> None:
    for wnid in () if flat else WNIDS:
        (folder / "imagenet/val" / wnid).mkdir(parents=True)
    for number in range(1, 7):
        path = place(folder, number, flat)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(picture(number)))


def write_kit(folder: Path, classes: tuple[int, ...] = CLASSES) -> None:
    kit = folder / "imagenet/ILSVRC2012_devkit_t12/data"
    kit.mkdir(parents=True)
    numbers = "".join(f"{KIT_NUMBER[one]}\n" for one in classes)
    (kit / "ILSVRC2012_validation_ground_truth.txt").write_text(numbers)
    fields = [(field, object) for field in ("ILSVRC2012_ID", "WNID", "words", "gloss", "num_children")]
    rows = [(KIT_NUMBER[one], wnid, "words", "gloss", 0) for one, wnid in enumerate(WNIDS)]
    rows = [*sorted(rows), (4, "n00001740", "entity", "a group of classes", 3)]
    savemat(kit / "meta.mat", {"synsets": np.array(rows, dtype=fields)[:, None]})


@pytest.mark.parametrize("flat", [False, True], ids=["by-class", "flat"])
def test_both_layouts_give_the_publishers_order_and_sorted_classes(tmp_path: Path, flat: bool) -> None:
    write_images(tmp_path, flat)
    if flat:
        write_kit(tmp_path)
    images = SMALL.load("val", tmp_path, None)
    assert images.labels.tolist() == list(CLASSES) and images.ids.tolist() == list(range(6))
    assert images.pixels.shape == (6, 3, 256, 256) and images.num_classes == 3
    for number in range(1, 7):
        assert np.array_equal(images.pixels[number - 1], read_square(place(tmp_path, number, flat)))
    assert SMALL.load("val", tmp_path, None).fingerprint == images.fingerprint
    first = SMALL.load("val", tmp_path, 4)
    assert first.fingerprint == images.first(4).fingerprint


def test_the_first_images_need_the_others_neither_whole_nor_there(tmp_path: Path) -> None:
    write_images(tmp_path)
    place(tmp_path, 5).write_bytes(b"damaged")
    place(tmp_path, 6).unlink()
    assert SMALL.load("val", tmp_path, 4).labels.tolist() == list(CLASSES[:4])


@pytest.mark.parametrize(
    "size", [(300, 280), (281, 500), (500, 333), (256, 256), (90, 60), (1024, 257), (281, 256), (256, 283)]
)
def test_the_square_is_that_of_the_customary_pipeline(tmp_path: Path, size: tuple[int, int]) -> None:
    """And the customary crop of 224 out of it is that of the original: nothing is lost for such networks."""
    path = tmp_path / name(1)
    path.write_bytes(jpeg(picture(1, size)))
    found = read_square(path)
    with Image.open(path) as image:
        for side in (256, 224):
            theirs = v2.Compose([v2.Resize(256), v2.CenterCrop(side)])(image.convert("RGB"))
            ours = v2.CenterCrop(side)(torch.from_numpy(found.copy()))
            assert np.array_equal(ours.numpy(), np.asarray(theirs).transpose(2, 0, 1))


def test_the_fingerprint_names_the_decoder(tmp_path: Path) -> None:
    write_images(tmp_path)
    images = SMALL.load("val", tmp_path, None)
    assert f"Pillow {PIL.__version__}" in images.preparation and "256 x 256" in images.preparation
    assert images.preparation == preparation()
    other = replace(images, preparation=images.preparation.replace(PIL.__version__, "1.0"))
    assert other.fingerprint != images.fingerprint


def test_grey_images_get_three_equal_colours(tmp_path: Path) -> None:
    path = tmp_path / name(1)
    path.write_bytes(jpeg(picture(1, mode="L")))
    red, green, blue = read_square(path)
    assert np.array_equal(red, green) and np.array_equal(red, blue) and red.std() > 0


def test_the_one_published_image_of_four_colours_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_images(tmp_path)
    place(tmp_path, 2).write_bytes(jpeg(picture(2, mode="CMYK")))
    with pytest.raises(CheckFailed, match=r"00000002\.JPEG: its colours are CMYK, expected RGB or L"):
        SMALL.load("val", tmp_path, None)
    monkeypatch.setattr(imagenet_folder, "FOUR_COLOURS", frozenset({2}))
    found = SMALL.load("val", tmp_path, None).pixels[1].astype(int)
    assert np.abs(found - read_square(place(tmp_path, 3)).astype(int)).mean() > 10
    place(tmp_path, 2).write_bytes(jpeg(picture(2)))
    assert np.abs(found - read_square(place(tmp_path, 2)).astype(int)).mean() < 10
    with pytest.raises(CheckFailed, match="its colours are RGB, expected CMYK"):
        SMALL.load("val", tmp_path, None)


def _png() -> bytes:
    stream = io.BytesIO()
    picture(1).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is no JPEG"),
        (b"damaged", "it is no JPEG"),
        (_png(), "it is no JPEG"),
        (jpeg(picture(1))[:-2000], "cannot be decoded .*truncated"),
        (jpeg(picture(1))[:400], "cannot be decoded"),
    ],
    ids=["empty", "text", "png", "truncated", "header-only"],
)
@pytest.mark.parametrize("lenient", [False, True])
def test_files_that_are_no_whole_jpeg(
    tmp_path: Path, content: bytes, words: str, lenient: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where other code told Pillow to accept truncated files."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", lenient)
    write_images(tmp_path)
    place(tmp_path, 3).write_bytes(content)
    with pytest.raises(CheckFailed, match=rf"{name(3)}: .*{words}"):
        SMALL.load("val", tmp_path, None)
    assert ImageFile.LOAD_TRUNCATED_IMAGES is lenient


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("n01440764/cat.JPEG", r"cat\.JPEG: expected a name such as ILSVRC2012_val_00000001\.JPEG"),
        ("n01440764/ILSVRC2012_val_00000001.jpg", r"00000001\.jpg: expected a name"),
        ("n01440764/ILSVRC2012_val_0000001.JPEG", "expected a name"),
        ("n01440764/ILSVRC2012_val_00000007.JPEG", "numbers go from 1 to 6"),
        ("n01440764/ILSVRC2012_val_00000000.JPEG", "numbers go from 1 to 6"),
        ("n01443537/ILSVRC2012_val_00000002.JPEG", "the same image is also at .*n01443537"),
        ("tench/ILSVRC2012_val_00000001.JPEG", "tench: expected a folder named by a wnid"),
        ("n99999999/.hidden", "4 folders of classes, expected 3"),
        ("ILSVRC2012_val_00000002.JPEG", "the same image is also at"),
    ],
)
def test_names_that_are_not_the_publishers(tmp_path: Path, path: str, words: str) -> None:
    write_images(tmp_path)
    other = tmp_path / "imagenet/val" / path
    other.parent.mkdir(exist_ok=True)
    other.write_bytes(jpeg(picture(1)))
    with pytest.raises(CheckFailed, match=words):
        SMALL.load("val", tmp_path, None)


def test_absent_images_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no images in .*image-net\.org gives it to those who register"):
        load_images("imagenet-1k", "val", tmp_path)
    write_images(tmp_path)
    place(tmp_path, 2).unlink()
    place(tmp_path, 5).unlink()
    (tmp_path / "imagenet/val/.DS_Store").write_bytes(b"clutter")
    with pytest.raises(UsageError, match=rf"first 6 images need {name(2)}, {name(5)}, not found"):
        SMALL.load("val", tmp_path, None)
    with pytest.raises(UsageError, match=rf"{name(2)}, .* and 49991 more"):
        load_images("imagenet-1k", "val", tmp_path)
    for first in (0, 7):
        with pytest.raises(UsageError, match=f"first {first} images of 6"):
            SMALL.load("val", tmp_path, first)


def test_an_image_in_the_folder_of_another_class(tmp_path: Path) -> None:
    write_images(tmp_path)
    moved = place(tmp_path, 2)
    moved.rename(tmp_path / "imagenet/val/n01443537" / moved.name)
    with pytest.raises(CheckFailed, match="expected 2 images of each class, found n01440764 1, n01443537 3"):
        SMALL.load("val", tmp_path, None)
    assert len(SMALL.load("val", tmp_path, 4)) == 4, "among few images it cannot be seen without the kit"
    write_kit(tmp_path)
    with pytest.raises(CheckFailed, match=rf"{name(2)}: by the development kit its class is n01440764"):
        SMALL.load("val", tmp_path, 4)


def test_flat_images_need_the_kit(tmp_path: Path) -> None:
    write_images(tmp_path, flat=True)
    with pytest.raises(UsageError, match=r"neither ILSVRC2012_devkit_t12\.tar\.gz nor"):
        SMALL.load("val", tmp_path, None)
    write_kit(tmp_path, CLASSES[:5])
    with pytest.raises(CheckFailed, match="expected 6 numbers from 1 to 3, found 5 words"):
        SMALL.load("val", tmp_path, None)
    kit = tmp_path / "imagenet/ILSVRC2012_devkit_t12/data"
    (kit / "ILSVRC2012_validation_ground_truth.txt").write_text("1\n2\n3\n4\n1\n1\n")  # 4 is a group
    with pytest.raises(CheckFailed, match="expected 6 numbers from 1 to 3"):
        SMALL.load("val", tmp_path, None)
    (kit / "meta.mat").write_bytes(b"damaged")
    with pytest.raises(CheckFailed, match=r"meta\.mat of the kit: cannot be read"):
        SMALL.load("val", tmp_path, None)
    (tmp_path / "imagenet/ILSVRC2012_devkit_t12.tar.gz").write_bytes(b"another")
    with pytest.raises(CheckFailed, match="not the published archive"):
        SMALL.load("val", tmp_path, None)


def test_the_kit_is_read_out_of_its_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    write_images(tmp_path, flat=True)
    write_kit(tmp_path)
    unpacked = tmp_path / "imagenet/ILSVRC2012_devkit_t12"
    archive = tmp_path / "imagenet/ILSVRC2012_devkit_t12.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(unpacked, unpacked.name)
    unpacked.rename(tmp_path / "elsewhere")
    md5 = hashlib.md5(archive.read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setattr(imagenet_labels, "ARCHIVE_MD5", md5)
    assert SMALL.load("val", tmp_path, None).labels.tolist() == list(CLASSES)


def test_the_dataset_is_that_of_the_catalogue() -> None:
    dataset = find_dataset("imagenet-1k")
    assert isinstance(dataset, ValidationFolder) and (dataset.count, dataset.num_classes) == (50_000, 1_000)
    with pytest.raises(SecurityNetError, match="no split 'test'; its splits are val"):
        load_images("imagenet-1k", "test", Path("nowhere"))


def test_the_kits_archive_has_the_sum_that_torchvision_knows() -> None:

    assert ARCHIVE_META["devkit"] == (imagenet_labels.ARCHIVE, imagenet_labels.ARCHIVE_MD5)
