"""Curves as entries of a record: robust accuracy, accuracy drop, queries, one bit per image and budget."""

from __future__ import annotations

import math

import numpy as np

from evaluations.adversarial.curves import Curve
from evaluations.adversarial.threat import Norm
from evaluations.datasets.images import Images
from sngen.intervals import median_interval, wilson
from sngen.results import ArrayEntry, OutcomeEntry, ScoreEntry

MEANING = "top-1 label is right under the attack"


def clean_score(right: np.ndarray) -> ScoreEntry:
    """Accuracy on the very images that are attacked, bool [N]."""
    return proportion("clean", "accuracy", right)


def curve_scores(curve: Curve, right: np.ndarray, suffix: str = "") -> list[ScoreEntry]:
    """Per budget the robust accuracy and the drop from the accuracy without attack; for attacks that ask,
    the queries of a success."""
    entries = []
    for threat, fooled, fell, queries in zip(
        curve.threats, curve.fooled, curve.fell, curve.queries, strict=True
    ):
        name = threat.name + suffix
        entries.append(proportion(name, "robust_accuracy", ~fooled))
        entries.append(proportion(name, "accuracy_drop", right & fooled))
        if fell.any() and queries.max() > 1:  # one look at a finished example is no search
            entries.append(_queries(name, queries[fell]))
    return entries


def curve_outcomes(curve: Curve, images: Images, suffix: str = "") -> list[OutcomeEntry]:
    """One bit per image for every budget."""
    return [
        OutcomeEntry.of(threat.name + suffix, images.split, MEANING, images.ids, ~fooled)
        for threat, fooled in zip(curve.threats, curve.fooled, strict=True)
    ]


def minimal_perturbation(distances: np.ndarray, right: np.ndarray, norm: Norm) -> list[ScoreEntry]:
    """Median distance over the images that are right (bool [N]), of ``distances`` float [N] with infinity
    where no example was found. No entry where it is infinite, or nothing is right."""
    values = distances[right].tolist()
    median = float(np.median(values)) if values else math.inf
    if not math.isfinite(median):
        return []
    low, high = median_interval(values)
    bounded = math.isfinite(low) and math.isfinite(high)
    return [
        ScoreEntry(
            norm, "minimal_perturbation", median, len(values), low if bounded else None,
            high if bounded else None, "order statistics of the median" if bounded else None,
            () if bounded else ("interval-unbounded",),
        )
    ]  # fmt: skip


def distance_array(distances: np.ndarray, right: np.ndarray, ids: np.ndarray, norm: Norm) -> ArrayEntry:
    """Each image's distance, for the images that are right and for which an example was found."""
    known = right & np.isfinite(distances)
    return ArrayEntry(
        norm, "distance-by-image", "image id", f"{norm} distance to the nearest example found",
        tuple(float(i) for i in ids[known]), tuple(_short(d) for d in distances[known]),
    )  # fmt: skip


def _queries(setting: str, queries: np.ndarray) -> ScoreEntry:
    """Median queries of the images that fell at this budget."""
    low, high = median_interval(queries.tolist())
    bounded = math.isfinite(low) and math.isfinite(high)
    return ScoreEntry(
        setting, "queries_per_success", float(np.median(queries)), len(queries), low if bounded else None,
        high if bounded else None, "order statistics of the median" if bounded else None,
    )  # fmt: skip


def proportion(setting: str, metric: str, hits: np.ndarray) -> ScoreEntry:
    """Share of ``hits`` (bool [N]) with its Wilson interval."""
    count, n = int(hits.sum()), len(hits)
    return ScoreEntry(setting, metric, count / n, n, *wilson(count, n), "Wilson")


def _short(value: float) -> float:
    """Six digits are more than the attack's own accuracy, and a third of the file."""
    return float(f"{value:.6g}")
