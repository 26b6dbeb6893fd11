"""Confidence intervals of reported quantities."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from scipy.stats import binom, binomtest


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % Wilson score interval of the proportion ``hits / n`` (Wilson 1927)."""
    interval = binomtest(hits, n).proportion_ci(confidence_level=0.95, method="wilson")
    return float(interval.low), float(interval.high)


def newcombe_difference(hits_a: int, n_a: int, hits_b: int, n_b: int) -> tuple[float, float]:
    """95 % interval of ``hits_a / n_a - hits_b / n_b`` for independent samples.

    Newcombe 1998, "Interval estimation for the difference between independent proportions", method 10:
    the two Wilson intervals combined.
    """
    p_a, p_b = hits_a / n_a, hits_b / n_b
    low_a, high_a = wilson(hits_a, n_a)
    low_b, high_b = wilson(hits_b, n_b)
    difference = p_a - p_b
    below = ((p_a - low_a) ** 2 + (high_b - p_b) ** 2) ** 0.5
    above = ((high_a - p_a) ** 2 + (p_b - low_b) ** 2) ** 0.5
    return difference - below, difference + above


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % interval of the median from the order statistics, without assumptions (Thompson 1936).

    ``values`` of at least one number; infinite ones are allowed. With fewer than 6 values no pair of order
    statistics reaches 95 %, and the interval is the whole line.
    """
    ordered, n = sorted(values), len(values)
    below = int(binom.ppf(0.025, n, 0.5))  # P(fewer than this many lie under the median) is at most 2.5 %
    if below < 1:
        return -inf, inf
    return float(ordered[below - 1]), float(ordered[n - below])
