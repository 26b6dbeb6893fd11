"""Expected calibration error and its interval."""

from __future__ import annotations

import numpy as np

RESAMPLES = 1000


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities float64 [N, K] of logits [N, K]; in float32, sure predictions would round to 1."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    probabilities: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def expected_calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int) -> float:
    """Sum over bins of (images in bin / N) |accuracy - mean confidence|, in [0, 1].

    ``confidence`` float64 [N] in (0, 1], ``correct`` bool [N]. Bins have equal width and contain their upper
    end: ((b - 1) / bins, b / bins]. C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017,
    equation 3.
    """
    return _from_gaps(confidence - correct, bin_of_each(confidence, bins), bins)


def calibration_interval(
    confidence: np.ndarray, correct: np.ndarray, bins: int, seed: int
) -> tuple[float, float]:
    """95 % interval: the spread of the error over 1,000 bootstrap resamples of the images, around its value.

    Resampling adds noise to every bin and so raises the error on average; the quantiles are taken from the
    mean of the resamples and laid around the value, cut off at 0 and 1. The bias of the estimator itself,
    upwards where bins hold few images, is not removed. Random numbers: Philox with the key ``seed``.
    """
    gaps, bin_index = confidence - correct, bin_of_each(confidence, bins)
    generator = np.random.Generator(np.random.Philox(key=seed))
    errors = np.empty(RESAMPLES)
    for resample in range(RESAMPLES):
        drawn = generator.integers(len(gaps), size=len(gaps))
        errors[resample] = _from_gaps(gaps[drawn], bin_index[drawn], bins)
    low, high = np.quantile(errors - errors.mean(), [0.025, 0.975])
    value = _from_gaps(gaps, bin_index, bins)
    return max(0.0, value + float(low)), min(1.0, value + float(high))


def bin_of_each(confidence: np.ndarray, bins: int) -> np.ndarray:
    """Index in [0, bins) of each confidence's bin."""
    edges = np.arange(1, bins) / bins
    return np.searchsorted(edges, confidence, side="left")


def _from_gaps(gaps: np.ndarray, bin_index: np.ndarray, bins: int) -> float:
    """``gaps`` is confidence - correct: within a bin, the sum of both is N |accuracy - confidence|."""
    return float(np.abs(np.bincount(bin_index, weights=gaps, minlength=bins)).sum() / len(gaps))
