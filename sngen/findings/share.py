"""How much the share of models with a mark differs from a nominal one, its interval and its p-value."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from sngen.findings.difference import group_means
from sngen.findings.estimate import CONFIDENCE, Estimate

METHOD = "Wilson's score interval over groups of related models"


def share_above(marks: np.ndarray, groups: np.ndarray, nominal: float, times: float = 1.0) -> Estimate:
    """Share of ``marks`` [N] (0 or 1) minus ``nominal`` in (0, 1).

    Each of the distinct ``groups`` [N] of related models counts once, with its own share; with no two related
    it is the interval of E. B. Wilson (1927). The p-value is that of the score test it inverts, two-sided.
    ``times``: as if there were so many times as many groups of the same shares.
    """
    shares = group_means(marks, groups)
    n, share = len(shares) * times, float(shares.mean())
    z = float(norm.ppf((1 + CONFIDENCE) / 2))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    score = (share - nominal) / (nominal * (1 - nominal) / n) ** 0.5
    low, high = max(centre - half, 0.0) - nominal, min(centre + half, 1.0) - nominal
    return Estimate(share - nominal, low, high, 2 * float(norm.sf(abs(score))), METHOD)
