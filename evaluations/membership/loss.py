"""The loss attack: members have a low loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluations.datasets.images import Images
from evaluations.membership.measuring import measure_logits
from evaluations.membership.posteriors import check_labels, check_logits, log_softmax, of_labels
from evaluations.method import Measurement, method
from evaluations.target import Target


def loss(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Member scores float64 [N], at most 0: log p_y, the cross-entropy loss with its sign turned.

    ``logits`` [N, K], ``labels`` int64 [N], as given in training. S. Yeom et al., CSF 2018, arXiv:1709.01604,
    adversary 2. Raises ``CheckFailed`` for logits that are not finite and for wrong shapes.
    """
    check_logits(logits)
    check_labels(labels, *logits.shape)
    return of_labels(log_softmax(logits), labels)


@method("membership", "loss", version=1)
def loss_attack(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int
) -> Measurement:
    """How well ``loss`` tells members, from one answer each. Settings: ``batch_size``."""
    return measure_logits(loss, target, data, settings, seed)
