"""AutoAttack's standard ensemble: four attacks in turn, each from the clean image, on what still stands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from evaluations.adversarial.apgd import apgd_ce, apgd_t
from evaluations.adversarial.curves import rounded, threats_of
from evaluations.adversarial.fab import fab_t
from evaluations.adversarial.measuring import Attack, Victims, searched_with
from evaluations.adversarial.robust_scores import MEANING, clean_score, proportion
from evaluations.adversarial.square import square
from evaluations.adversarial.threat import Threat
from evaluations.datasets.images import Images
from evaluations.keeping import Keep
from evaluations.method import Context, Measurement, method
from evaluations.target import Target
from sngen.results import ArrayEntry, OutcomeEntry

#: In their order; the settings of each stand under its name.
ATTACKS: Mapping[str, Attack] = {"apgd-ce": apgd_ce, "apgd-t": apgd_t, "fab-t": fab_t, "square": square}


@method("adversarial", "autoattack", version=1, needs_gradients=True)
def autoattack(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """The standard ensemble of Croce and Hein (2003.01690) at the customary budgets.

    Settings: ``batch_size``; ``standard``, with budgets under ``linf`` and ``l2``; and those of each attack
    under its name. Robust accuracy is the share of images that no attack changes. Under ``...-rounded`` an
    example counts only if it is one with whole pixel values too. The array ``survivors`` tells what each
    attack added.
    """
    victims = Victims.of(target, data["test"], settings["batch_size"])
    search = searched_with(target, victims)
    scores, outcomes, arrays = [clean_score(victims.right)], [], []
    for threat in (threat for threats in threats_of(settings["standard"]) for threat in threats):
        standing, held = _ensemble(target, search, victims, threat, settings, seed, context.keep)
        robust = standing[-1]
        scores += [
            proportion(threat.name, "robust_accuracy", robust),
            proportion(threat.name, "accuracy_drop", victims.right & ~robust),
            proportion(f"{threat.name}-rounded", "robust_accuracy", robust | held),
        ]
        outcomes.append(
            OutcomeEntry.of(threat.name, victims.images.split, MEANING, victims.images.ids, robust)
        )
        arrays.append(_survivors(threat, standing))
    return Measurement(tuple(scores), tuple(outcomes), tuple(arrays))


def _ensemble(
    target: Target, search: Target, victims: Victims, threat: Threat, settings: Mapping[str, Any], seed: int,
    keep: Keep,
) -> tuple[list[np.ndarray], np.ndarray]:  # fmt: skip
    """Which images stand before the first attack and after each (bool [N]), and of those that fell, which
    hold with whole pixel values."""
    standing, held = [victims.right], np.zeros(len(victims.right), bool)
    for name, attack in ATTACKS.items():
        own = {"batch_size": settings["batch_size"], **settings[name]}
        decide = partial(_decide, attack, target, search, victims, standing[-1], threat, own, seed)
        step = keep.step(f"{threat.name}-{name}", decide)
        standing.append(standing[-1] & ~step["fooled"])
        held |= step["held"]
    return standing, held


def _decide(
    attack: Attack, target: Target, search: Target, victims: Victims, standing: np.ndarray, threat: Threat,
    settings: Mapping[str, Any], seed: int,
) -> dict[str, np.ndarray]:  # fmt: skip
    fooled, held = np.zeros(len(standing), bool), np.zeros(len(standing), bool)
    rows = np.flatnonzero(standing)
    if len(rows):
        found = victims.attacked(attack, search, rows, threat, settings, seed)
        fooled[rows] = found.fooled.numpy()
        down = torch.from_numpy(np.flatnonzero(fooled))
        examples = rounded(found.adversarial[found.fooled], victims.x[down], victims.images.scale)
        for part, which in zip(
            examples.split(settings["batch_size"]), down.split(settings["batch_size"]), strict=True
        ):
            with torch.no_grad():
                held[which.numpy()] = (target(part).argmax(dim=1) == victims.labels[which]).numpy()
    return {"fooled": fooled, "held": held}


def _survivors(threat: Threat, standing: list[np.ndarray]) -> ArrayEntry:
    shares = tuple(float(bits.mean()) for bits in standing)
    return ArrayEntry(
        threat.name, "survivors", f"attacks run, in the order {', '.join(ATTACKS)}",
        "share of images classified rightly", tuple(map(float, range(len(shares)))), shares,
    )  # fmt: skip
