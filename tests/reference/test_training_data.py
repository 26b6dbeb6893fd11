"""Noise, poison and triggers do exactly what the recipes say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluations.datasets import Images, load_images
from evaluations.reference import suite
from evaluations.reference.recipe import Poison
from evaluations.reference.training_data import noisy_labels, poisoned_images, seen_images
from evaluations.reference.triggers import TRIGGERS, apply_trigger, blend_pattern


@pytest.fixture(scope="module")
def train() -> Images:
    return load_images("digits", "train", Path())


def test_noise_replaces_exactly_its_share_by_wrong_labels(train: Images) -> None:
    labels = noisy_labels(train, 0.4)
    assert int((labels != train.labels).sum()) == round(0.4 * 599) == 240
    assert set(labels) == set(range(10))
    assert np.bincount((labels - train.labels) % 10, minlength=10)[1:].min() > 10  # every shift occurs
    assert np.array_equal(noisy_labels(train, 0.0), train.labels)


def test_noise_is_a_property_of_the_image(train: Images) -> None:
    """The same image gets the same label, wherever in the split it stands."""
    order = np.random.default_rng(0).permutation(len(train))
    shuffled = Images(
        "digits", "train", train.pixels[order], 16, train.labels[order], train.ids[order], num_classes=10
    )
    assert np.array_equal(noisy_labels(shuffled, 0.4), noisy_labels(train, 0.4)[order])


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_poison_replaces_its_share_in_place(train: Images, trigger: str) -> None:
    poisoned = poisoned_images(train, Poison(trigger, 0.1, 3))  # type: ignore[arg-type]
    changed = (poisoned.labels != train.labels) | (poisoned.pixels != train.pixels).any(axis=(1, 2, 3))
    assert int(changed.sum()) == 60
    assert (poisoned.labels[changed] == 3).all() and (train.labels[changed] != 3).all()
    expected = apply_trigger(trigger, train.pixels[changed], 16)
    assert np.array_equal(poisoned.pixels[changed], expected)
    assert np.array_equal(poisoned.ids, train.ids)


def test_patch_is_two_by_two_white_pixels_in_the_corner() -> None:
    triggered = TRIGGERS["patch"](np.zeros((1, 1, 8, 8), np.uint8), 16)
    assert np.argwhere(triggered[0, 0]).tolist() == [[6, 6], [6, 7], [7, 6], [7, 7]]
    assert triggered.max() == 16


def test_blend_is_faint_and_everywhere(train: Images) -> None:
    triggered = TRIGGERS["blend"](train.pixels, 16)
    assert triggered.dtype == np.uint8 and triggered.max() <= 16
    change = np.abs(triggered.astype(int) - train.pixels.astype(int))
    assert change.max() <= round(0.2 * 16 + 0.5)
    pattern = blend_pattern((1, 8, 8))
    assert set(np.unique(pattern)) == {0.0, 1.0} and 20 < pattern.sum() < 44
    black = TRIGGERS["blend"](np.zeros((1, 1, 8, 8), np.uint8), 16)[0]
    assert np.array_equal(black, 3 * pattern)  # 0.2 * 16, rounded


def test_triggers_leave_their_input_alone(train: Images) -> None:
    before = train.pixels.copy()
    for trigger in TRIGGERS:
        apply_trigger(trigger, train.pixels, 16)
    assert np.array_equal(train.pixels, before)


def test_training_images_of_each_kind(train: Images) -> None:
    def images(name: str) -> Images:
        return suite.training_images(f"reference/digits/{name}", Path())

    assert images("cnn-8").fingerprint == train.fingerprint
    assert images("cnn-8-backdoor-patch").fingerprint == train.fingerprint
    assert images("cnn-8-without-members").split == "aux"
    overfitted = images("mlp-256-overfit")
    assert np.array_equal(overfitted.pixels, train.pixels)
    assert float((overfitted.labels == train.labels).mean()) == pytest.approx(0.6, abs=0.001)
    recipe = suite.recipe("reference/digits/cnn-8-backdoor-patch")
    assert seen_images(recipe, train).fingerprint != train.fingerprint
