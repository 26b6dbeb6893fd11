"""What a member score is worth, as entries of a record: AUC, balanced accuracy, hits at few false alarms."""

from __future__ import annotations

import numpy as np
from scipy.stats import binomtest

from evaluations.membership.delong import auc_interval
from evaluations.membership.posteriors import check_labels
from evaluations.membership.roc import OperatingPoint, Roc
from evaluations.membership.thresholds import above_thresholds
from sngen.errors import CheckFailed
from sngen.intervals import newcombe_difference
from sngen.results import ScoreEntry

#: False positive rates at which the true positive rate is reported, as they stand in a setting's name.
FALSE_POSITIVE_RATES = {"fpr-0.01": 0.01, "fpr-0.001": 0.001}
#: With fewer expected false positives the rate is attained by chance, with fewer than one not at all.
ENOUGH, LEAST = 10, 1
FEW = "few-false-positives"
TUNED_ON_TARGET = "threshold-tuned-on-target"


def assess(
    member_scores: np.ndarray,
    nonmember_scores: np.ndarray,
    setting: str,
    member_labels: np.ndarray,
    nonmember_labels: np.ndarray,
    thresholds: np.ndarray | None = None,
) -> tuple[list[ScoreEntry], Roc]:
    """Entries of one attack under the name ``setting``, and its curve.

    Scores float64 [M] and [N], higher = member; labels int64 [M] and [N]; ``thresholds`` float64 [K] by
    class, from shadow data (``class_wise_thresholds``). The entries:

    - ``auc`` with DeLong's interval. It has the flag ``not-resolvable-fpr-...`` for each rate that is left
      out below;
    - ``balanced_accuracy`` at ``thresholds``, where given;
    - ``balanced_accuracy``, setting ``...-best-threshold``: one threshold for all, tuned on the very images
      it is judged on. An upper bound, flagged ``threshold-tuned-on-target``;
    - ``true_positive_rate`` and the realised ``false_positive_rate``, settings ``...-fpr-0.01`` and
      ``...-fpr-0.001``, with exact (Clopper-Pearson) intervals. That of the true positive rate takes the
      threshold as given; how far it may be off its nominal rate, the other interval tells. With fewer than 10
      expected false positives they are flagged ``few-false-positives``; with fewer than 1 there is no entry.

    The interval of a balanced accuracy 1/2 + (TPR - FPR)/2 is half of Newcombe's for the difference of two
    independent proportions. Raises ``CheckFailed`` for scores that are none and labels of other images.
    """
    num_classes = _num_classes(member_labels, nonmember_labels, thresholds)
    check_labels(member_labels, len(member_scores), num_classes)
    check_labels(nonmember_labels, len(nonmember_scores), num_classes)
    roc = Roc.of(member_scores, nonmember_scores)
    at_rates = {
        name: rate_entries(roc, rate, f"{setting}-{name}") for name, rate in FALSE_POSITIVE_RATES.items()
    }
    left_out = tuple(f"not-resolvable-{name}" for name, found in at_rates.items() if not found)
    entries = [_auc(member_scores, nonmember_scores, setting, left_out)]
    if thresholds is not None:
        above = Roc.of(
            above_thresholds(member_scores, member_labels, thresholds),
            above_thresholds(nonmember_scores, nonmember_labels, thresholds),
        )
        entries.append(_balanced_accuracy(above.at_threshold(0.0), setting))
    entries.append(
        _balanced_accuracy(roc.best_balanced_accuracy(), f"{setting}-best-threshold", (TUNED_ON_TARGET,))
    )
    return [*entries, *(entry for found in at_rates.values() for entry in found)], roc


def rate_entries(roc: Roc, fpr: float, setting: str) -> list[ScoreEntry]:
    """True and realised false positive rate at the nominal rate ``fpr``; none where N cannot resolve it."""
    expected = round(fpr * roc.nonmembers, 9)  # 0.07 * 100 is a little more than 7
    if expected < LEAST:
        return []
    point = roc.tpr_at(fpr)
    flags = () if expected >= ENOUGH else (FEW,)
    return [
        _proportion(setting, "true_positive_rate", point.true_positives, point.members, flags),
        _proportion(setting, "false_positive_rate", point.false_positives, point.nonmembers, flags),
    ]


def class_aucs(
    member_scores: np.ndarray,
    nonmember_scores: np.ndarray,
    member_labels: np.ndarray,
    nonmember_labels: np.ndarray,
    num_classes: int,
) -> np.ndarray:
    """AUC among the images of each class, float64 [K]; NaN where a class has no member or no non-member."""
    check_labels(member_labels, len(member_scores), num_classes)
    check_labels(nonmember_labels, len(nonmember_scores), num_classes)
    aucs = np.full(num_classes, np.nan)
    for label in np.intersect1d(member_labels, nonmember_labels):
        of_class = member_scores[member_labels == label], nonmember_scores[nonmember_labels == label]
        aucs[label] = Roc.of(*of_class).auc
    return aucs


def _num_classes(
    member_labels: np.ndarray, nonmember_labels: np.ndarray, thresholds: np.ndarray | None
) -> int:
    if thresholds is None:
        return 1 + int(max(member_labels.max(initial=0), nonmember_labels.max(initial=0)))
    if thresholds.ndim != 1 or not np.isfinite(thresholds).all():
        raise CheckFailed(f"thresholds: found {thresholds}, expected one finite number for each class.")
    return len(thresholds)


def _auc(
    member_scores: np.ndarray, nonmember_scores: np.ndarray, setting: str, flags: tuple[str, ...]
) -> ScoreEntry:
    found = auc_interval(member_scores, nonmember_scores)
    n = len(member_scores) + len(nonmember_scores)
    return ScoreEntry(setting, "auc", found.auc, n, found.low, found.high, found.method, flags)


def _balanced_accuracy(point: OperatingPoint, setting: str, flags: tuple[str, ...] = ()) -> ScoreEntry:
    low, high = newcombe_difference(
        point.true_positives, point.members, point.false_positives, point.nonmembers
    )
    return ScoreEntry(
        setting, "balanced_accuracy", point.balanced_accuracy, point.members + point.nonmembers,
        0.5 + low / 2, 0.5 + high / 2,
        f"Newcombe, independent samples of {point.members} and {point.nonmembers} images, threshold as given",
        flags,
    )  # fmt: skip


def _proportion(setting: str, metric: str, hits: int, n: int, flags: tuple[str, ...]) -> ScoreEntry:
    interval = binomtest(hits, n).proportion_ci(confidence_level=0.95, method="exact")
    return ScoreEntry(
        setting, metric, hits / n, n, float(interval.low), float(interval.high),
        "Clopper-Pearson, threshold as given", flags,
    )  # fmt: skip
