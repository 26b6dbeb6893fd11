"""Thresholds of member scores, one for each class, learned from shadow models."""

from __future__ import annotations

import numpy as np

from evaluations.membership.posteriors import check_labels
from evaluations.membership.roc import Roc
from sngen.errors import CheckFailed


def class_wise_thresholds(
    shadow_scores: np.ndarray, shadow_is_member: np.ndarray, shadow_labels: np.ndarray, num_classes: int
) -> np.ndarray:
    """For each class the threshold with the best balanced accuracy on its shadow images: float64 [K].

    ``shadow_scores`` finite [S], higher = member; ``shadow_is_member`` bool [S]; ``shadow_labels`` int64 [S].
    An image is called a member from the threshold on. Thresholds lie half-way between two neighbouring
    scores; of equally good ones the highest is taken, and where none is better than chance the lowest score:
    everybody is called a member. They are finite, so a score less its class's threshold is a score again.
    L. Song and P. Mittal, USENIX Security 2021, arXiv:2003.10595. Raises ``CheckFailed`` for wrong shapes,
    scores that are not finite, and classes without shadow members or non-members, naming them.
    """
    _check(shadow_scores, shadow_is_member, shadow_labels, num_classes)
    thresholds = np.empty(num_classes)
    for label in range(num_classes):
        of_class = shadow_labels == label
        thresholds[label] = _best_threshold(
            shadow_scores[of_class & shadow_is_member], shadow_scores[of_class & ~shadow_is_member]
        )
    return thresholds


def above_thresholds(scores: np.ndarray, labels: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Scores float64 [N] less the threshold of their class; at least 0 means "member"."""
    check_labels(labels, len(scores), len(thresholds))
    above: np.ndarray = scores.astype(np.float64) - thresholds[labels]
    return above


def _best_threshold(members: np.ndarray, nonmembers: np.ndarray) -> float:
    best = Roc.of(members, nonmembers).best_balanced_accuracy().threshold
    values = np.unique(np.concatenate([members, nonmembers]).astype(np.float64))
    below = values[values < best]
    if not np.isfinite(best) or len(below) == 0:  # chance: to call nobody a member is as good as everybody
        return float(values[0])
    halfway = float(below[-1] + (best - below[-1]) / 2)
    return halfway if halfway > below[-1] else best  # neighbours in float64 have nothing between them


def _check(scores: np.ndarray, is_member: np.ndarray, labels: np.ndarray, num_classes: int) -> None:
    if scores.ndim != 1 or is_member.shape != scores.shape or is_member.dtype != np.bool_:
        raise CheckFailed(
            f"shadow data: found scores {list(scores.shape)} and membership {is_member.dtype} "
            f"{list(is_member.shape)}, expected [images] and a bool for each."
        )
    if not np.isfinite(scores).all():
        raise CheckFailed(f"shadow data: {int((~np.isfinite(scores)).sum())} scores are not finite.")
    check_labels(labels, len(scores), num_classes)
    for side, chosen in (("members", is_member), ("non-members", ~is_member)):
        missing = np.flatnonzero(np.bincount(labels[chosen], minlength=num_classes) == 0)
        if len(missing):
            raise CheckFailed(
                f"shadow data: no {side} of the classes {', '.join(map(str, missing))}, expected some of "
                "every class. Use more shadow images, or draw them by class."
            )
