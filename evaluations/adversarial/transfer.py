"""Examples that were made for another network, and the noise of equal size that they must do better than."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from evaluations.adversarial.apgd import Schedule, learn, start_ascent, take_step
from evaluations.adversarial.found import Found, check_logits
from evaluations.adversarial.gradients import Evaluation, Points, zero_gradients
from evaluations.adversarial.losses import cross_entropy
from evaluations.adversarial.measuring import measure_curves
from evaluations.adversarial.noise import Noise
from evaluations.adversarial.threat import Threat, l2_lengths
from evaluations.adversarial.white_box import Search, attack
from evaluations.adversarial.working_set import WorkingSet
from evaluations.datasets.images import Images
from evaluations.method import Context, Measurement, method
from evaluations.target import Target
from sngen.errors import UsageError


def transfer(
    target: Target, surrogate: Target, x: torch.Tensor, labels: torch.Tensor, ids: np.ndarray, threat: Threat,
    settings: Mapping[str, Any], noise_seed: int, clean_logits: torch.Tensor | None = None,
) -> Found:  # fmt: skip
    """The strongest points that APGD-CE meets on ``surrogate``, each shown once to ``target``.

    Pixels ``x`` float32 [N, C, H, W] in [0, 1], ``labels`` int64 [N], ``ids`` [N]. Settings: ``iterations``,
    ``restarts`` and ``batch_size`` as for ``apgd_ce``; but runs go to their end, since a point that has just
    crossed the surrogate's boundary rarely transfers (the point of highest loss does; arXiv:1611.02770).

    Shown are images that both networks get right: of them ``queries`` is 1. One that the target gets wrong
    is fooled as it is. ``clean_logits`` [N, K] are the target's. ``zero_gradients`` are the surrogate's.
    Raises ``UsageError`` if the two have different numbers of classes.
    """

    def search(it: Search) -> None:
        answers = _answers(surrogate, it)
        if answers.shape[1] != it.clean_logits.shape[1]:
            raise UsageError(
                f"surrogate {surrogate.model_id} has {answers.shape[1]} classes and {target.model_id} "
                f"{it.clean_logits.shape[1]}; they need the same ones in the same order."
            )
        it.rows = it.rows[answers[it.rows].argmax(dim=1) == it.labels[it.rows]]
        if len(it.rows):
            names = it.ids[it.rows].numpy()
            given = it.x[it.rows], it.labels[it.rows], names, threat, settings, noise_seed
            made = strongest(surrogate, *given)
            it.found.zero_gradients[it.rows] = made.zero_gradients
            _show(it, made.adversarial)

    return attack(search, target, x, labels, ids, threat, settings["batch_size"], clean_logits)


def noise(
    target: Target, x: torch.Tensor, labels: torch.Tensor, ids: np.ndarray, threat: Threat,
    settings: Mapping[str, Any], noise_seed: int, clean_logits: torch.Tensor | None = None,
) -> Found:  # fmt: skip
    """One random point on the surface of the ball for each image that is right, shown to ``target``.

    L-infinity: every pixel is ``eps`` up or down; L2: a uniform direction; then clipped to [0, 1]. Settings:
    ``batch_size``.
    """

    def search(it: Search) -> None:
        _show(it, _noisy(it.x[it.rows], it.ids[it.rows].numpy(), threat, Noise(noise_seed, "noise")))

    return attack(search, target, x, labels, ids, threat, settings["batch_size"], clean_logits)


def strongest(
    surrogate: Target, x: torch.Tensor, labels: torch.Tensor, ids: np.ndarray, threat: Threat,
    settings: Mapping[str, Any], noise_seed: int,
) -> Found:  # fmt: skip
    """The points of highest cross-entropy in all runs of APGD, fooled or not.

    Unlike elsewhere ``adversarial`` holds one for every image; ``fooled``: the surrogate gets it wrong.
    """
    found = Found.nothing(x)
    highest = torch.full((len(x),), -torch.inf, dtype=torch.float64)
    iterations, source = settings["iterations"], Noise(noise_seed, "apgd-ce")
    numbers = torch.as_tensor(np.asarray(ids, dtype=np.int64))
    everything, no_logits = torch.arange(len(x)), x.new_zeros(len(x), 0)
    it = Search(
        surrogate, x, labels, numbers, no_logits, threat, settings["batch_size"], everything, found
    )  # fmt: skip
    schedule = Schedule(iterations)
    work = WorkingSet(
        everything, settings["restarts"], it.batch_size, lambda *at: start_ascent(it, source, *at)
    )
    while len(work):
        at, rows = work.state, work.rows
        last = at.evaluations == iterations
        seen = _everywhere(surrogate, it.points(work, at.x, labels[rows]), last)
        higher = seen.losses > highest[rows]
        highest[rows[higher]] = seen.losses[higher]
        found.adversarial[rows[higher]], found.fooled[rows[higher]] = at.x[higher], seen.wrong[higher]
        found.zero_gradients[rows] += zero_gradients(seen)
        learn(at, seen, schedule)
        take_step(at, threat)
        work.advance(last, torch.zeros_like(last))
    return found


def _everywhere(surrogate: Target, points: Points, last: torch.Tensor) -> Evaluation:
    """Losses with gradients also where the label is wrong: the ascent goes on from there."""
    with torch.set_grad_enabled(not bool(last.all())):
        x = points.x.detach().requires_grad_()
        logits = surrogate(x)
        losses = cross_entropy(logits, points.labels, points.classes)
    check_logits(logits.detach(), points.ids.numpy(), surrogate.model_id)
    gradients = (
        torch.autograd.grad(losses.sum(), x)[0] if losses.requires_grad else torch.zeros_like(points.x)
    )
    wrong = logits.detach().argmax(dim=1) != points.labels
    return Evaluation(wrong, losses.detach().double(), ~last, gradients)


def _show(it: Search, altered: torch.Tensor) -> None:
    """One query for each image to be attacked, in its ``altered`` form [R, C, H, W]."""
    for part, points in zip(it.rows.split(it.batch_size), altered.split(it.batch_size), strict=True):
        logits = it.target.query(points)
        check_logits(logits, it.ids[part].numpy(), it.target.model_id)
        wrong = logits.argmax(dim=1) != it.labels[part]
        it.found.queries[part] += 1
        it.found.fooled[part[wrong]], it.found.adversarial[part[wrong]] = True, points[wrong]


def _noisy(x: torch.Tensor, ids: np.ndarray, threat: Threat, source: Noise) -> torch.Tensor:
    if threat.norm == "linf":
        direction = torch.where(source.uniform(ids, 0, 0, x.shape[1:]) < 0.5, -1.0, 1.0)
    else:
        direction = source.normal(ids, 0, 0, x.shape[1:])
        direction /= l2_lengths(direction)
    return (x + threat.eps * direction).clamp(0, 1)


def _answers(target: Target, it: Search) -> torch.Tensor:
    with torch.no_grad():
        logits = torch.cat([target(part) for part in it.x.split(it.batch_size)])
    check_logits(logits, it.ids.numpy(), target.model_id)
    return logits


@method("adversarial", "transfer", version=1)
def transfer_curve(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """Robust accuracy against ``transfer`` from the first of ``surrogates`` that is not the target, and
    against ``noise`` of equal size (settings ``...-noise``), at every budget ``linf`` and ``l2``.

    The surrogate's own passes are not counted: they are the attacker's. The other settings are those of
    ``transfer``.
    """
    return curves_from(context.surrogate(), target, data, settings, seed, context)


def curves_from(
    surrogate: Target, target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int,
    context: Context,
) -> Measurement:  # fmt: skip
    """The curves of ``transfer`` from this surrogate, and of ``noise`` beside them."""

    def passed_on(target: Target, *given: Any) -> Found:
        return transfer(target, surrogate, *given)

    found = measure_curves(passed_on, target, data, settings, seed, context)
    beside = measure_curves(noise, target, data, settings, seed, context, suffix="-noise")
    return Measurement((*found.scores, *beside.scores[1:]), (*found.outcomes, *beside.outcomes))
