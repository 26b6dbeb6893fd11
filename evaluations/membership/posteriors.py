"""Log-probabilities of logits, exact to float64 also where a probability is next to 0 or to 1.

In float32 a posterior rounds to 1 from a margin of about 17 on, and all the images beyond are tied;
over-fitted networks live there. Here log p keeps its relative precision up to a margin of about 700.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from sngen.errors import CheckFailed


def check_logits(logits: np.ndarray) -> None:
    """Raises ``CheckFailed`` unless ``logits`` are finite floating-point numbers [N, K], N >= 1, K >= 2."""
    if logits.ndim != 2 or logits.shape[0] < 1 or logits.shape[1] < 2:
        raise CheckFailed(
            f"logits: found shape {list(logits.shape)}, expected [images, classes] with at least one image "
            "and two classes."
        )
    if not np.issubdtype(logits.dtype, np.floating):
        raise CheckFailed(f"logits: found {logits.dtype}, expected floating-point numbers.")
    finite = np.isfinite(logits).all(axis=1)
    if not finite.all():
        row = int(np.flatnonzero(~finite)[0])
        raise CheckFailed(
            f"logits: {int((~finite).sum())} rows are not finite, the first is row {row}: {logits[row]}. "
            "Check the target's weights and normalisation."
        )


def check_labels(labels: np.ndarray, images: int, num_classes: int) -> None:
    """Raises ``CheckFailed`` unless ``labels`` are integers [images] in [0, num_classes)."""
    if labels.shape != (images,) or not np.issubdtype(labels.dtype, np.integer):
        raise CheckFailed(
            f"labels: found {labels.dtype} {list(labels.shape)}, expected integers, one for each of the "
            f"{images} images."
        )
    if images and not 0 <= int(labels.min()) <= int(labels.max()) < num_classes:
        raise CheckFailed(
            f"labels: found values from {labels.min()} to {labels.max()}, expected 0 to {num_classes - 1}."
        )


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """log p, float64 [N, K], of finite logits [N, K]."""
    shifted, top = _shifted(logits)
    exponentials = np.exp(shifted)
    np.put_along_axis(exponentials, top, 0.0, axis=1)
    # The greatest term is 1 and enters through log1p: added to the small ones it would swallow them.
    log_probabilities: np.ndarray = shifted - np.log1p(exponentials.sum(axis=1, keepdims=True))
    return log_probabilities


def log_complement(logits: np.ndarray) -> np.ndarray:
    """log(1 - p), float64 [N, K], of finite logits [N, K], K >= 2."""
    shifted, top = _shifted(logits)
    log_p = log_softmax(logits)
    log_p_top = np.take_along_axis(log_p, top, axis=1)
    np.put_along_axis(shifted, top, -np.inf, axis=1)
    np.put_along_axis(log_p, top, -np.inf, axis=1)
    # Beside the greatest probability every other is at most 1/2, where log1p(-p) loses nothing.
    complement = np.log1p(-np.exp(log_p))
    np.put_along_axis(complement, top, logsumexp(shifted, axis=1, keepdims=True) + log_p_top, axis=1)
    return complement


def of_labels(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The entry of each image's label: [N] of [N, K]."""
    taken: np.ndarray = np.take_along_axis(values, labels[:, None], axis=1)[:, 0]
    return taken


def _shifted(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logits less their greatest, float64 [N, K], and the position of the greatest [N, 1]."""
    exact = logits.astype(np.float64)
    top = exact.argmax(axis=1, keepdims=True)
    return exact - np.take_along_axis(exact, top, axis=1), top
