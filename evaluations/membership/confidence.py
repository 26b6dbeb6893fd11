"""The confidence attack: members get a high probability for their label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluations.datasets.images import Images
from evaluations.membership.measuring import measure_logits
from evaluations.membership.posteriors import check_labels, check_logits, log_softmax, of_labels
from evaluations.method import Measurement, method
from evaluations.target import Target


def confidence(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Member scores float64 [N] in [0, 1]: the probability of the label, p_y.

    ``logits`` [N, K], ``labels`` int64 [N], as given in training. Above 1 - 1e-16 all are 1 and tied; the
    loss attack, otherwise the same order, tells them apart. L. Song and P. Mittal, "Systematic Evaluation of
    Privacy Risks of Machine Learning Models", USENIX Security 2021, arXiv:2003.10595. Raises
    ``CheckFailed`` for logits that are not finite and for wrong shapes.
    """
    check_logits(logits)
    check_labels(labels, *logits.shape)
    probability: np.ndarray = np.exp(of_labels(log_softmax(logits), labels))
    return probability


@method("membership", "confidence", version=1)
def confidence_attack(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int
) -> Measurement:
    """How well ``confidence`` tells members, from one answer each. Settings: ``batch_size``."""
    return measure_logits(confidence, target, data, settings, seed)
