"""LiRA, offline: against the normal distribution written out, and against simulations with known answers."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from evaluations.membership.lira import lira_scores
from evaluations.membership.logit_scaling import label_log_probability, scaled_confidence
from sngen.errors import CheckFailed, UsageError

PER_IMAGE = {"location": "mean", "variance": "per-image"}
GLOBAL = {"location": "mean", "variance": "global"}
#: Distance of members from non-members in standard deviations: an AUC of 0.75.
SHIFT = 2**0.5 * float(norm.ppf(0.75))


def test_scaled_confidence_is_the_logit_of_the_probability() -> None:
    generator = np.random.default_rng(1)
    logits, labels = 3 * generator.normal(size=(200, 7)), generator.integers(7, size=200)
    p = softmax(logits, axis=1)[np.arange(200), labels]
    assert scaled_confidence(logits, labels) == pytest.approx(np.log(p / (1 - p)), abs=1e-9)
    assert label_log_probability(logits, labels) == pytest.approx(
        log_softmax(logits, axis=1)[np.arange(200), labels], abs=1e-12
    )


def test_scaled_confidence_goes_on_where_probabilities_are_full() -> None:
    logits = np.array([[30.0, 0.0], [60.0, 0.0], [0.0, 600.0]], dtype=np.float32)
    assert scaled_confidence(logits, np.array([0, 0, 0])).tolist() == [30.0, 60.0, -600.0]


@pytest.mark.parametrize("location", ["mean", "median"])
@pytest.mark.parametrize("variance", ["per-image", "global"])
def test_scores_are_those_of_equation_4_written_out(location: str, variance: str) -> None:
    generator = np.random.default_rng(2)
    target, references = generator.normal(size=(30, 4)), generator.normal(size=(6, 30, 4))
    labels = generator.integers(4, size=30)
    found = lira_scores(target, labels, references, {"location": location, "variance": variance})
    phi_out = [[_phi(model[image], labels[image]) for model in references] for image in range(30)]
    pooled = statistics.fmean(statistics.variance(values) for values in phi_out) ** 0.5
    for image, values in enumerate(phi_out):
        mu = getattr(statistics, location)(values)
        sigma = statistics.stdev(values) if variance == "per-image" else pooled
        one_minus_survival = 1 - norm.sf(_phi(target[image], labels[image]), mu, sigma)
        assert norm.cdf(found[image]) == pytest.approx(one_minus_survival, abs=1e-9)


def test_surest_members_stay_apart() -> None:
    """Their probabilities are all 1."""
    target, references = _logits(np.array([20.0, 30.0])), _logits(np.array([[0.0, 0.0], [1.0, 1.0]]))
    scores = lira_scores(target, np.zeros(2, dtype=np.int64), references, PER_IMAGE)
    assert norm.cdf(scores).tolist() == [1.0, 1.0] and scores[0] < scores[1]


def test_simulation_reaches_its_closed_form_and_a_two_sided_test_does_not() -> None:
    target, references, members = _simulated(images=8000, models=200, spread_of_sigma=1.0)
    scores = lira_scores(target, np.zeros(8000, dtype=np.int64), references, PER_IMAGE)
    assert roc_auc_score(members, scores) == pytest.approx(0.75, abs=0.015)
    # |z| of a member beats that of a non-member with probability 0.75^2 + 0.25^2.
    assert roc_auc_score(members, np.abs(scores)) == pytest.approx(0.625, abs=0.015)


def test_global_variance_is_for_few_references() -> None:
    target, references, members = _simulated(images=8000, models=4, spread_of_sigma=0.0)
    labels = np.zeros(8000, dtype=np.int64)
    pooled = roc_auc_score(members, lira_scores(target, labels, references, GLOBAL))
    # The mean of four references has itself a quarter of the variance.
    assert pooled == pytest.approx(norm.cdf(SHIFT / (2 * (1 + 1 / 4)) ** 0.5), abs=0.015)
    assert roc_auc_score(members, lira_scores(target, labels, references, PER_IMAGE)) < pooled - 0.01


def test_swapped_members_give_the_complement() -> None:
    target, references, members = _simulated(images=500, models=8, spread_of_sigma=0.5)
    scores = lira_scores(target, np.zeros(500, dtype=np.int64), references, PER_IMAGE)
    assert roc_auc_score(~members, scores) == pytest.approx(1 - roc_auc_score(members, scores))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"location": "mode", "variance": "global"}, "location is 'mode', expected mean or median"),
        ({"location": "mean", "variance": "fixed"}, "variance is 'fixed', expected per-image or global"),
    ],
)
def test_unknown_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        lira_scores(np.eye(3), np.arange(3), np.stack([np.eye(3)] * 2), settings)


def test_references_must_be_several_and_differ() -> None:
    with pytest.raises(UsageError, match="at least two"):
        lira_scores(np.eye(3), np.arange(3), np.eye(3)[None], PER_IMAGE)
    with pytest.raises(CheckFailed, match="for 3 images all 2 reference models give the same"):
        lira_scores(np.eye(3), np.arange(3), np.stack([np.eye(3)] * 2), PER_IMAGE)


def test_logits_of_the_wrong_kind_are_refused() -> None:
    with pytest.raises(CheckFailed, match=r"\[models, images, classes\]"):
        lira_scores(np.eye(3), np.arange(3), np.eye(3), PER_IMAGE)
    holed = np.stack([np.eye(3), 2 * np.eye(3)])
    holed[1, 2, 0] = np.nan
    with pytest.raises(CheckFailed, match="not finite"):
        lira_scores(np.eye(3), np.arange(3), holed, PER_IMAGE)


def _phi(logits: np.ndarray, label: int) -> float:
    return float(logits[label] - np.log(np.exp(np.delete(logits, label)).sum()))


def _logits(phi: np.ndarray) -> np.ndarray:
    """Two classes, of which the first has exactly this scaled confidence."""
    return np.stack([phi, np.zeros_like(phi)], axis=-1)


def _simulated(images: int, models: int, spread_of_sigma: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Target logits, reference logits and members: each image has its own mean and spread without it, and
    its phi is ``SHIFT`` spreads higher with it."""
    generator = np.random.default_rng(3)
    mu = 4 * generator.normal(size=images)
    sigma = np.exp(spread_of_sigma * generator.normal(size=images))
    members = np.arange(images) % 2 == 0
    phi = mu + sigma * (generator.normal(size=images) + SHIFT * members)
    phi_out = mu + sigma * generator.normal(size=(models, images))
    return _logits(phi), _logits(phi_out), members
