"""What a model does on clean images: accuracy, over-fitting, calibration, confidence, size and speed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from evaluations.datasets.images import Images
from evaluations.method import Measurement, method
from evaluations.target import Target
from evaluations.utility.calibration_error import (
    RESAMPLES,
    calibration_interval,
    expected_calibration_error,
    softmax,
)
from sngen.intervals import newcombe_difference, wilson
from sngen.results import OutcomeEntry, ScoreEntry

MEANING = "top-1 label is right"


@method("utility", "clean", version=1)
def clean(target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int) -> Measurement:
    """Utility on the roles ``test`` and ``train`` (images and labels that the model was trained on).

    Settings: ``batch_size``; ``calibration_bins``; ``timing_batch`` images (all of the test images where
    these are fewer) in each of ``timing_rounds`` timed passes. ``seed`` decides the bootstrap resamples.
    """
    logits = {role: target.logits(data[role], settings["batch_size"]) for role in ("test", "train")}
    right = {role: logits[role].argmax(axis=1) == data[role].labels for role in logits}
    return Measurement(
        scores=(
            _accuracy("test", right["test"]),
            _accuracy("train", right["train"]),
            _overfitting_level(right["train"], right["test"]),
            *_confidence(logits["test"], right["test"], settings["calibration_bins"], seed),
            ScoreEntry("network", "parameters", target.parameters, 1, ci_method="exact count"),
            _forward_time(target, data["test"], settings["timing_batch"], settings["timing_rounds"]),
        ),
        outcomes=tuple(
            OutcomeEntry.of(role, data[role].split, MEANING, data[role].ids, right[role]) for role in logits
        ),
    )


def _accuracy(setting: str, right: np.ndarray) -> ScoreEntry:
    hits, n = int(right.sum()), len(right)
    return ScoreEntry(setting, "accuracy", hits / n, n, *wilson(hits, n), ci_method="Wilson")


def _overfitting_level(train: np.ndarray, test: np.ndarray) -> ScoreEntry:
    """Train minus test accuracy. ``n`` is the smaller of the two numbers of images."""
    hits = int(train.sum()), len(train), int(test.sum()), len(test)
    value = hits[0] / hits[1] - hits[2] / hits[3]
    n = min(len(train), len(test))
    return ScoreEntry(
        "train-test", "overfitting_level", value, n, *newcombe_difference(*hits),
        ci_method=f"Newcombe, independent samples of {len(train)} and {len(test)} images",
    )  # fmt: skip


def _confidence(logits: np.ndarray, right: np.ndarray, bins: int, seed: int) -> tuple[ScoreEntry, ScoreEntry]:
    """Calibration error and mean confidence of the predicted class."""
    confidence = softmax(logits).max(axis=1)
    n = len(confidence)
    mean = float(confidence.mean())
    half_width = 1.96 * float(confidence.std(ddof=1)) / n**0.5
    return (
        ScoreEntry(
            "test", "expected_calibration_error", expected_calibration_error(confidence, right, bins), n,
            *calibration_interval(confidence, right, bins, seed),
            ci_method=f"bootstrap over images, {RESAMPLES} resamples, Philox seed {seed}, around the value",
        ),
        ScoreEntry(
            "test", "mean_confidence", mean, n, max(0.0, mean - half_width), min(1.0, mean + half_width),
            ci_method="normal approximation of the mean",
        ),
    )  # fmt: skip


def _forward_time(target: Target, images: Images, batch: int, rounds: int) -> ScoreEntry:
    """Wall time in seconds of one image's forward pass in a batch. ``n`` is the number of timed passes."""
    x = images.first(min(batch, len(images))).tensor()
    seconds = []
    with torch.no_grad():
        for _ in range(rounds + 1):
            start = time.perf_counter()
            target(x)
            seconds.append((time.perf_counter() - start) / len(x))
    timed = seconds[1:]  # the first pass sets up memory and kernels
    return ScoreEntry(
        "batch", "forward_time", statistics.median(timed), rounds, min(timed), max(timed),
        ci_method=f"least to greatest of {rounds} passes of {len(x)} images, not a confidence interval",
    )  # fmt: skip
