"""Spearman's rank correlation, its interval and its p-value, for independent and for related models."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, rankdata
from scipy.stats import spearmanr as scipy_spearmanr

from sngen.findings.estimate import CONFIDENCE, Estimate

FISHER = "Fisher z with the standard error of Bonett & Wright (2000)"


def spearman(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Rho with tied ranks averaged, and its two-sided p-value (t distribution). ``x``, ``y``: [N]."""
    result = scipy_spearmanr(x, y)
    return _rounded(float(result.statistic), x, y), float(result.pvalue)


def _rounded(rho: float, x: np.ndarray, y: np.ndarray) -> float:
    """Exactly 1 or -1 where the order is perfect: rounding carries it an ulp to either side."""
    if np.array_equal(rankdata(x), rankdata(y)):
        return 1.0
    return -1.0 if np.array_equal(rankdata(x), rankdata(-y)) else rho


def fisher_interval(rho: float, n: float) -> tuple[float, float]:
    """95 % interval: tanh(atanh(rho) +- z SE) with SE = sqrt((1 + rho^2 / 2) / (n - 3)).

    Bonett & Wright 2000, "Sample size requirements for estimating Pearson, Kendall and Spearman
    correlations", Psychometrika 65. Needs n > 3 and \\|rho\\| < 1.
    """
    if n <= 3 or abs(rho) >= 1:
        raise ValueError(f"Fisher's interval needs n > 3 and |rho| < 1; found n {n}, rho {rho}")
    half = norm.ppf((1 + CONFIDENCE) / 2) * np.sqrt((1 + rho**2 / 2) / (n - 3))
    centre = np.arctanh(rho)
    return float(np.tanh(centre - half)), float(np.tanh(centre + half))


def independent(x: np.ndarray, y: np.ndarray, resamples: int, seed: int) -> Estimate:
    """For unrelated models: Fisher's interval, and the bootstrap's where rho is 1 or -1."""
    rho, p_value = spearman(x, y)
    if abs(rho) < 1:
        return Estimate(rho, *fisher_interval(rho, len(x)), p_value, FISHER)
    method = f"percentile bootstrap, {resamples} resamples"
    return Estimate(rho, *cluster_bootstrap(x, y, np.arange(len(x)), resamples, seed), method)


def clustered(x: np.ndarray, y: np.ndarray, groups: np.ndarray, resamples: int, seed: int) -> Estimate:
    """For models of which some are related: interval and p-value resample whole ``groups`` [N]."""
    rho, _ = spearman(x, y)
    method = f"percentile bootstrap over groups of related models, {resamples} resamples"
    return Estimate(rho, *cluster_bootstrap(x, y, groups, resamples, seed), method)


def cluster_bootstrap(
    x: np.ndarray, y: np.ndarray, groups: np.ndarray, resamples: int, seed: int
) -> tuple[float, float, float]:
    """Percentile interval and two-sided p-value of rho, drawing groups with replacement.

    The p-value inverts the interval: twice the smaller share of resamples on either side of zero, counting
    the sample itself, so it is never below 2 / (resamples + 1). Resamples in which a quantity is constant
    have no rho and are left out. Raises ``ValueError`` if none is left.
    """
    _, codes = np.unique(groups, return_inverse=True)
    count = int(codes.max()) + 1
    generator = np.random.Generator(np.random.Philox(seed))
    drawn = generator.multinomial(count, np.full(count, 1 / count), size=resamples)
    rhos = weighted_spearman(x, y, drawn[:, codes])
    rhos = rhos[np.isfinite(rhos)]
    if not len(rhos):
        raise ValueError("no resample in which both quantities vary")
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(rhos, [tail, 1 - tail])
    smaller = min(int((rhos <= 0).sum()), int((rhos >= 0).sum()))
    return float(low), float(high), min(1.0, 2 * (smaller + 1) / (len(rhos) + 1))


def weighted_spearman(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Rho [B] of B resamples, each given by how often it holds each model (``weights`` [B, N] >= 0).

    Equal to ranking the resample written out, without writing it out. NaN where a quantity is constant.
    """
    weights = weights.astype(float)
    rank_x, rank_y = _weighted_ranks(x, weights), _weighted_ranks(y, weights)
    total = weights.sum(axis=1, keepdims=True)
    dx = rank_x - (weights * rank_x).sum(axis=1, keepdims=True) / total
    dy = rank_y - (weights * rank_y).sum(axis=1, keepdims=True) / total
    covariance = (weights * dx * dy).sum(axis=1)
    variances = (weights * dx**2).sum(axis=1) * (weights * dy**2).sum(axis=1)
    rho = np.divide(covariance, np.sqrt(variances), out=np.full(len(weights), np.nan), where=variances > 0)
    return np.clip(rho, -1.0, 1.0)


def _weighted_ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Average ranks [B, N] of values [N] that occur ``weights`` [B, N] times."""
    place = rankdata(values, method="dense") - 1
    of_value = np.zeros((len(weights), int(place.max()) + 1))
    for column, where in enumerate(place):
        of_value[:, where] += weights[:, column]
    average = of_value.cumsum(axis=1) - of_value / 2 + 0.5
    ranks: np.ndarray = average[:, place]
    return ranks
