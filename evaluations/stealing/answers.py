"""What an attacker gets from a target, in each of the ways in which models are offered."""

from __future__ import annotations

import numpy as np

from evaluations.datasets.images import Images
from evaluations.membership.posteriors import check_logits, log_softmax
from evaluations.target import Target
from sngen.errors import UsageError

#: Rounding of float32 probabilities and of their sum.
SLACK = 1e-4


def ask(target: Target, images: Images, batch_size: int, shown: int | str) -> np.ndarray:
    """The target's answers to ``images``, as float32 probabilities [N, K]; every image is a query.

    ``shown``: ``all`` posteriors; the number k of largest ones that are told; or the ``label`` alone.
    """
    logits = target.logits(images, batch_size)
    target.queries += len(images)
    return answers(logits, shown)


def answers(logits: np.ndarray, shown: int | str) -> np.ndarray:
    """What is made of logits [N, K]: float32 [N, K].

    Of k told posteriors, the attacker spreads what is missing to 1 evenly over the other classes; a label is
    one. Raises ``UsageError`` for another ``shown``, ``CheckFailed`` for logits that are not finite.
    """
    check_logits(logits)
    if shown == "label":
        return np.eye(logits.shape[1], dtype=np.float32)[logits.argmax(axis=1)]
    posteriors = posteriors_of(logits)
    if shown == "all":
        return posteriors.astype(np.float32)
    if not isinstance(shown, int) or not 0 < shown < logits.shape[1]:
        raise UsageError(
            f"answers: shown is {shown!r}, expected all, label, or a number of posteriors from 1 to "
            f"{logits.shape[1] - 1}."
        )
    return _top(posteriors, shown).astype(np.float32)


def posteriors_of(logits: np.ndarray) -> np.ndarray:
    """float64 [N, K]. A network that ends in a softmax gives posteriors already: they stay as they are."""
    probable = (logits >= 0).all() and (np.abs(logits.sum(axis=1) - 1) < SLACK).all()
    if probable:
        positive = logits.astype(np.float64)
        return np.asarray(positive / positive.sum(axis=1, keepdims=True))
    return np.exp(log_softmax(logits))


def _top(posteriors: np.ndarray, told: int) -> np.ndarray:
    order = np.argsort(-posteriors, axis=1, kind="stable")[:, :told]
    kept = np.zeros_like(posteriors)
    np.put_along_axis(kept, order, np.take_along_axis(posteriors, order, axis=1), axis=1)
    missing = (1 - kept.sum(axis=1, keepdims=True)).clip(min=0) / (posteriors.shape[1] - told)
    return np.where(kept > 0, kept, missing)
