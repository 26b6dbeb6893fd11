"""What a detector says of one model, and what every detector has to work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from evaluations.backdoor.triggers import Trigger
from evaluations.datasets.images import Images
from evaluations.target import Target
from sngen.errors import CheckFailed
from sngen.results import ArrayEntry, OutcomeEntry, PictureEntry, ScoreEntry

CLEAN, VERDICT = "clean", "verdict"
DEFAULT = "default"
#: Why a detector has nothing to say.
TWO_CLASSES, CONSTANT = "not-applicable-two-classes", "not-applicable-constant-answers"

#: (name of a step, what computes its arrays) -> the arrays, kept where the unit is.
Step = Callable[[str, Callable[[], Mapping[str, np.ndarray]]], Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Detection:
    """``index``: the higher, the more suspicious; ``alarm`` at the published threshold; ``target``: the class
    that the detector names. All None for a detector that judges inputs and not models, and where ``status``
    says why there is no number.

    ``separation`` is what canaries are told apart by: the index, or the share of triggered inputs found.
    ``norms``: of detectors that compare classes, one value each.
    """

    index: float | None = None
    alarm: bool | None = None
    target: int | None = None
    status: str | None = None
    separation: float | None = None
    norms: tuple[float, ...] = ()
    scores: tuple[ScoreEntry, ...] = ()
    outcomes: tuple[OutcomeEntry, ...] = ()
    arrays: tuple[ArrayEntry, ...] = ()
    pictures: tuple[PictureEntry, ...] = ()


@dataclass(frozen=True)
class Case:
    """A target with the images by role, the settings and the seed; the true ``trigger`` and its ``goal``,
    where they are known, for measuring how often it is found."""

    target: Target
    data: Mapping[str, Images]
    settings: Mapping[str, Any]
    seed: int
    trigger: Trigger | None
    goal: int | None
    step: Step

    def enough(self, role: str, needed: int) -> Images:
        """The first ``needed`` images of a role. Raises ``CheckFailed`` where there are fewer."""
        images = self.data[role]
        if len(images) < needed:
            raise CheckFailed(
                f"{images.dataset_id}, role {role}: {len(images)} images, and {needed} are needed. Take more."
            )
        return images.first(needed)

    def labels(self, images: Images) -> np.ndarray:
        """What the target says of images, int64 [N]."""
        return self.target.logits(images, self.settings["batch_size"]).argmax(axis=1)

    def is_constant(self) -> bool:
        """Whether it says the same of every clean image."""
        return len(set(self.labels(self.data[CLEAN]).tolist())) == 1


Detector = Callable[[Case], Detection]


def log_posteriors(outputs: torch.Tensor, are_probabilities: bool) -> torch.Tensor:
    """log p [B, K]. Of a network that ends in a softmax the logarithm of what it says: a second softmax would
    flatten it."""
    return outputs.clamp_min(1e-12).log() if are_probabilities else outputs.log_softmax(dim=1)


def gives_probabilities(logits: np.ndarray) -> bool:
    """Whether all rows of [N, K] are distributions."""
    return bool((logits >= 0).all() and (np.abs(logits.sum(axis=1) - 1) < 1e-4).all())
