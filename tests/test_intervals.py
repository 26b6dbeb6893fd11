"""Intervals against their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from sngen.intervals import median_interval


@pytest.mark.parametrize("n", [6, 7, 25, 100, 501])
def test_the_median_interval_covers_as_the_binomial_says(n: int) -> None:
    low, high = median_interval(list(range(n)))
    below = int(low) + 1  # order statistics, counted from 1
    assert n - 1 - high == low, "symmetric"
    assert 1 - 2 * binom.cdf(below - 1, n, 0.5) >= 0.95, "covers at least 95 %"
    assert 1 - 2 * binom.cdf(below, n, 0.5) < 0.95, "and no narrower pair does"


def test_the_median_interval_covers_in_simulation() -> None:
    generator = np.random.default_rng(0)
    draws = generator.exponential(size=(2000, 31))
    covered = [low <= math.log(2) <= high for low, high in map(median_interval, draws.tolist())]
    assert 0.94 < np.mean(covered) < 0.99


def test_infinite_values_and_few_values() -> None:
    assert median_interval([1.0, 2.0, 3.0]) == (-math.inf, math.inf)
    assert median_interval([1, 2, 3, 4, 5, math.inf, math.inf, math.inf]) == (1.0, math.inf)
