"""Projected gradient descent: the plain first-order attack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from evaluations.adversarial.found import Found
from evaluations.adversarial.gradients import evaluate
from evaluations.adversarial.losses import cross_entropy
from evaluations.adversarial.measuring import measure_curves
from evaluations.adversarial.noise import Noise
from evaluations.adversarial.threat import Threat, l2_lengths, project
from evaluations.adversarial.white_box import Search, attack
from evaluations.adversarial.working_set import WorkingSet
from evaluations.datasets.images import Images
from evaluations.method import Context, Measurement, method
from evaluations.target import Target
from sngen.errors import UsageError


def pgd(
    target: Target, x: torch.Tensor, labels: torch.Tensor, ids: np.ndarray, threat: Threat,
    settings: Mapping[str, Any], noise_seed: int, clean_logits: torch.Tensor | None = None,
) -> Found:  # fmt: skip
    """PGD on the cross-entropy (Madry et al., 1706.06083) from a random point of the ball.

    L-inf: steps along the sign of the gradient; L2: along the gradient scaled to length 1. Pixels ``x``
    float32 [N, C, H, W] in [0, 1], ``labels`` int64 [N], ``ids`` [N]. Settings: ``steps``, ``restarts``,
    ``batch_size``, and either ``alpha``, the step as a share of the budget, or ``step_size``, the step in
    pixel space (a number or a fraction, "2/255"). An image leaves at its first wrong label, on the path or
    at its end. ``clean_logits`` [N, K] spare the forward passes of the originals where they are known.
    """
    length = step_length(threat, settings)

    def search(it: Search) -> None:
        _descend(it, settings["steps"], length, settings["restarts"], Noise(noise_seed, "pgd"))

    return attack(search, target, x, labels, ids, threat, settings["batch_size"], clean_logits)


def step_length(threat: Threat, settings: Mapping[str, Any]) -> float:
    """The step in pixel space. Raises ``UsageError`` unless exactly one of its two settings is there."""
    if ("alpha" in settings) == ("step_size" in settings):
        raise UsageError("PGD takes either alpha (a share of the budget) or step_size (in pixel space).")
    if "alpha" in settings:
        return float(settings["alpha"]) * threat.eps
    return Threat.parse(threat.norm, settings["step_size"]).eps


@dataclass
class Descent:
    """Per image: the original and the current point [B, C, H, W], and the steps taken int64 [B]."""

    origin: torch.Tensor
    x: torch.Tensor
    steps: torch.Tensor


def _descend(it: Search, steps: int, length: float, restarts: int, noise: Noise) -> None:
    work = WorkingSet(it.rows, restarts, it.batch_size, lambda *at: _start(it, noise, *at))
    while len(work):
        at = work.state
        last = at.steps == steps
        points = it.points(work, at.x, classes=it.labels[work.rows])
        seen = evaluate(it.target, points, cross_entropy, last)
        it.note(work, at.x, seen)
        ahead = torch.add(at.x, _direction(seen.gradients, it.threat), alpha=length)
        at.x = project(at.origin, ahead, it.threat)
        at.steps += 1
        work.advance(last, seen.wrong)


def _start(it: Search, noise: Noise, rows: torch.Tensor, runs: torch.Tensor) -> Descent:
    """A point drawn uniformly from the ball, clipped to [0, 1]."""
    ids, run, shape, origin = it.ids[rows].numpy(), runs.numpy(), it.x.shape[1:], it.x[rows]
    if it.threat.norm == "linf":
        delta = noise.uniform(ids, run, 0, shape).mul_(2).sub_(1)
    else:
        delta = noise.normal(ids, run, 0, shape)
        radius = noise.uniform(ids, run, 1, (1, 1, 1)) ** (1 / shape.numel())
        delta *= radius / l2_lengths(delta)
    x = project(origin, origin + it.threat.eps * delta, it.threat)
    return Descent(origin, x, torch.zeros_like(rows))


def _direction(gradients: torch.Tensor, threat: Threat) -> torch.Tensor:
    if threat.norm == "linf":
        return gradients.sign()
    return gradients / (l2_lengths(gradients) + 1e-12)


@method("adversarial", "pgd", version=1, needs_gradients=True)
def pgd_curve(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """Robust accuracy against ``pgd`` at every budget. Settings: its own and the budgets."""
    return measure_curves(pgd, target, data, settings, seed, context)
