"""Measured numbers beside what somebody else reports: of the very same weights, or of other ones in the same
architecture where the measured weights were never reported on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sngen.findings.related import groups
from sngen.intervals import wilson
from sngen.leaderboard.snapshot import Row
from sngen.schema import METRICS, MODELS, SCORES, TRAINING_SPLIT_FLAGS

_S = SCORES.c
AUC = "auc"
QUANTILE = 1.959964  # of the normal distribution at 97.5 %
Verdict = Literal["equal", "within", "outside"]
VERDICTS: dict[Verdict, str] = {
    "equal": "the same to the digits that are reported",
    "within": "the measured value lies in the 95 % Wilson interval of the reported one, for as many images; "
    "of an AUC, the reported one in the interval of the measured one",
    "outside": "it does not",
}


@dataclass(frozen=True)
class Replication:
    """One measured and one reported score of the same dataset, method, setting and metric. The two models
    are one, or share their weights or architecture. ``standard_errors`` is the difference in standard errors
    of a share of ``measured``'s n images, as if both were samples of their own; of an AUC, in those of its
    interval. None where that error is zero."""

    measured: Row
    reported: Row

    @property
    def difference(self) -> float:
        return float(self.measured[_S.value] - self.reported[_S.value])

    @property
    def standard_errors(self) -> float | None:
        stated, n = self.reported[_S.value], self.measured[_S.n]
        if self.measured[_S.metric] == AUC:
            error = (self.measured[_S.ci_high] - self.measured[_S.ci_low]) / (2 * QUANTILE)
        else:
            error = math.sqrt(stated * (1 - stated) / n)
        return self.difference / error if error > 0 else None

    @property
    def verdict(self) -> Verdict:
        stated, measured, n = self.reported[_S.value], self.measured[_S.value], self.measured[_S.n]
        if abs(self.difference) <= _half_a_unit(stated):
            return "equal"
        if self.measured[_S.metric] == AUC:
            return "within" if self.measured[_S.ci_low] <= stated <= self.measured[_S.ci_high] else "outside"
        low, high = wilson(round(stated * n), n)
        return "within" if low <= measured <= high else "outside"


def replications(scores: Iterable[Row], relatives: Iterable[Row]) -> list[Replication]:
    """Every such pair where the metric is a share of images, by measured model, dataset and source."""
    scores = [score for score in scores if METRICS[score[_S.metric]].unit == "fraction"]
    shared = groups(relatives, ["same-weights"])
    reported: dict[tuple[str, ...], list[Row]] = {}
    for score in scores:
        if score[_S.origin] == "reported":
            reported.setdefault(_key(score, shared), []).append(score)
    pairs = [
        Replication(score, other)
        for score in scores
        if score[_S.origin] == "measured" and score[_S.n]
        for other in reported.get(_key(score, shared), ())
    ]
    return sorted(pairs, key=lambda pair: (pair.measured[_S.score_id], pair.reported[_S.score_id]))


def of_the_architecture(
    scores: Iterable[Row], models: Mapping[str, Row], relatives: Iterable[Row]
) -> list[Replication]:
    """Measured AUCs beside those reported of other weights in the same architecture, on the same dataset.

    Only where nobody reports one of the measured weights, and only of models whose training images are the
    members. The two models were trained by different people, so a difference is no error.
    """
    scores = [score for score in scores if score[_S.metric] == AUC]
    known = {pair.measured[_S.score_id] for pair in replications(scores, relatives)}
    reported: dict[tuple[str, ...], list[Row]] = {}
    for score in scores:
        name = _architecture(score, models)
        if score[_S.origin] == "reported" and name:
            reported.setdefault((name, *_quantity(score)), []).append(score)
    pairs = [
        Replication(score, other)
        for score in scores
        if score[_S.origin] == "measured" and score[_S.score_id] not in known
        if TRAINING_SPLIT_FLAGS.keys().isdisjoint(score[_S.flags] or ())
        for other in reported.get((_architecture(score, models), *_quantity(score)), ())
    ]
    return sorted(pairs, key=lambda pair: (pair.measured[_S.score_id], pair.reported[_S.score_id]))


def _architecture(score: Row, models: Mapping[str, Row]) -> str:
    return str(models[score[_S.model_id]][MODELS.c.architecture] or "").lower()


def _quantity(score: Row) -> tuple[str, ...]:
    return tuple(str(score[part]) for part in (_S.dataset_id, _S.method, _S.setting, _S.metric))


def _key(score: Row, shared: dict[str, str]) -> tuple[str, ...]:
    weights = shared.get(str(score[_S.model_id]), str(score[_S.model_id]))
    return weights, *_quantity(score)


def _half_a_unit(value: float) -> float:
    """Half of the last digit's unit of a value as it is written: 0.0005 for 0.926, with a little slack. Zeros
    at the end are not kept, so 0.92 may stand for 0.9200; at least three digits are assumed."""
    digits = max(3, len(f"{value:.12g}".partition(".")[2]))
    return float(0.5 * 10**-digits * (1 + 1e-9))


def counts(pairs: Iterable[Replication]) -> Iterator[tuple[Verdict, int]]:
    verdicts = [pair.verdict for pair in pairs]
    return ((name, verdicts.count(name)) for name in VERDICTS)
