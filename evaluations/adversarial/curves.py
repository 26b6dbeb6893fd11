"""Attacks over growing budgets: an image that fell at a smaller one is not attacked again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

import numpy as np
import torch

from evaluations.adversarial.found import Found
from evaluations.adversarial.threat import Norm, Threat
from evaluations.keeping import Keep
from sngen.errors import UsageError

#: (rows int64 of the images to attack, threat) -> what was found for them
Attack = Callable[[np.ndarray, Threat], Found]


@dataclass(frozen=True)
class Curve:
    """One norm's budgets in growing order, and per budget what became of N images.

    ``fooled`` bool [T, N]: wrong at that budget, those that are wrong without any attack included.
    ``fell`` bool [T, N]: those that the attack changed at that budget and at no smaller one, with the
    ``queries`` int64 [T, N] spent on each image at that budget.
    """

    threats: tuple[Threat, ...]
    fooled: np.ndarray
    fell: np.ndarray
    queries: np.ndarray


def threats_of(settings: Mapping[str, Any]) -> list[tuple[Threat, ...]]:
    """Per norm of the settings (``linf``, ``l2``: lists of budgets) its threats in growing order.

    Raises ``UsageError`` where there is none, or one budget twice.
    """
    found = []
    for norm in get_args(Norm):
        threats = sorted(
            (Threat.parse(norm, budget) for budget in settings.get(norm, ())), key=lambda threat: threat.eps
        )
        if len({threat.eps for threat in threats}) < len(threats):
            raise UsageError(f"budgets of {norm}: {settings[norm]}; expected every budget once.")
        if threats:
            found.append(tuple(threats))
    if not found:
        raise UsageError("the settings have no budgets; give linf or l2 a list such as [2/255, 8/255].")
    return found


def curve(
    attack: Attack, right: np.ndarray, threats: Sequence[Threat], keep: Keep, suffix: str = ""
) -> Curve:
    """``attack`` on the images that are ``right`` (bool [N]), budget after budget, survivors only.

    An example within one budget is one within every greater budget, so the curve cannot rise. Every budget
    is kept as soon as it is decided, under its name with ``suffix``.
    """
    fooled, fell, queries = [], [], []
    standing = right.copy()
    for threat in threats:
        step = keep.step(threat.name + suffix, partial(_decide, attack, standing, threat))
        standing = standing & ~step["fooled"]
        fooled.append(~standing)
        fell.append(step["fooled"])
        queries.append(step["queries"])
    return Curve(tuple(threats), np.stack(fooled), np.stack(fell), np.stack(queries))


def _decide(attack: Attack, standing: np.ndarray, threat: Threat) -> dict[str, np.ndarray]:
    """What the attack does to the images still ``standing`` (bool [N]), as arrays over all images."""
    fooled, queries = np.zeros(len(standing), bool), np.zeros(len(standing), np.int64)
    rows = np.flatnonzero(standing)
    if len(rows):
        found = attack(rows, threat)
        fooled[rows], queries[rows] = found.fooled.numpy(), found.queries.numpy()
    return {"fooled": fooled, "queries": queries}


def from_distances(distances: np.ndarray, right: np.ndarray, threats: Sequence[Threat]) -> Curve:
    """The curve of an attack that gives each image's distance float32 [N] to its nearest example."""
    within = np.stack([distances <= np.float32(threat.eps) for threat in threats])
    fooled = within | ~right
    before = np.vstack([~right[None], fooled[:-1]])
    return Curve(tuple(threats), fooled, fooled & ~before, np.zeros(within.shape, np.int64))


def rounded(found: torch.Tensor, x: torch.Tensor, scale: int) -> torch.Tensor:
    """Examples [N, C, H, W] with whole pixel values (multiples of 1 / ``scale``), rounded towards the
    originals ``x``, so that they stay in the ball. What float32 adds to a whole level is not lost."""
    levels = (found - x) * scale
    return (x * scale + (levels + 1e-3 * levels.sign()).trunc()).round().div(scale).clamp(0, 1)
