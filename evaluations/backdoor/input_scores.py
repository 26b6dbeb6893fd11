"""What detectors that judge inputs have in common: clean and triggered ones, and telling them apart."""

from __future__ import annotations

import numpy as np

from evaluations.backdoor.detection import DEFAULT, VERDICT, Case, Detection
from evaluations.datasets.images import Images
from evaluations.membership.delong import auc_interval
from sngen.intervals import wilson
from sngen.results import ArrayEntry, OutcomeEntry, ScoreEntry

BINS = 40


def judged(case: Case, count: int) -> tuple[Images, np.ndarray | None, np.ndarray]:
    """``count`` clean images of the role ``verdict``; the same with the true trigger (uint8 [N, C, H, W],
    None
    where it is not known); and which of them [N] are not of the class that the trigger leads to."""
    images = case.enough(VERDICT, count)
    other = images.labels != case.goal if case.goal is not None else np.ones(len(images), dtype=bool)
    if case.trigger is None:
        return images, None, other
    return images, case.trigger.apply(images.pixels, images.scale), other


def input_detection(
    images: Images, suspicion: np.ndarray, triggered: np.ndarray | None, threshold: float, meaning: str,
    extra: tuple[ScoreEntry, ...] = (),
) -> Detection:  # fmt: skip
    """From the suspicion of every clean image [N], and of triggered ones [M]; flagged above ``threshold``."""
    flagged = suspicion > threshold
    scores = [_share(DEFAULT, "false_positive_rate", flagged), *extra]
    arrays = [_histogram("suspicion-clean", suspicion, meaning)]
    outcomes = [OutcomeEntry.of(DEFAULT, images.split, "a clean image is flagged", images.ids, flagged)]
    separation = None
    if triggered is not None and len(triggered):
        hit = triggered > threshold
        separation = float(hit.mean())
        scores.append(_share(DEFAULT, "true_positive_rate", hit))
        area = auc_interval(triggered, suspicion)
        n = len(triggered) + len(suspicion)
        how = f"{area.method}; as if the images with and without trigger were others"
        scores.append(ScoreEntry(DEFAULT, "detection_auc", area.auc, n, area.low, area.high, how))
        arrays.append(_histogram("suspicion-triggered", triggered, meaning))
    return Detection(
        separation=separation, scores=tuple(scores), outcomes=tuple(outcomes), arrays=tuple(arrays)
    )


def _share(setting: str, metric: str, hits: np.ndarray) -> ScoreEntry:
    low, high = wilson(int(hits.sum()), len(hits))
    return ScoreEntry(setting, metric, float(hits.mean()), len(hits), low, high, "Wilson")


def _histogram(name: str, values: np.ndarray, meaning: str) -> ArrayEntry:
    counts, edges = np.histogram(values, bins=BINS)
    middles = (edges[:-1] + edges[1:]) / 2
    return ArrayEntry(
        DEFAULT, name, meaning, "images", tuple(middles.tolist()), tuple(counts.astype(float).tolist())
    )
