"""What the attacks with reference models read off logits, in float64: scaled confidence and log p_y."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import logsumexp

from evaluations.membership.posteriors import check_labels, check_logits, log_softmax, of_labels
from sngen.errors import CheckFailed


def scaled_confidence(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """phi = log(p_y / (1 - p_y)) = z_y - logsumexp over the other classes, float64 [N].

    ``logits`` [N, K], ``labels`` int64 [N]. Over the models that could have been trained, phi of one image is
    nearly normal (N. Carlini et al., arXiv:2112.03570). Taken from logits: from
    probabilities in float32 it would stop near 17. Raises ``CheckFailed`` as ``check_logits`` does.
    """
    check_logits(logits)
    check_labels(labels, *logits.shape)
    others = logits.astype(np.float64)
    np.put_along_axis(others, labels[:, None], -np.inf, axis=1)
    margin: np.ndarray = of_labels(logits, labels).astype(np.float64) - logsumexp(others, axis=1)
    return margin


def label_log_probability(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """log p_y, float64 [N], of logits [N, K] and labels int64 [N]."""
    check_logits(logits)
    check_labels(labels, *logits.shape)
    return of_labels(log_softmax(logits), labels)


def of_each_model(
    signal: Callable[[np.ndarray, np.ndarray], np.ndarray], logits: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """The signal of every image at every model: float64 [M, N] of logits [M, N, K]."""
    if logits.ndim != 3 or len(logits) < 1:
        raise CheckFailed(
            f"logits of reference models: found shape {list(logits.shape)}, expected [models, images, "
            "classes] with at least one model."
        )
    return np.stack([signal(of_model, labels) for of_model in logits])
