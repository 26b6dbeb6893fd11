"""The ROC curve of a member score: from two sets of numbers to rates at every threshold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sngen.errors import CheckFailed

#: Below this false positive rate a thinned curve keeps every corner: there the curve is read off.
EXACT_BELOW = 0.02
#: How far thinning may move the area under the curve.
AREA_TOLERANCE = 1e-3


@dataclass(frozen=True)
class OperatingPoint:
    """What calling every image with a score of at least ``threshold`` a member comes to."""

    threshold: float
    true_positives: int
    members: int
    false_positives: int
    nonmembers: int

    @property
    def true_positive_rate(self) -> float:
        return self.true_positives / self.members

    @property
    def false_positive_rate(self) -> float:
        """The realised one."""
        return self.false_positives / self.nonmembers

    @property
    def balanced_accuracy(self) -> float:
        """Mean of the true positive and the true negative rate."""
        return 0.5 + (self.true_positive_rate - self.false_positive_rate) / 2


@dataclass(frozen=True, eq=False)
class Roc:
    """The curve of M members and N non-members; equal scores are told apart by no threshold.

    ``thresholds`` float64 [T]: +infinity (nobody is called a member), then the distinct scores, falling.
    ``true_positives`` and ``false_positives`` int64 [T]: images of each side with a score of at least that.
    """

    thresholds: np.ndarray
    true_positives: np.ndarray
    false_positives: np.ndarray

    @classmethod
    def of(cls, member_scores: np.ndarray, nonmember_scores: np.ndarray) -> Roc:
        """From scores [M] and [N], higher = member. Raises ``CheckFailed`` for an empty side and for NaN."""
        for side, scores in (("members", member_scores), ("non-members", nonmember_scores)):
            _check(side, scores)
        pooled = np.concatenate([member_scores, nonmember_scores]).astype(np.float64)
        values, position = np.unique(pooled, return_inverse=True)
        members, nonmembers = (
            np.bincount(part, minlength=len(values))[::-1].cumsum()
            for part in np.split(position, [len(member_scores)])
        )
        return cls(
            np.concatenate([[np.inf], values[::-1]]),
            np.concatenate([[0], members]),
            np.concatenate([[0], nonmembers]),
        )

    @property
    def members(self) -> int:
        return int(self.true_positives[-1])

    @property
    def nonmembers(self) -> int:
        return int(self.false_positives[-1])

    @cached_property
    def auc(self) -> float:
        """Probability that a member scores above a non-member, ties counted as 1/2: in whole numbers."""
        new_false = np.diff(self.false_positives)
        twice_wins = int((new_false * (self.true_positives[1:] + self.true_positives[:-1])).sum())
        return twice_wins / (2 * self.members * self.nonmembers)

    @property
    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """False and true positive rates float64 [T], from (0, 0) to (1, 1)."""
        return self.false_positives / self.nonmembers, self.true_positives / self.members

    def at_threshold(self, threshold: float) -> OperatingPoint:
        """Everybody with a score of at least ``threshold`` is called a member."""
        at_least = int(np.searchsorted(-self.thresholds, -threshold, side="right")) - 1
        return self._point(at_least, threshold)

    def tpr_at(self, fpr: float) -> OperatingPoint:
        """The lowest threshold whose false positive rate is at most ``fpr``; nothing is interpolated.

        The realised rate is below ``fpr`` where that is no multiple of 1/N or where scores are tied.
        """
        attainable = self.false_positives / self.nonmembers <= fpr
        return self._point(int(np.flatnonzero(attainable)[-1]))

    def best_balanced_accuracy(self) -> OperatingPoint:
        """The threshold with the greatest balanced accuracy *on these very images*; the highest of equals.

        Tuned on what it is judged on, this is an upper bound of what an attacker can do with one threshold.
        """
        # Exact in whole numbers, so that equals are equal.
        advantage = self.true_positives * self.nonmembers - self.false_positives * self.members
        return self._point(int(advantage.argmax()))

    def thinned(self, points: int = 200) -> tuple[np.ndarray, np.ndarray]:
        """False and true positive rates of a curve with fewer points, for keeping and drawing.

        Every corner with a false positive rate below 0.02 is kept (at most two for each false positive). Of
        the rest, the neighbours of ``points`` / 2 places at equal distances along the curve are; of twice as
        many places, and so on, where these would move the area by more than 1e-3. Points are never invented.
        """
        corners = self._corners()
        head = corners[self.false_positives[corners] < EXACT_BELOW * self.nonmembers]
        tail = corners[len(head) :]
        while True:
            kept = np.concatenate([head, tail[self._spread(tail, points)]])
            if abs(self._area(kept) - self.auc) <= AREA_TOLERANCE:
                fpr, tpr = self.points
                return fpr[kept], tpr[kept]
            points *= 2

    def _point(self, index: int, threshold: float | None = None) -> OperatingPoint:
        return OperatingPoint(
            float(self.thresholds[index]) if threshold is None else threshold,
            int(self.true_positives[index]), self.members,
            int(self.false_positives[index]), self.nonmembers,
        )  # fmt: skip

    def _corners(self) -> np.ndarray:
        """Indices of the points where the curve changes its direction, and of both ends."""
        across, up = np.diff(self.false_positives), np.diff(self.true_positives)
        turns = across[:-1] * up[1:] != across[1:] * up[:-1]
        return np.flatnonzero(np.concatenate([[True], turns, [True]]))

    def _spread(self, indices: np.ndarray, points: int) -> np.ndarray:
        """Positions in ``indices``: the neighbours of ``points`` / 2 equidistant places, and both ends."""
        fpr, tpr = self.points
        length = fpr[indices] + tpr[indices]
        places = np.linspace(length[0], length[-1], max(points // 2, 2))
        before = np.searchsorted(length, places, side="right") - 1
        # The one after as well: a long straight piece stays one, and costs no area.
        return np.unique([*before, *np.minimum(before + 1, len(indices) - 1)])

    def _area(self, kept: np.ndarray) -> float:
        fpr, tpr = self.points
        return float(np.trapezoid(tpr[kept], fpr[kept]))


def _check(side: str, scores: np.ndarray) -> None:
    if scores.ndim != 1 or len(scores) == 0:
        raise CheckFailed(f"scores of {side}: found shape {list(scores.shape)}, expected [images].")
    nan = np.isnan(scores)
    if nan.any():
        raise CheckFailed(
            f"scores of {side}: {int(nan.sum())} of {len(scores)} are NaN, the first at position "
            f"{int(np.flatnonzero(nan)[0])}. Scores have to be numbers."
        )
