"""From an attack to a record: its curves over the budgets of the protocol, on the images of the role test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from evaluations.adversarial.curves import curve, threats_of
from evaluations.adversarial.fast_network import fast_network
from evaluations.adversarial.found import Found
from evaluations.adversarial.robust_scores import clean_score, curve_outcomes, curve_scores
from evaluations.adversarial.threat import Threat
from evaluations.datasets.images import Images
from evaluations.method import Context, Measurement
from evaluations.target import Target

#: Images that a faster form of the network is compared on before it is used.
COMPARED = 32

#: (target, x, labels, ids, threat, settings, seed, clean logits) -> what was found
Attack = Callable[
    [Target, torch.Tensor, torch.Tensor, np.ndarray, Threat, Mapping[str, Any], int, torch.Tensor], Found
]


@dataclass(frozen=True)
class Victims:
    """The images under attack: pixels float32 [N, C, H, W], labels int64 [N], ids int32 [N], the target's
    clean logits [N, K] and which of them are ``right`` (bool [N])."""

    images: Images
    x: torch.Tensor
    labels: torch.Tensor
    clean: torch.Tensor
    right: np.ndarray

    @classmethod
    def of(cls, target: Target, images: Images, batch_size: int) -> Victims:
        logits = target.logits(images, batch_size)
        right = logits.argmax(axis=1) == images.labels
        labels = torch.tensor(images.labels)
        return cls(images, images.tensor(), labels, torch.from_numpy(logits.copy()), right)

    def attacked(
        self, attack: Attack, target: Target, rows: np.ndarray, threat: Threat, settings: Mapping[str, Any],
        seed: int,
    ) -> Found:  # fmt: skip
        """``attack`` on some of the images, int64 [R]."""
        chosen = torch.from_numpy(rows)
        return attack(
            target, self.x[chosen], self.labels[chosen], self.images.ids[rows], threat, settings, seed,
            self.clean[chosen],
        )  # fmt: skip


def searched_with(target: Target, victims: Victims) -> Target:
    """The target in a faster form where that gives the same answers; what it finds the target confirms."""
    return fast_network(target, victims.x[:COMPARED]).target


def measure_curves(
    attack: Attack, target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int,
    context: Context, suffix: str = "",
) -> Measurement:  # fmt: skip
    """Robust accuracy at every budget of the settings ``linf`` and ``l2``; the others are the attack's.

    ``suffix`` is added to the names of budgets.
    """
    victims = Victims.of(target, data["test"], settings["batch_size"])
    search = searched_with(target, victims)

    def run(rows: np.ndarray, threat: Threat) -> Found:
        return victims.attacked(attack, search, rows, threat, settings, seed)

    curves = [curve(run, victims.right, threats, context.keep, suffix) for threats in threats_of(settings)]
    return Measurement(
        scores=(
            clean_score(victims.right),
            *(entry for one in curves for entry in curve_scores(one, victims.right, suffix)),
        ),
        outcomes=tuple(entry for one in curves for entry in curve_outcomes(one, victims.images, suffix)),
    )
