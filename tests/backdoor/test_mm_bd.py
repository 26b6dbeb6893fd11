"""MM-BD on networks whose largest margins are known, and its p-value on numbers of the fitted kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from backdoor_examples import case, random_images, target_of
from scipy.stats import gamma

from evaluations.backdoor.detection import TWO_CLASSES
from evaluations.backdoor.mm_bd import mm_bd, p_value
from evaluations.datasets import Images
from evaluations.target import Target
from sngen.errors import CheckFailed

SETTINGS: dict[str, Any] = {"batch_size": 64, "starts": 4, "steps": 120, "lr": 0.05, "seeds": 1}


def pixels(*weights: float) -> Target:
    """The logit of class t is its weight times pixel t: within [0, 1], its largest margin is the weight."""
    scale = torch.tensor(weights)
    return target_of(lambda x: x.flatten(1)[:, : len(weights)] * scale)


def test_margins_of_a_linear_network_are_found_exactly() -> None:
    weights = [1.0, 1.5, 2.0, 1.2, 0.8, 9.0]
    found = mm_bd(case(pixels(*weights), random_images(10, 6), SETTINGS, goal=5))
    [array] = found.arrays
    assert array.y == pytest.approx(weights, abs=1e-5)
    assert (found.target, found.alarm) == (5, True)
    named = {(score.setting, score.metric): score.value for score in found.scores}
    assert named["gamma", "p_value"] == pytest.approx(p_value(np.array(weights)), abs=1e-6)
    assert found.index == pytest.approx(-np.log10(named["gamma", "p_value"]))
    assert named["default", "target_found"] == 1.0
    even = mm_bd(case(pixels(1.0, 1.5, 1.6, 1.2, 0.8, 1.4), random_images(10, 6), SETTINGS))
    assert even.alarm is False


def test_the_p_value_is_that_of_the_largest_of_k() -> None:
    """Against a fit by scipy of both parameters and a power, and on numbers that are alike."""
    margins = np.array([3.0, 4.0, 5.0, 3.5, 4.5, 11.0])
    shape, _, scale = gamma.fit(margins[:5], floc=0)
    assert p_value(margins) == pytest.approx(1 - gamma.cdf(11.0, shape, scale=scale) ** 6)
    assert p_value(np.ones(6)) == 1.0
    assert p_value(np.array([1.0, 1.0, 1.0, 1.0, 2.0])) == 0.0
    assert p_value(-np.ones(5)) == 1.0


def test_clean_margins_are_flagged_more_often_than_one_in_twenty() -> None:
    """The distribution is fitted to what is left of the largest: of many classes the level is near 5 %, of
    ten it is not, which is why clean references stand beside it."""
    rng = np.random.default_rng(0)
    rates = {
        classes: np.mean([p_value(rng.gamma(9, size=classes)) < 0.05 for _ in range(400)])
        for classes in (10, 200)
    }
    assert 0.05 < rates[10] < 0.35
    assert 0.01 < rates[200] < 0.12


def test_equal_seeds_give_equal_numbers(patched: Target, digits: dict[str, Images]) -> None:
    settings = {**SETTINGS, "starts": 10, "steps": 20, "seeds": 3}
    first, again = (mm_bd(case(patched, digits, settings)) for _ in range(2))
    assert first.scores == again.scores and first.arrays == again.arrays
    seeds = [s.value for s in first.scores if s.setting.startswith("seed-")]
    assert len(set(seeds)) > 1
    [p] = [s.value for s in first.scores if s.setting == "gamma"]
    assert p == sorted(seeds)[1]


def test_what_it_does_not_apply_to() -> None:
    assert mm_bd(case(pixels(1.0, 2.0), random_images(10, 2), SETTINGS)).status == TWO_CLASSES
    few = mm_bd(case(pixels(1.0, 2.0, 3.0), random_images(10, 3), SETTINGS))
    assert few.status == "not-applicable-few-classes"
    broken = target_of(lambda x: x.flatten(1)[:, :6] * torch.nan)
    with pytest.raises(CheckFailed, match="by-hand on noise, split clean: logits of image 0 are not finite"):
        mm_bd(case(broken, random_images(10, 6), SETTINGS))
