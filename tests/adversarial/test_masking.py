"""Flags of masked gradients: each on arrays made for it, then on controls that do and do not mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from evaluations.adversarial import masking
from evaluations.adversarial.apgd import apgd_ce
from evaluations.adversarial.square import square
from evaluations.adversarial.threat import Threat
from evaluations.adversarial.transfer import transfer
from evaluations.datasets import load_images
from evaluations.reference import suite
from evaluations.target import Target
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.load import load_network


def _bits(count: int, of: int = 1000) -> np.ndarray:
    return np.arange(of) < count


def test_black_box_after_white_box() -> None:
    fooled = _bits(1000)
    flag = masking.black_box_stronger("square", _bits(3), fooled)
    assert flag == masking.Flag("square-after-white-box", 0.003, 0.002, True, flag.meaning)
    assert not masking.black_box_stronger("square", _bits(2), fooled).raised  # 0.2 points are allowed
    assert masking.black_box_stronger("square", _bits(500), ~_bits(500)).value == 0


def test_black_box_instead_of_white_box() -> None:
    right = _bits(900)
    flag = masking.black_box_better("transfer", right, _bits(400), _bits(500))
    assert flag.raised and flag.value == pytest.approx(0.1) and flag.name == "transfer-beats-white-box"
    weaker = masking.black_box_better("transfer", right, _bits(500), _bits(400))
    assert not weaker.raised and weaker.value == pytest.approx(-0.1)
    # Images that are wrong anyway are no success of either.
    assert masking.black_box_better("transfer", right, _bits(900), _bits(1000)).value == 0


def test_survivors_without_a_budget() -> None:
    flag = masking.unbounded_survivors(_bits(800), _bits(2))
    assert flag.raised and flag.value == pytest.approx(2 / 800)
    assert not masking.unbounded_survivors(_bits(800), np.zeros(1000, bool)).raised
    assert not masking.unbounded_survivors(_bits(800), ~_bits(800)).raised  # stands, but was never right
    assert masking.unbounded_survivors(_bits(0), _bits(0)).value == 0


def test_more_steps() -> None:
    assert masking.more_steps_help(_bits(500), _bits(497)).raised
    assert not masking.more_steps_help(_bits(500), _bits(498)).raised


def test_share_of_zero_gradients() -> None:
    flag = masking.zero_gradients(np.array([0, 5, 15]), np.array([100, 100, 100]))
    assert flag.value == pytest.approx(20 / 300) and flag.raised
    assert not masking.zero_gradients(np.array([0, 1]), np.array([100, 100])).raised
    assert not masking.zero_gradients(np.zeros(3, int), np.zeros(3, int)).raised


def test_loss_that_still_rises() -> None:
    steps = np.linspace(0, 1, 101)
    rising, settled = steps, 1 - np.exp(-20 * steps)
    up_and_down = np.where(steps < 0.5, 2 * steps, 1 - steps)  # its best is long past
    assert masking.loss_still_rising(np.stack([rising] * 2)).value == 1
    assert masking.loss_still_rising(np.stack([settled, up_and_down, 0 * steps])).value == 0
    mixed = masking.loss_still_rising(np.stack([rising] * 2 + [settled] * 8))
    assert mixed.value == pytest.approx(0.2) and not mixed.raised
    assert masking.loss_still_rising(np.stack([rising] * 3 + [settled] * 7)).raised
    assert masking.loss_still_rising(np.empty((0, 101))).value == 0


def test_repeated_answers() -> None:
    logits = np.random.default_rng(0).normal(size=(20, 10)).astype(np.float32)
    assert not masking.forwards_differ(logits, logits * (1 + 1e-7)).raised
    assert masking.forwards_differ(logits, logits + 1e-3).raised
    assert not masking.forwards_differ(1e6 * logits, 1e6 * logits + 1e-3).raised  # rounding of large numbers


def test_answers_that_are_probabilities() -> None:
    logits = np.random.default_rng(0).normal(size=(20, 10))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert masking.sums_to_one(probabilities).raised
    assert not masking.sums_to_one(logits).raised
    shifted = logits - logits.mean(axis=1, keepdims=True) + 0.1  # sum to 1, but are none
    assert masking.sums_to_one(shifted).value == 0


def test_arrays_of_different_images_are_refused() -> None:
    with pytest.raises(ValueError, match="arrays of 3, 4 images"):
        masking.more_steps_help(_bits(1, 3), _bits(1, 4))


@pytest.fixture(scope="module")
def controls(reference_cache: Settings) -> dict[str, Target]:
    targets = {}
    for name in ("cnn-8", "cnn-8-rounded-logits", "cnn-8-rippled-pixels"):
        model_id = f"reference/digits/{name}"
        path, sha256 = suite.weights_for(model_id, reference_cache)
        row = MODELS.row(model_id=model_id, loader=suite.recipe(model_id).loader, mean=[0.0], std=[1.0])
        targets[name] = Target(load_network(row, path, 10), model_id, sha256, 1)
    return targets


ITERATIONS = 20


def _flags(target: Target, surrogate: Target) -> dict[str, masking.Flag]:
    images = load_images("digits", "test", Path()).first(60)
    given: tuple[Any, ...] = images.tensor(), torch.tensor(images.labels), images.ids, Threat("linf", 0.2)
    settings = {"iterations": ITERATIONS, "restarts": 1, "batch_size": 60}
    with torch.no_grad():
        right = (target(given[0]).argmax(dim=1) == given[1]).numpy()
    white = apgd_ce(target, *given, settings, 0)
    black = square(target, *given, {"queries": 150, "p_init": 0.8, "batch_size": 60}, 0).fooled.numpy()
    moved = transfer(target, surrogate, *given, settings, 0).fooled.numpy()
    stands = ~white.fooled.numpy()
    flags = [
        masking.black_box_stronger("square", stands, black),
        masking.black_box_better("transfer", right, ~stands, moved),
        masking.zero_gradients(white.zero_gradients.numpy()[stands], np.full(stands.sum(), ITERATIONS)),
    ]
    return {flag.name: flag for flag in flags}


def test_controls_that_mask_are_flagged(controls: dict[str, Target]) -> None:
    rounded = _flags(controls["cnn-8-rounded-logits"], controls["cnn-8"])
    assert rounded["zero-gradients"].value == 1
    assert rounded["square-after-white-box"].value > 0.1
    assert rounded["transfer-beats-white-box"].value > 0.1
    rippled = _flags(controls["cnn-8-rippled-pixels"], controls["cnn-8"])
    assert rippled["square-after-white-box"].raised
    assert rippled["transfer-beats-white-box"].raised
    assert not rippled["zero-gradients"].raised


def test_the_plain_network_is_not_flagged(controls: dict[str, Target]) -> None:
    flags = _flags(controls["cnn-8"], controls["cnn-8"])
    assert not any(flag.raised for flag in flags.values()), flags
