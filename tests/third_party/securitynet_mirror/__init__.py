"""Accuracy on mirrored images: a complete evaluation in a package of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluations.datasets import Images
from evaluations.method import Measurement, method
from evaluations.target import Target
from sngen.intervals import wilson
from sngen.results import OutcomeEntry, ScoreEntry


@method("utility", "mirror", version=1)
def mirror(target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int) -> Measurement:
    """Share of test images, flipped left to right, whose top-1 label is right. Draws nothing at random."""
    test = data["test"]
    predictions = [
        target.query(x.flip(-1)).argmax(1).numpy() for x, _ in test.batches(settings["batch_size"])
    ]
    right = np.concatenate(predictions) == test.labels
    low, high = wilson(int(right.sum()), len(right))
    score = ScoreEntry("mirrored", "accuracy", float(right.mean()), len(right), low, high, "Wilson")
    outcome = OutcomeEntry.of("mirrored", test.split, "correct top-1 label when mirrored", test.ids, right)
    return Measurement((score,), (outcome,))
