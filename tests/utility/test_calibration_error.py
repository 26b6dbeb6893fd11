"""The calibration error, by hand and against an implementation of another make."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from evaluations.utility.calibration_error import (
    bin_of_each,
    calibration_interval,
    expected_calibration_error,
    softmax,
)


def _exact(confidence: list[float], correct: list[bool], bins: int) -> Fraction:
    """Image by image, in exact fractions, bin after bin: |accuracy - confidence| times the share."""
    total = Fraction(0)
    for b in range(1, bins + 1):
        members = [
            (Fraction(c), hit)
            for c, hit in zip(confidence, correct, strict=True)
            if Fraction(b - 1, bins) < Fraction(c) <= Fraction(b, bins)
        ]
        if members:
            accuracy = Fraction(sum(hit for _, hit in members), len(members))
            mean = sum((c for c, _ in members), Fraction(0)) / len(members)
            total += abs(accuracy - mean) * Fraction(len(members), len(confidence))
    return total


def test_by_hand() -> None:
    """Two bins. Upper: confidences 0.6 and 0.8, one right: |0.5 - 0.7| * 2/4. Lower: 0.3 and 0.5, none
    right: 0.4 * 2/4. Together 0.1 + 0.2."""
    confidence, correct = np.array([0.6, 0.3, 0.8, 0.5]), np.array([True, False, False, False])
    assert expected_calibration_error(confidence, correct, 2) == pytest.approx(0.3, abs=1e-15)


@pytest.mark.parametrize("bins", [1, 4, 15])
@pytest.mark.parametrize("seed", range(5))
def test_against_exact_fractions(seed: int, bins: int) -> None:
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.1, 1.0, 200)
    correct = rng.random(200) < confidence**2
    expected = float(_exact(confidence.tolist(), correct.tolist(), bins))
    assert expected_calibration_error(confidence, correct, bins) == pytest.approx(expected, abs=1e-12)


def test_extremes() -> None:
    ones, zeros = np.ones(50), np.zeros(50, dtype=bool)
    assert expected_calibration_error(ones, ~zeros, 15) == 0.0
    assert expected_calibration_error(ones, zeros, 15) == 1.0


def test_bins_contain_their_upper_end() -> None:
    edges = np.array([k / 15 for k in range(1, 16)])
    assert bin_of_each(edges, 15).tolist() == list(range(15))
    assert bin_of_each(np.nextafter(edges[:-1], 1), 15).tolist() == list(range(1, 15))


def test_softmax_is_in_float64_and_does_not_overflow() -> None:
    logits = np.array([[1000.0, 0.0], [-1000.0, -1000.0], [0.0, 20.0]], dtype=np.float32)
    probabilities = softmax(logits)
    assert probabilities.dtype == np.float64 and probabilities.sum(axis=1) == pytest.approx(1.0)
    assert probabilities[1].tolist() == [0.5, 0.5]
    assert 0 < 1 - probabilities[2, 1] < 1e-8  # float32 has 1 here
    assert probabilities[2, 1] == pytest.approx(1 / (1 + np.exp(-20.0)), rel=1e-15)


def test_interval_is_around_the_value_and_repeats_by_seed() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1.0, 400)
    correct = rng.random(400) < confidence - 0.1
    value = expected_calibration_error(confidence, correct, 15)
    low, high = calibration_interval(confidence, correct, 15, seed=3)
    assert 0 <= low < value < high <= 1
    assert calibration_interval(confidence, correct, 15, seed=3) == (low, high)
    assert calibration_interval(confidence, correct, 15, seed=4) != (low, high)


def test_interval_covers_the_mean_of_the_estimator() -> None:
    """60 samples of one population: about 95 % of their intervals hold the estimator's mean."""
    rng = np.random.default_rng(1)
    samples = [(c := rng.beta(8, 1, 300) * 0.9 + 0.1, rng.random(300) < c**1.5) for _ in range(60)]
    mean = np.mean([expected_calibration_error(*sample, 15) for sample in samples])
    held = [low <= mean <= high for low, high in (calibration_interval(*sample, 15, 0) for sample in samples)]
    assert np.mean(held) >= 0.87
    widths = [np.diff(calibration_interval(*sample, 15, 0)).item() for sample in samples[:5]]
    assert max(widths) < 0.1  # covers, but not by being everything
