"""The gap attack: whoever is classified rightly is a member."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluations.datasets.images import Images
from evaluations.membership.measuring import measure_logits
from evaluations.membership.posteriors import check_labels, check_logits
from evaluations.method import Measurement, method
from evaluations.target import Target


def correctness(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Member scores float64 [N] in {0, 1}: 1 where the greatest logit is the label's.

    ``logits`` [N, K], ``labels`` int64 [N], as given in training. The AUC is 1/2 + (train accuracy - test
    accuracy) / 2. S. Yeom et al., "Privacy Risk in Machine Learning: Analyzing the Connection to
    Overfitting", CSF 2018, arXiv:1709.01604, adversary 1. Raises ``CheckFailed`` for logits that are not
    finite and for wrong shapes.
    """
    check_logits(logits)
    check_labels(labels, *logits.shape)
    return (logits.argmax(axis=1) == labels).astype(np.float64)


@method("membership", "correctness", version=1)
def correctness_attack(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int
) -> Measurement:
    """How well ``correctness`` tells members, from one answer each. Settings: ``batch_size``."""
    return measure_logits(correctness, target, data, settings, seed)
