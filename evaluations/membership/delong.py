"""How sure an AUC is, and whether two attacks differ: DeLong's variance, computed by midranks.

E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson, Biometrics 44 (1988); X. Sun and W. Xu, "Fast
Implementation of DeLong's Algorithm", IEEE Signal Processing Letters 21 (2014). All in float64, O(n log n).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from scipy.stats import binomtest, norm, rankdata

from evaluations.membership.roc import Roc
from sngen.errors import CheckFailed

Z = float(norm.ppf(0.975))


@dataclass(frozen=True)
class AucInterval:
    """An AUC with its DeLong variance and its 95 % interval; ``method`` names how the interval came about."""

    auc: float
    variance: float
    low: float
    high: float
    method: str


@dataclass(frozen=True)
class PairedTest:
    """AUC of the first attack less that of the second, its 95 % interval and two-sided p-value."""

    difference: float
    low: float
    high: float
    p_value: float


def structural_components(
    member_scores: np.ndarray, nonmember_scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Each member's share of non-members below it [M], and each non-member's share of members above it [N].

    Ties count 1/2; the mean of either is the AUC. Raises ``CheckFailed`` for NaN and for fewer than two
    images on a side, of which no variance exists.
    """
    for side, scores in (("members", member_scores), ("non-members", nonmember_scores)):
        if scores.ndim != 1 or len(scores) < 2:
            found = list(scores.shape)
            raise CheckFailed(f"scores of {side}: found shape {found}, expected [images], at least two.")
        if np.isnan(scores).any():
            raise CheckFailed(f"scores of {side}: {int(np.isnan(scores).sum())} are NaN, expected numbers.")
    m, n = len(member_scores), len(nonmember_scores)
    midranks = rankdata(np.concatenate([member_scores, nonmember_scores]).astype(np.float64))
    # A rank among all, less the rank among one's own, counts the others below.
    of_members = (midranks[:m] - rankdata(member_scores)) / n
    of_nonmembers = 1 - (midranks[m:] - rankdata(nonmember_scores)) / m
    return of_members, of_nonmembers


def auc_interval(member_scores: np.ndarray, nonmember_scores: np.ndarray) -> AucInterval:
    """AUC of scores [M] and [N] with its 95 % interval: DeLong's, symmetric on the logit scale.

    The logit keeps the interval inside (0, 1) and covers better than the plain one near the ends (M. S. Pepe,
    "The Statistical Evaluation of Medical Tests", 2003). The variance is 0 exactly where every
    member is above every non-member, below, or level; this does not make the AUC certain. There the
    images form k = min(M, N) independent pairs that all came out alike, and an exact binomial bound
    says how frequent another outcome can be: at most q = 1 - 0.025^(1/k). The interval is then [1 - q, 1],
    [0, q] or [1/2 - q/2, 1/2 + q/2].
    """
    of_members, of_nonmembers = structural_components(member_scores, nonmember_scores)
    auc = Roc.of(member_scores, nonmember_scores).auc
    variance = _variance(of_members, of_nonmembers)
    if variance > 0:
        half_width = Z * variance**0.5 / (auc * (1 - auc))
        low, high = expit(logit(auc) - half_width), expit(logit(auc) + half_width)
        return AucInterval(auc, variance, float(low), float(high), "DeLong, logit scale")
    pairs = min(len(member_scores), len(nonmember_scores))
    other = 1 - 0.025 ** (1 / pairs)
    reach = other / 2 if auc == 0.5 else other
    return AucInterval(
        auc, 0.0, max(0.0, auc - reach), min(1.0, auc + reach),
        f"exact binomial over {pairs} independent pairs, all alike, where DeLong's variance is 0",
    )  # fmt: skip


def paired_test(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> PairedTest:
    """DeLong's test of two attacks on the same images.

    ``first`` and ``second`` are (scores of members [M], scores of non-members [N]) in the same order of
    images. The interval is normal. Where the variance of the difference is 0, the p-value is that of the
    exact sign test over min(M, N) independent pairs. Raises ``CheckFailed`` for scores of different images.
    """
    shapes = [tuple(side.shape for side in attack) for attack in (first, second)]
    if shapes[0] != shapes[1]:
        raise CheckFailed(
            f"scores of two attacks: shapes {shapes[0]} and {shapes[1]}, expected the same images."
        )
    components = structural_components(*first), structural_components(*second)
    variance = _variance(*(a - b for a, b in zip(*components, strict=True)))
    difference = Roc.of(*first).auc - Roc.of(*second).auc
    half_width = Z * variance**0.5
    if variance > 0:
        p_value = float(2 * norm.sf(abs(difference) / variance**0.5))
    else:
        p_value = _sign_test(first, second)
    return PairedTest(
        difference, max(-1.0, difference - half_width), min(1.0, difference + half_width), p_value
    )


def _variance(of_members: np.ndarray, of_nonmembers: np.ndarray) -> float:
    return sum(_mean_variance(part) for part in (of_members, of_nonmembers))


def _mean_variance(values: np.ndarray) -> float:
    """Of the mean of ``values``; exactly 0 where all are equal, which rounding would hide."""
    return 0.0 if (values == values[0]).all() else float(values.var(ddof=1)) / len(values)


def _sign_test(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> float:
    pairs = min(len(first[0]), len(first[1]))
    won = [
        (members[:pairs] > nonmembers[:pairs]) * 1 - (members[:pairs] < nonmembers[:pairs])
        for members, nonmembers in (first, second)
    ]
    better, worse = int((won[0] > won[1]).sum()), int((won[0] < won[1]).sum())
    return float(binomtest(better, better + worse).pvalue) if better + worse else 1.0
