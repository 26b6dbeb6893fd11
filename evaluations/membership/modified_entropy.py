"""The modified-entropy attack: members' answers are sure, and right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluations.datasets.images import Images
from evaluations.membership.measuring import evaluated, measurement
from evaluations.membership.posteriors import (
    check_labels,
    check_logits,
    log_complement,
    log_softmax,
    of_labels,
)
from evaluations.membership.references import POOL, references, shadow, untrained
from evaluations.membership.thresholds import class_wise_thresholds
from evaluations.method import Context, Measurement, method
from evaluations.target import Target


def modified_entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Member scores float64 [N], at most 0: (1 - p_y) log p_y + sum over i != y of p_i log(1 - p_i).

    This is -Mentr of L. Song and P. Mittal, USENIX Security 2021, arXiv:2003.10595, in nats.
    ``logits`` [N, K], ``labels`` int64 [N], as given in training. Finite also where p_y rounds to 0 or 1.
    Raises ``CheckFailed`` for logits that are not finite and for wrong shapes.
    """
    check_logits(logits)
    check_labels(labels, *logits.shape)
    log_p, log_not_p = log_softmax(logits), log_complement(logits)
    others = np.exp(log_p) * log_not_p
    np.put_along_axis(others, labels[:, None], 0.0, axis=1)
    scores: np.ndarray = np.exp(of_labels(log_not_p, labels)) * of_labels(log_p, labels) + others.sum(axis=1)
    return scores


@method("membership", "modified-entropy", version=1, prepare=untrained, prepares_on=(POOL,))
def modified_entropy_attack(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """How well ``modified_entropy`` tells members; balanced accuracy at thresholds by class that were learned
    from the reference models' answers to the pool. Settings: ``batch_size``, ``reference_models``."""
    members, nonmembers = evaluated(data, settings)
    models = references(data, settings, context.folders)
    known = shadow(models, len(models))
    thresholds = class_wise_thresholds(
        modified_entropy(known.logits, known.labels), known.is_member, known.labels, members.num_classes
    )
    scores = [
        modified_entropy(target.logits(side, settings["batch_size"]), side.labels)
        for side in (members, nonmembers)
    ]
    return measurement(scores[0], scores[1], members, nonmembers, seed, thresholds)
