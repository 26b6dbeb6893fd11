"""From member scores to a record: what every attack of the family shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from evaluations.datasets.images import Images
from evaluations.membership.assessing import assess, class_aucs
from evaluations.membership.evaluation_sets import check_sets
from evaluations.membership.permutation import permutation_check
from evaluations.membership.roc import Roc
from evaluations.method import Measurement
from evaluations.target import Target
from sngen.errors import CheckFailed
from sngen.results import ArrayEntry

SETTING = "default"
ROC_POINTS = 120
PERMUTATIONS = 20

#: (logits [N, K], labels int64 [N]) -> member scores float64 [N]
Score = Callable[[np.ndarray, np.ndarray], np.ndarray]


def evaluated(data: Mapping[str, Images], settings: Mapping[str, Any]) -> tuple[Images, Images]:
    """Members and non-members: the roles ``members`` and ``nonmembers``, the first ``images`` of each where
    the settings say so, checked against everything that would give an attack away."""
    members, nonmembers = data["members"], data["nonmembers"]
    if "images" in settings:
        members, nonmembers = (
            side.first(min(settings["images"], len(side))) for side in (members, nonmembers)
        )
    check_sets(members, nonmembers)
    return members, nonmembers


def measure_logits(
    score: Score, target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int
) -> Measurement:
    """An attack that looks at one answer of the target. Settings: ``batch_size``."""
    members, nonmembers = evaluated(data, settings)
    scores = [
        score(target.logits(side, settings["batch_size"]), side.labels) for side in (members, nonmembers)
    ]
    return measurement(scores[0], scores[1], members, nonmembers, seed)


def measurement(
    member_scores: np.ndarray,
    nonmember_scores: np.ndarray,
    members: Images,
    nonmembers: Images,
    seed: int,
    thresholds: np.ndarray | None = None,
) -> Measurement:
    """AUC, balanced accuracy and true positive rates, with the ROC and the AUC of each class as arrays.

    Raises ``CheckFailed`` where all scores are equal, since such an attack says nothing about the target,
    and where the arithmetic finds members among labels that were drawn by lot.
    """
    scores = np.concatenate([member_scores, nonmember_scores])
    if (scores == scores[0]).all():
        raise CheckFailed(
            f"all {len(scores)} member scores are {scores[0]:g}: the target gives every image the same "
            "answer, so there is nothing to tell members by."
        )
    permutation_check(member_scores, nonmember_scores, PERMUTATIONS, seed)
    labels = members.labels, nonmembers.labels
    entries, roc = assess(member_scores, nonmember_scores, SETTING, *labels, thresholds=thresholds)
    aucs = class_aucs(member_scores, nonmember_scores, *labels, members.num_classes)
    return Measurement(tuple(entries), arrays=(_roc(roc), _by_class(aucs)))


def _roc(roc: Roc) -> ArrayEntry:
    fpr, tpr = roc.thinned(ROC_POINTS)
    return ArrayEntry(
        SETTING, "roc", "false positive rate", "true positive rate", _rounded(fpr), _rounded(tpr)
    )


def _by_class(aucs: np.ndarray) -> ArrayEntry:
    """Only classes that have members and non-members."""
    known = np.flatnonzero(np.isfinite(aucs))
    return ArrayEntry(
        SETTING,
        "auc-by-class",
        "class",
        "AUC among the images of the class",
        _rounded(known),
        _rounded(aucs[known]),
    )


def _rounded(values: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)
