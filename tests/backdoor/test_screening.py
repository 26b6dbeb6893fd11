"""Screened searches against full ones: the same class, norm and verdict, and as many false alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from backdoor_examples import case
from scipy.stats import ks_2samp
from torch import nn

from evaluations.backdoor.anomaly import THRESHOLD, anomaly
from evaluations.backdoor.class_triggers import neural_cleanse
from evaluations.backdoor.detection import CLEAN, VERDICT
from evaluations.backdoor.screening import Screen
from evaluations.backdoor.triggers import Trigger
from evaluations.datasets import Images
from evaluations.target import Target
from sngen.errors import UsageError

CLASSES, SIDE, GOAL = 40, 10, 23
FULL: dict[str, Any] = {
    "batch_size": 500, "images": 200, "seeds": 1, "together": 40, "steps": 60, "batches": 2, "batch": 32,
    "lr": 0.1, "success": 0.99, "patience": 5, "stale": 25,
}  # fmt: skip
SCREEN = {"steps": 20, "batches": 1, "suspicious": 6, "drawn": 12}
SCREENED = {**FULL, "screen": SCREEN}


def images(count: int, seed: int) -> Images:
    """Forty random pictures in half contrast, with noise."""
    rng = np.random.default_rng(seed)
    pictures = np.random.default_rng(1).integers(0, 2, (CLASSES, 1, SIDE, SIDE)) * 128 + 64
    labels = rng.integers(0, CLASSES, count)
    pixels = (pictures[labels] + rng.normal(0, 40, (count, 1, SIDE, SIDE))).clip(0, 255).astype(np.uint8)
    return Images("pictures", "test", pixels, 255, labels, np.arange(count, dtype=np.int32), CLASSES)


def trained(poisoned: bool, seed: int) -> Target:
    given = images(3000, 2)
    pixels, labels = given.pixels.copy(), given.labels.copy()
    if poisoned:
        pixels[::10] = Trigger.patch(2).apply(pixels[::10], 255)
        labels[::10] = GOAL
    x, y = torch.from_numpy(pixels / np.float32(255)), torch.from_numpy(labels)
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(300, CLASSES)
        )
        optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
        for epoch in range(6):
            for part in torch.from_numpy(np.random.default_rng(epoch).permutation(len(x))).split(64):
                optimiser.zero_grad()
                nn.functional.cross_entropy(network(x[part]), y[part]).backward()
                optimiser.step()
    return Target(network, "pictures", "0" * 64, 1)


@pytest.fixture(scope="module")
def data() -> dict[str, Images]:
    return {CLEAN: images(400, 3), VERDICT: images(400, 4)}


@pytest.mark.parametrize("seed", [0, 1])
def test_no_hit_is_lost_and_norms_are_those_of_the_full_search(data: dict[str, Images], seed: int) -> None:
    full, screened = trained(True, seed), trained(True, seed)
    whole = neural_cleanse(case(full, data, FULL, Trigger.patch(2), GOAL))
    part = neural_cleanse(case(screened, data, SCREENED, Trigger.patch(2), GOAL))
    assert (whole.target, whole.alarm) == (part.target, part.alarm) == (GOAL, True)
    (searched,) = [array for array in part.arrays if array.name == "norm-by-class"]
    assert len(searched.x) <= SCREEN["suspicious"] + SCREEN["drawn"]
    for number, norm in zip(searched.x, searched.y, strict=True):
        assert norm == pytest.approx(whole.norms[int(number)], rel=0.02)
    assert screened.forward_backwards < 0.65 * full.forward_backwards


def test_a_clean_network_has_no_small_trigger_under_either(data: dict[str, Images]) -> None:
    poisoned, clean = (neural_cleanse(case(trained(bad, 0), data, SCREENED)) for bad in (True, False))
    assert clean.index is not None and poisoned.index is not None
    assert clean.index < poisoned.index


def test_what_the_smallest_is_compared_with_is_drawn_without_a_look_at_the_sizes() -> None:
    screen = Screen.of(SCREEN)
    sizes = np.random.default_rng(0).gamma(4, size=CLASSES)
    chosen = screen.chosen(sizes, 5)
    assert set(np.argsort(sizes)[:6]) <= set(chosen)
    assert set(screen.sample(CLASSES, 5)) <= set(chosen)
    counts = np.bincount(np.concatenate([screen.sample(CLASSES, seed) for seed in range(2000)]))
    assert counts == pytest.approx(np.full(CLASSES, 600), abs=103)  # five standard deviations
    assert (Screen(1, 1, 2, 90).chosen(sizes, 0) == np.arange(CLASSES)).all()


@dataclass
class Rate:
    full: float
    screened: float


def false_alarms(draw: str, models: int = 4000, classes: int = 100) -> Rate:
    """Of clean models whose classes are alike; the short search ranks them only roughly."""
    rng, screen = np.random.default_rng(0), Screen(1, 1, suspicious=10, drawn=30)
    full = screened = 0
    for model in range(models):
        norms = rng.lognormal(3, 0.5, classes) if draw == "lognormal" else rng.gamma(4, 5, classes)
        ranked = norms * rng.lognormal(0, 0.3, classes)
        whole = anomaly(norms)
        kept = np.isin(np.arange(classes), screen.chosen(ranked, model))
        known = np.where(kept, norms, np.nan)
        part = anomaly(known, screen.completed(ranked, known, model))
        assert whole is not None and part is not None
        full, screened = full + (whole.index > THRESHOLD), screened + (part.index > THRESHOLD)
    return Rate(full / models, screened / models)


@pytest.mark.parametrize("draw", ["lognormal", "gamma"])
def test_clean_models_are_flagged_hardly_more_often(draw: str) -> None:
    rate = false_alarms(draw)
    assert rate.screened == pytest.approx(rate.full, abs=0.02), rate


def test_median_and_deviation_may_be_those_of_other_numbers() -> None:
    norms, among = np.array([1.0, np.nan, np.nan, 5.0]), np.array([10.0, 11, 12, 13])
    found = anomaly(norms, among)
    assert found is not None
    assert (found.position, found.index) == (0, pytest.approx((11.5 - 1) / (1.4826 * 1)))
    assert anomaly(np.full(4, np.nan), among) is None
    assert anomaly(norms, np.array([1.0, 2.0, np.nan, np.nan])) is None


def test_what_is_filled_in_has_the_distribution_of_what_is_not_known() -> None:
    rng, screen = np.random.default_rng(1), Screen(1, 1, suspicious=10, drawn=300)
    full = rng.lognormal(3, 0.5, 3000)
    short = full**0.8 * rng.lognormal(1, 0.3, 3000)
    kept = np.isin(np.arange(3000), screen.chosen(short, 0))
    filled = screen.completed(short, np.where(kept, full, np.nan), 0)
    assert (filled[kept] == full[kept]).all()
    assert ks_2samp(filled[~kept], full[~kept]).pvalue > 0.01
    assert not (filled[~kept] == full[~kept]).any()


def test_classes_without_a_trigger_stay_without_one_and_few_numbers_fill_nothing_in() -> None:
    screen = Screen(1, 1, suspicious=1, drawn=8)
    short = np.array([1.0, *np.arange(2.0, 19.0), np.inf, np.inf])
    full = np.where(np.isin(np.arange(20), screen.chosen(short, 0)), 2 * short, np.nan)
    full[screen.sample(20, 0)[0]] = np.nan  # searched in full, and no trigger was found
    filled = screen.completed(short, full, 0)
    assert np.flatnonzero(np.isnan(filled)).tolist() == [screen.sample(20, 0)[0]]
    few = Screen(1, 1, suspicious=1, drawn=5)
    full = np.where(np.isin(np.arange(20), few.chosen(short, 0)), short, np.nan)
    full[few.sample(20, 0)[0]] = np.nan
    assert (np.isnan(few.completed(short, full, 0)) == np.isnan(full)).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 20}, "expected exactly steps, batches, suspicious, drawn"),
        ({**SCREEN, "more": 1}, "expected exactly"),
        ({**SCREEN, "drawn": 4}, "drawn is 4, expected at least 5"),
        ({**SCREEN, "suspicious": 0}, "suspicious is 0, expected at least 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Screen.of(settings)
