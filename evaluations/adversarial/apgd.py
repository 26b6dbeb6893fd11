"""Auto-PGD: projected gradient ascent that sets its own step sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from evaluations.adversarial.found import Found
from evaluations.adversarial.gradients import Evaluation, evaluate
from evaluations.adversarial.losses import Loss, cross_entropy, dlr, require_targeted_dlr, targeted_dlr
from evaluations.adversarial.measuring import measure_curves
from evaluations.adversarial.noise import Noise
from evaluations.adversarial.threat import Threat, box, l2_lengths, project
from evaluations.adversarial.white_box import Search, attack
from evaluations.adversarial.working_set import WorkingSet
from evaluations.datasets.images import Images
from evaluations.method import Context, Measurement, method
from evaluations.target import Target

MOMENTUM = 0.75
ENOUGH_RISES = 0.75  # share of an interval's steps that raised the loss


def apgd_ce(
    target: Target, x: torch.Tensor, labels: torch.Tensor, ids: np.ndarray, threat: Threat,
    settings: Mapping[str, Any], noise_seed: int, clean_logits: torch.Tensor | None = None,
) -> Found:  # fmt: skip
    """APGD on the cross-entropy (Croce and Hein, 2003.01690), untargeted.

    Pixels ``x`` float32 [N, C, H, W] in [0, 1], ``labels`` int64 [N], ``ids`` [N]. Settings: ``iterations``
    (literature: 100), ``restarts`` (1), ``batch_size``. ``clean_logits`` [N, K] spare the forward passes of
    the originals where they are known. Given the same start noise, an image falls where and only where it
    falls to the reference (``fra31/auto-attack``); here it leaves at its first wrong label. Where that is a
    close thing, the rounding of the network decides, which may depend on how many images share a batch.
    """

    def search(it: Search) -> None:
        _ascend(it, cross_entropy, it.labels[:, None], settings, Noise(noise_seed, "apgd-ce"))

    return attack(search, target, x, labels, ids, threat, settings["batch_size"], clean_logits)


def apgd_dlr(
    target: Target, x: torch.Tensor, labels: torch.Tensor, ids: np.ndarray, threat: Threat,
    settings: Mapping[str, Any], noise_seed: int, clean_logits: torch.Tensor | None = None,
) -> Found:  # fmt: skip
    """APGD on the untargeted DLR loss, as ``apgd_ce``. Raises ``UsageError`` below 3 classes."""

    def search(it: Search) -> None:
        _ascend(it, dlr, it.labels[:, None], settings, Noise(noise_seed, "apgd-dlr"))

    return attack(search, target, x, labels, ids, threat, settings["batch_size"], clean_logits)


def apgd_t(
    target: Target, x: torch.Tensor, labels: torch.Tensor, ids: np.ndarray, threat: Threat,
    settings: Mapping[str, Any], noise_seed: int, clean_logits: torch.Tensor | None = None,
) -> Found:  # fmt: skip
    """APGD on the targeted DLR loss, towards the classes that follow the highest of the clean logits.

    As ``apgd_ce``, with ``targets`` (9; at most one less than there are classes) besides: ``restarts`` runs
    for each target, from the most to the least probable. Any wrong label counts, not only the target's.
    Raises ``UsageError`` for a model of fewer than 4 classes, for which the loss is not defined.
    """

    def search(it: Search) -> None:
        number = it.clean_logits.shape[1]
        require_targeted_dlr(number)
        ranked = it.clean_logits.sort(dim=1).indices.flip(1)  # ties as the reference breaks them
        classes = ranked[:, 1 : 1 + min(settings["targets"], number - 1)]
        _ascend(it, targeted_dlr, classes, settings, Noise(noise_seed, "apgd-t"))

    return attack(search, target, x, labels, ids, threat, settings["batch_size"], clean_logits)


@dataclass
class Ascent:
    """Per image: where its run is. Images [B, C, H, W] first; ``step`` is [B, 1, 1, 1], the others [B]."""

    origin: torch.Tensor
    x: torch.Tensor
    previous: torch.Tensor
    gradient: torch.Tensor
    best: torch.Tensor
    best_gradient: torch.Tensor
    step: torch.Tensor
    evaluations: torch.Tensor
    last_loss: torch.Tensor
    rises: torch.Tensor
    best_loss: torch.Tensor
    best_at_checkpoint: torch.Tensor
    was_cut: torch.Tensor


def _ascend(it: Search, loss: Loss, classes: torch.Tensor, settings: Mapping[str, Any], noise: Noise) -> None:
    """``restarts`` runs of ``iterations`` steps for each image and each of its ``classes`` int64 [N, T]."""
    iterations, restarts = settings["iterations"], settings["restarts"]
    schedule = Schedule(iterations)
    work = WorkingSet(
        it.rows, classes.shape[1] * restarts, it.batch_size, lambda *at: start_ascent(it, noise, *at)
    )
    while len(work):
        at = work.state
        last = at.evaluations == iterations
        points = it.points(work, at.x, classes[work.rows, work.runs // restarts])
        seen = evaluate(it.target, points, loss, last)
        it.note(work, at.x, seen)
        learn(at, seen, schedule)
        take_step(at, it.threat)
        work.advance(last, seen.wrong)


def starting_points(
    x: torch.Tensor, ids: np.ndarray, runs: np.ndarray | int, threat: Threat, noise: Noise
) -> torch.Tensor:
    """Points on the surface of the balls around ``x`` [N, C, H, W] in random directions, clipped to [0, 1]:
    those of image ``ids`` [N] in run ``runs`` (one number, or [N])."""
    if threat.norm == "linf":
        direction = noise.uniform(ids, runs, 0, x.shape[1:]).mul_(2).sub_(1)
        length = direction.abs().amax(dim=(1, 2, 3), keepdim=True)
    else:
        direction = noise.normal(ids, runs, 0, x.shape[1:])
        length = l2_lengths(direction)
    return (x + threat.eps * (direction / (length + 1e-12))).clamp_(0, 1)


def start_ascent(it: Search, noise: Noise, rows: torch.Tensor, runs: torch.Tensor) -> Ascent:
    origin = it.x[rows]
    x = starting_points(origin, it.ids[rows].numpy(), runs.numpy(), it.threat, noise)
    nothing = torch.zeros(len(x), dtype=torch.float64)
    return Ascent(
        origin, x, x.clone(), torch.zeros_like(x), x.clone(), torch.zeros_like(x),
        step=x.new_full((len(x), 1, 1, 1), 2 * it.threat.eps),
        evaluations=torch.zeros_like(rows),
        last_loss=nothing.clone(),
        rises=nothing.clone(),
        best_loss=torch.full_like(nothing, -torch.inf),
        best_at_checkpoint=nothing.clone(),
        was_cut=torch.ones_like(rows, dtype=torch.bool),
    )  # fmt: skip


def learn(at: Ascent, seen: Evaluation, schedule: Schedule) -> None:
    """Takes in what was seen at ``x``; at a checkpoint cuts the step and returns to the best point if due."""
    first = at.evaluations == 0
    at.gradient = seen.gradients
    better = torch.nonzero(seen.losses > at.best_loss).flatten()
    at.best[better], at.best_gradient[better] = at.x[better], at.gradient[better]
    at.best_loss[better] = seen.losses[better]
    at.best_at_checkpoint[first] = seen.losses[first]
    # The reference compares the loss after the first step with 0 instead of the loss of the start.
    at.rises += (seen.losses > at.last_loss) & ~first
    at.last_loss = torch.where(first, 0.0, seen.losses)
    due = schedule.is_checkpoint[at.evaluations]
    if due.any():
        _check_progress(at, due, schedule.interval[at.evaluations])


def _check_progress(at: Ascent, due: torch.Tensor, interval: torch.Tensor) -> None:
    """Halves the step, and goes back to the best point, where the loss rarely rose in the interval or where
    the step was not cut last time and the best loss stands still since."""
    stuck = ~at.was_cut & (at.best_at_checkpoint >= at.best_loss)
    cut = ((at.rises <= ENOUGH_RISES * interval) | stuck) & due
    at.was_cut = torch.where(due, cut, at.was_cut)
    at.best_at_checkpoint = torch.where(due, at.best_loss, at.best_at_checkpoint)
    at.rises = torch.where(due, 0.0, at.rises)
    rows = torch.nonzero(cut).flatten()
    at.step[rows] /= 2
    at.x[rows], at.gradient[rows] = at.best[rows], at.best_gradient[rows]


def take_step(at: Ascent, threat: Threat) -> None:
    """One step along the gradient with momentum, projected before and after the momentum."""
    share = torch.where(at.evaluations == 0, 1.0, MOMENTUM)[:, None, None, None]
    if threat.norm == "linf":
        limits = box(at.origin, threat.eps)
        ahead = torch.addcmul(at.x, at.step, at.gradient.sign()).clamp_(*limits)
        moved = _with_momentum(at, ahead, share).clamp_(*limits)
    else:
        ahead = torch.addcmul(at.x, at.step, at.gradient / (l2_lengths(at.gradient) + 1e-12))
        moved = project(at.origin, _with_momentum(at, project(at.origin, ahead, threat), share), threat)
    at.previous, at.x = at.x, moved
    at.evaluations += 1


def _with_momentum(at: Ascent, ahead: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """``share`` of the way to the point ``ahead`` (which is overwritten), the rest as in the step before."""
    return ahead.sub_(at.x).mul_(share).add_(at.x).addcmul_(at.x - at.previous, 1 - share)


class Schedule:
    """``is_checkpoint`` bool and ``interval``, the steps since the one before, by the number of steps taken.

    The first interval is 22 % of the iterations; each is 3 % shorter than the one before, down to 6 %.
    """

    def __init__(self, iterations: int) -> None:
        self.is_checkpoint = torch.zeros(iterations + 1, dtype=torch.bool)
        self.interval = torch.zeros(iterations + 1)
        length = max(int(0.22 * iterations), 1)
        at = length
        while at <= iterations:
            self.is_checkpoint[at], self.interval[at] = True, length
            length = max(length - max(int(0.03 * iterations), 1), int(0.06 * iterations), 1)
            at += length


@method("adversarial", "apgd-ce", version=1, needs_gradients=True)
def apgd_ce_curve(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """Robust accuracy against ``apgd_ce`` at every budget. Settings: its own and the budgets."""
    return measure_curves(apgd_ce, target, data, settings, seed, context)
