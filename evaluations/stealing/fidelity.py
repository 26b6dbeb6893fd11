"""How like its target a surrogate is, on images that neither was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from sngen.errors import CheckFailed
from sngen.intervals import wilson
from sngen.results import ScoreEntry

CONFIDENCE = 0.95
#: A target that gives every image one label has nothing that could be stolen.
CONSTANT = "constant-answers"


@dataclass(frozen=True)
class Fidelity:
    """Of one surrogate, bool [N]: its label is ``right``; its label is the target's."""

    right: np.ndarray
    agrees: np.ndarray


def fidelity(surrogate: np.ndarray, target: np.ndarray, labels: np.ndarray) -> Fidelity:
    """Of predicted classes int64 [N] of both, and the labels [N].

    Raises ``CheckFailed`` if agreement breaks its bounds, acc_T + acc_S - 1 <= agreement <=
    1 - |acc_T - acc_S|: then rows were mixed up.
    """
    right, agrees = surrogate == labels, surrogate == target
    accuracy, of_target, same = (float(np.mean(part)) for part in (right, target == labels, agrees))
    slack = 1e-9
    if not of_target + accuracy - 1 - slack <= same <= 1 - abs(of_target - accuracy) + slack:
        raise CheckFailed(
            f"fidelity: agreement {same} with accuracies {of_target} and {accuracy} is impossible; expected "
            "predictions of the same images in the same order."
        )
    return Fidelity(right, agrees)


def scores(
    setting: str, runs: Sequence[Fidelity], target_accuracy: float, flags: tuple[str, ...]
) -> list[ScoreEntry]:
    """Accuracy, agreement and relative accuracy of one budget; of several seeds, their means."""
    n = len(runs[0].right)
    accuracy, low, high, how = _shares([run.right for run in runs])
    found = [ScoreEntry(setting, "stealing_accuracy", accuracy, n, low, high, how, flags)]
    if target_accuracy > 0:
        relative = (value / target_accuracy for value in (accuracy, low, high))
        how_relative = f"{how}; the target's accuracy is taken as known"
        value, *ends = relative
        found.append(
            ScoreEntry(setting, "relative_accuracy", value, n, ends[0], ends[1], how_relative, flags)
        )
    agreement, low, high, how = _shares([run.agrees for run in runs])
    found.append(ScoreEntry(setting, "stealing_agreement", agreement, n, low, high, how, flags))
    return found


def _shares(marks: Sequence[np.ndarray]) -> tuple[float, float, float, str]:
    """Value, interval and its method: Wilson's of one surrogate, Student's t over the seeds of several."""
    shares = [float(np.mean(mark)) for mark in marks]
    if len(shares) == 1:
        return shares[0], *wilson(int(marks[0].sum()), len(marks[0])), "Wilson; one surrogate"
    mean, freedom = float(np.mean(shares)), len(shares) - 1
    error = float(np.std(shares, ddof=1)) / len(shares) ** 0.5
    half = float(student.ppf((1 + CONFIDENCE) / 2, freedom)) * error
    method = f"Student's t over {len(shares)} seeds"
    return mean, max(mean - half, 0.0), min(mean + half, 1.0), method
