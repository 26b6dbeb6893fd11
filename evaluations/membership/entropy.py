"""The entropy attack: answers to members are sure, whatever they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluations.datasets.images import Images
from evaluations.membership.measuring import measure_logits
from evaluations.membership.posteriors import check_labels, check_logits, log_softmax
from evaluations.method import Measurement, method
from evaluations.target import Target


def entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Member scores float64 [N] in [-log K, 0]: sum over classes of p log p, the negative entropy in nats.

    ``logits`` [N, K]. ``labels`` int64 [N] are checked and do not matter; class-wise thresholds use them.
    A. Salem et al., "ML-Leaks", NDSS 2019, arXiv:1806.01246, adversary 3; arXiv:2003.10595.
    Raises ``CheckFailed`` for logits that are not finite and for wrong shapes.
    """
    check_logits(logits)
    check_labels(labels, *logits.shape)
    log_p = log_softmax(logits)
    negative_entropy: np.ndarray = (np.exp(log_p) * log_p).sum(axis=1)
    return negative_entropy


@method("membership", "entropy", version=1)
def entropy_attack(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int
) -> Measurement:
    """How well ``entropy`` tells members, from one answer each. Settings: ``batch_size``."""
    return measure_logits(entropy, target, data, settings, seed)
