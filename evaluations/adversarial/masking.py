"""Signs that gradients are masked and an attack failed for that: flags beside a number, never changes of it.

After Carlini et al. (2019, arXiv:1902.06705, section 5), who list the checks, and Pintor et al. (2022,
arXiv:2106.09947), who put numbers to some. Arrays of bits are bool [N], of the same N images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

POINTS = 0.002  # 0.2 percentage points of accuracy
ZERO_SHARE = 0.01
# Plain networks rise a little at the end too, for steps of fixed size wander along the edge of the ball; none
# of the reference suite's reaches these two.
RISE = 0.05  # of the whole rise of an image's loss
RISING_SHARE = 0.2
REPEAT = 1e-5  # of a logit, or of the largest one where that is above 1
SUM = 1e-4


@dataclass(frozen=True)
class Flag:
    """A named sign of masking: ``raised`` where ``value`` is above ``threshold``."""

    name: str
    value: float
    threshold: float
    raised: bool
    meaning: str


def black_box_stronger(name: str, stands_white_box: np.ndarray, fooled_black_box: np.ndarray) -> Flag:
    """Accuracy that an attack without gradients (``name``: square, transfer) takes after all with gradients.

    Which images stand after the white-box attacks, and which the black-box attack fools. Gradients are of
    use to an attacker, so one without them should find nothing that is left.
    """
    _same_images(stands_white_box, fooled_black_box)
    lost = _share(stands_white_box & fooled_black_box)
    return _flag(
        f"{name}-after-white-box", lost, POINTS,
        f"accuracy that {name} takes from what stands after white-box attacks",
    )  # fmt: skip


def black_box_better(
    name: str, right: np.ndarray, fooled_white_box: np.ndarray, fooled_black_box: np.ndarray
) -> Flag:
    """By how much a black-box attack alone succeeds more often than a white-box attack of equal budget.

    On images that are ``right`` (for transfer: with both networks). Negative where the white box is better.
    """
    _same_images(right, fooled_white_box, fooled_black_box)
    difference = _difference(fooled_black_box & right, fooled_white_box & right)
    return _flag(
        f"{name}-beats-white-box", difference, POINTS,
        f"success of {name} above that of the white-box attack, as a share of all images",
    )  # fmt: skip


def unbounded_survivors(right: np.ndarray, stands: np.ndarray) -> Flag:
    """Share of the images that are ``right`` and stand against an attack that may change anything.

    For instance within 0.5 in L-infinity, where every image can become the same grey.
    """
    _same_images(right, stands)
    share = _share(stands[right])
    return _flag("unbounded-survivors", share, 0.0, "share of right images that stand without a budget")


def more_steps_help(stands: np.ndarray, stands_ten_times: np.ndarray) -> Flag:
    """Accuracy that ten times the iterations take beyond the attack as it was run."""
    _same_images(stands, stands_ten_times)
    lost = _difference(stands, stands_ten_times)
    return _flag("more-steps-help", lost, POINTS, "accuracy lost to ten times the iterations")


def zero_gradients(zero: np.ndarray, iterations: np.ndarray) -> Flag:
    """Share of gradients that were exactly zero; int64 [N] each, iterations with such a gradient and all."""
    _same_images(zero, iterations)
    total = int(iterations.sum())
    share = float(zero.sum()) / total if total else 0.0
    return _flag("zero-gradients", share, ZERO_SHARE, "share of gradients that are exactly zero")


def loss_still_rising(losses: np.ndarray) -> Flag:
    """Share of attacks that were stopped while they still gained: float [N, T], losses of images that stand.

    An image counts if the best loss so far rose in the last tenth of its T points by more than a twentieth
    of its whole rise (indicator 4 of Pintor et al.).
    """
    best = np.maximum.accumulate(losses.astype(np.float64), axis=1)
    late = max(1, best.shape[1] // 10)
    rise, last = best[:, -1] - best[:, 0], best[:, -1] - best[:, -1 - late]
    return _flag(
        "loss-still-rising",
        _share(last > RISE * rise),
        RISING_SHARE,
        "share of standing images whose loss still rose at the end",
    )


def forwards_differ(first: np.ndarray, second: np.ndarray) -> Flag:
    """Largest difference of two answers to the same images, logits [N, K]: a randomised network.

    Relative to the largest logit where that is above 1.
    """
    _same_images(first, second)
    scale = max(1.0, float(np.abs(first).max(initial=0.0)))
    difference = float(np.abs(first - second).max(initial=0.0)) / scale
    return _flag("forwards-differ", difference, REPEAT, "largest difference between repeated answers")


def sums_to_one(logits: np.ndarray) -> Flag:
    """Share of answers [N, K] that are probabilities: a softmax inside flattens losses meant for logits."""
    near_one = np.abs(logits.astype(np.float64).sum(axis=1) - 1) <= SUM
    share = _share(near_one & (logits >= 0).all(axis=1))
    return _flag("sums-to-one", share, 0.5, "share of answers that are probabilities and not logits")


def _flag(name: str, value: float, threshold: float, meaning: str) -> Flag:
    return Flag(name, value, threshold, value > threshold, meaning)


def _share(bits: np.ndarray) -> float:
    return float(bits.mean()) if len(bits) else 0.0


def _difference(more: np.ndarray, fewer: np.ndarray) -> float:
    """Of two shares, from counts: a difference of exactly 0.2 points is not above 0.2 points."""
    return (int(more.sum()) - int(fewer.sum())) / len(more) if len(more) else 0.0


def _same_images(*arrays: np.ndarray) -> None:
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1:
        raise ValueError(f"arrays of {', '.join(map(str, lengths))} images; expected the same images in each")
