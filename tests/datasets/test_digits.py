"""The digits and their split, against the publisher's package and a second reading of the rule."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from evaluations.datasets import dataset_ids, digits, load_images
from sngen.errors import CheckFailed, UsageError

NOWHERE = Path("no-such-folder")


@pytest.fixture(scope="module")
def splits() -> dict[str, digits.Images]:
    return {split: load_images("digits", split, NOWHERE) for split in ("train", "aux", "test")}


def test_the_splits_are_thirds_of_all_images(splits: dict[str, digits.Images]) -> None:
    assert [len(images) for images in splits.values()] == [599, 599, 599]
    ids = np.concatenate([images.ids for images in splits.values()])
    assert sorted(ids.tolist()) == list(range(1797))


def test_pixels_and_labels_are_the_published_ones(splits: dict[str, digits.Images]) -> None:
    published = load_digits()
    for images in splits.values():
        assert images.scale == 16 and images.num_classes == 10
        assert np.array_equal(images.pixels[:, 0], published.images[images.ids])
        assert np.array_equal(images.labels, published.target[images.ids])
        assert (np.diff(images.ids) > 0).all()


def test_every_class_is_spread_evenly(splits: dict[str, digits.Images]) -> None:
    counts = np.array([np.bincount(images.labels, minlength=10) for images in splits.values()])
    assert (counts.max(axis=0) - counts.min(axis=0) <= 1).all()


def test_split_follows_the_documented_rule(splits: dict[str, digits.Images]) -> None:
    """The rule once more: one sorted list of all images, every third one from each start."""
    order = sorted(
        (int(label), hashlib.sha256(f"digits/{i}".encode()).hexdigest(), i)
        for i, label in enumerate(load_digits().target)
    )
    for start, images in enumerate(splits.values()):
        assert sorted(i for _, _, i in order[start::3]) == images.ids.tolist()


def test_fingerprints_stay(splits: dict[str, digits.Images]) -> None:
    """Published records name these; another value means that other images were measured."""
    assert {split: images.fingerprint[:16] for split, images in splits.items()} == {
        "train": "553439f0581cb3b6",
        "aux": "1bd3db01988b90fc",
        "test": "86d72f9d068c40a8",
    }


def test_first_reads_the_first_of_the_split(splits: dict[str, digits.Images]) -> None:
    assert load_images("digits", "aux", NOWHERE, first=5).ids.tolist() == splits["aux"].ids[:5].tolist()


def test_other_pixels_than_the_published_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits, "PIXELS_SHA256", "0" * 64)
    digits._third.cache_clear()
    with pytest.raises(CheckFailed, match=r"pixels .* have SHA-256 8f26b2bd.*expected 0{64}"):
        load_images("digits", "test", NOWHERE)


def test_unknown_names_name_the_known_ones() -> None:
    assert {"cifar10", "digits", "mnist"} <= set(dataset_ids())
    with pytest.raises(
        UsageError, match="'cifar11' is not known; known are bloodmnist, breastmnist, cifar10"
    ):
        load_images("cifar11", "test", NOWHERE)
    with pytest.raises(UsageError, match="no split 'val'; its splits are train, aux, test"):
        load_images("digits", "val", NOWHERE)
