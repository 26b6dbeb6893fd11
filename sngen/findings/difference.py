"""The mean difference of two scores of one model, its interval and its p-value."""

from __future__ import annotations

import numpy as np
from scipy.stats import t as student

from sngen.findings.estimate import CONFIDENCE, Estimate

METHOD = "Student's t over groups of related models"


def group_means(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Mean of ``values`` [N] in each of the distinct ``groups`` [N], in their order."""
    _, codes = np.unique(groups, return_inverse=True)
    means: np.ndarray = np.bincount(codes, weights=values) / np.bincount(codes)
    return means


def is_constant(x: np.ndarray, y: np.ndarray, groups: np.ndarray) -> bool:
    """Whether all groups have one mean difference, but for rounding: nothing is known of its spread then."""
    return float(np.ptp(group_means(y - x, groups))) < 1e-12


def mean_difference(x: np.ndarray, y: np.ndarray, groups: np.ndarray) -> Estimate:
    """Mean of y - x over groups of related models, each of which counts once with its own mean.

    ``x``, ``y``, ``groups``: [N]. The interval is that of Student's t on the groups' means, cut to [-1, 1],
    within which a difference of two shares lies. Raises ``ValueError`` where ``is_constant``.
    """
    if is_constant(x, y, groups):
        raise ValueError("a mean difference needs two groups of related models that differ")
    means = group_means(y - x, groups)
    centre, freedom = float(means.mean()), len(means) - 1
    error = float(means.std(ddof=1)) / len(means) ** 0.5
    half = float(student.ppf((1 + CONFIDENCE) / 2, freedom)) * error
    p_value = 2 * float(student.sf(abs(centre) / error, freedom))
    return Estimate(centre, max(centre - half, -1.0), min(centre + half, 1.0), p_value, METHOD)
