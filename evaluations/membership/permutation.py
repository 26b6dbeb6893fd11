"""A control of the arithmetic: where membership is drawn by lot, no score may know it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from evaluations.membership.roc import Roc
from sngen.errors import CheckFailed

#: Standard errors between the mean of the permuted AUCs and 1/2: a right program exceeds it once in 16,000.
LIMIT = 4.0


@dataclass(frozen=True)
class PermutationCheck:
    """AUCs under permuted membership.

    ``mean`` is their mean and ``expected_sd`` the standard deviation that theory gives one of them.
    ``p_value`` is the share of permutations (the observed one among them) that reach the observed AUC: small
    where the score does know the members.
    """

    aucs: np.ndarray
    mean: float
    expected_sd: float
    p_value: float


def permutation_check(
    member_scores: np.ndarray, nonmember_scores: np.ndarray, permutations: int, seed: int
) -> PermutationCheck:
    """Redistribute membership over the images ``permutations`` times (at least 1) and take the AUC each time.

    Random numbers: Philox with the key ``seed``. Raises ``CheckFailed`` if the mean is not 1/2 within four
    standard errors, and for scores that are no scores.
    """
    observed = Roc.of(member_scores, nonmember_scores).auc
    m, n = len(member_scores), len(nonmember_scores)
    midranks = rankdata(np.concatenate([member_scores, nonmember_scores]).astype(np.float64))
    generator = np.random.Generator(np.random.Philox(key=seed))
    rank_sums = np.array([generator.permutation(midranks)[:m].sum() for _ in range(permutations)])
    aucs = (rank_sums - m * (m + 1) / 2) / (m * n)
    expected_sd = null_variance(midranks, m) ** 0.5
    mean = float(aucs.mean())
    allowed = LIMIT * expected_sd / permutations**0.5
    if abs(mean - 0.5) > allowed + 1e-12:  # rounding, where all scores are equal
        raise CheckFailed(
            f"with membership drawn by lot {permutations} times the AUC is {mean:.4f} on average, expected "
            f"0.5 within {allowed:.4f}: the program that computes it is wrong."
        )
    reached = int((aucs >= observed - 1e-12).sum())
    return PermutationCheck(aucs, mean, expected_sd, (1 + reached) / (1 + permutations))


def null_variance(midranks: np.ndarray, members: int) -> float:
    """Variance of the AUC over all ways to draw ``members`` of the images with these midranks.

    Drawing without replacement: the rank sum has m n / (N (N - 1)) times the ranks' sum of squares about
    their mean. Without ties this is (N + 1) / (12 m n).
    """
    total = len(midranks)
    others = total - members
    squares = float(((midranks - midranks.mean()) ** 2).sum())
    return squares / (total * (total - 1) * members * others)
