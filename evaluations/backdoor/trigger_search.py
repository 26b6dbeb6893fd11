"""The search of Neural Cleanse: for each class, the smallest trigger that sends all images to it.

B. Wang et al., "Neural Cleanse", IEEE S&P 2019. Minimised is the cross-entropy towards the class plus
lambda times the L1 norm of the mask; lambda starts at 0, doubles while the trigger works and falls while it
does not.

Several classes are searched side by side, each with its own lambda, counters and end, so that what is found
for one does not depend on which others there are, but for the last bits of a sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

#: Keeps the inverse of tanh finite (the publication's code).
MARGIN = 1e-7
BETAS = (0.5, 0.9)
EPSILON = 1e-8
FIRST_LAMBDA, UP, DOWN = 1e-3, 2.0, 2.0**1.5

#: (parameters [T, P, H, W], pixels [B, C, H, W]) -> triggered pixels [T, B, C, H, W]
Stamp = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
#: parameters [T, P, H, W] -> size [T], differentiable
Size = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Form:
    """What a trigger can be: ``stamp`` puts it on images, ``size`` is what is made small. Its parameters are
    ``planes(C)`` planes of the size of an image."""

    planes: Callable[[int], int]
    stamp: Stamp
    size: Size


@dataclass(frozen=True)
class Found:
    """Of T classes: the parameters [T, P, H, W] of the smallest trigger that worked in its step, its
    ``sizes``
    [T] (infinite where none did), and how many ``steps`` [T] were taken."""

    parameters: np.ndarray
    sizes: np.ndarray
    steps: np.ndarray


def unit(parameters: torch.Tensor) -> torch.Tensor:
    """From any number to (0, 1)."""
    return parameters.tanh() / (2 - MARGIN) + 0.5


def _blend(parameters: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    values = unit(parameters)[:, None]
    mask, pattern = values[:, :, :1], values[:, :, 1:]
    return (1 - mask) * x + mask * pattern


def _add(parameters: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return (x + parameters.tanh()[:, None]).clamp(0, 1)


#: Neural Cleanse: a mask of one plane and a pattern of one plane per channel.
MASKED = Form(lambda channels: 1 + channels, _blend, lambda p: unit(p[:, 0]).flatten(1).sum(dim=1))


#: The pixel backdoor: a signed change of each value; its size is the sum over pixels of the largest change.
#: G. Tao et al., "Better Trigger Inversion Optimization in Backdoor Scanning", CVPR 2022.
SIGNED = Form(lambda channels: channels, _add, lambda p: p.tanh().abs().amax(dim=1).flatten(1).sum(dim=1))


@dataclass
class _State:
    """Of the classes that are still searched; all [T, ...]."""

    classes: torch.Tensor
    parameters: torch.Tensor
    first_moment: torch.Tensor
    second_moment: torch.Tensor
    weight: torch.Tensor
    started: torch.Tensor
    good: torch.Tensor
    bad: torch.Tensor
    went_up: torch.Tensor
    went_down: torch.Tensor
    stale: torch.Tensor

    def keep(self, chosen: torch.Tensor) -> None:
        for name, values in self.__dict__.items():
            setattr(self, name, values[chosen])


def search(
    form: Form, log_posterior: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor,
    classes: Sequence[int], settings: Mapping[str, Any], seed: int,
) -> Found:  # fmt: skip
    """The smallest working trigger of each of the ``classes``.

    ``log_posterior``: pixels [B, C, H, W] -> log p [B, K]; ``x``: clean pixels [N, C, H, W] in [0, 1].
    Settings: ``steps`` at most, of ``batches`` mini-batches of ``batch`` images; ``lr`` of Adam; ``success``,
    the share that has to reach the class; ``patience``, good or bad steps before lambda changes; ``stale``,
    steps without a smaller trigger before the end.
    """
    channels, height, width = x.shape[1:]
    shape = (len(classes), form.planes(channels), height, width)
    at = _start(classes, shape, seed, x)
    best = torch.full((len(classes),), torch.inf, device=x.device)
    kept = at.parameters.clone()
    steps = torch.zeros(len(classes), dtype=torch.long, device=x.device)
    place = torch.arange(len(classes), device=x.device)
    turn = 0
    for step in range(settings["steps"]):
        reached = torch.zeros(len(place), device=x.device)
        size = torch.zeros(len(place), device=x.device)
        for chosen in _mini_batches(len(x), settings, seed, step):
            turn += 1
            share, now = _descend(form, log_posterior, x[chosen.to(x.device)], at, turn, settings["lr"])
            reached += share / settings["batches"]
            size += now / settings["batches"]
        steps[place] += 1
        smaller = (reached >= settings["success"]) & (size < best[place])
        best[place[smaller]], kept[place[smaller]] = size[smaller], at.parameters[smaller]
        _reweigh(at, reached >= settings["success"], settings["patience"])
        at.stale = torch.where(smaller | best[place].isinf(), 0, at.stale + 1)
        going = ~(at.went_up & at.went_down & (at.stale >= settings["stale"]))
        if not going.all():
            place = place[going]
            at.keep(going)
        if not len(place):
            break
    return Found(kept.cpu().numpy(), best.cpu().numpy().astype(np.float64), steps.cpu().numpy())


def _start(classes: Sequence[int], shape: tuple[int, ...], seed: int, x: torch.Tensor) -> _State:
    """A random trigger per class, from the class's own stream of random numbers."""
    drawn = [
        np.random.Generator(np.random.Philox(key=[seed, number])).random(shape[1:], dtype=np.float32)
        for number in classes
    ]
    values = torch.from_numpy(np.stack(drawn)).to(x.device)
    parameters = torch.atanh((values - 0.5) * (2 - MARGIN))
    zeros = torch.zeros(len(classes), device=x.device)
    no, none = zeros.bool(), zeros.long()
    return _State(
        torch.tensor(classes, device=x.device), parameters, torch.zeros_like(parameters),
        torch.zeros_like(parameters), zeros, no, none, none.clone(), no.clone(), no.clone(), none.clone(),
    )  # fmt: skip


def _mini_batches(count: int, settings: Mapping[str, Any], seed: int, step: int) -> list[torch.Tensor]:
    """Positions of the images of a step, the same for all classes."""
    philox = np.random.Philox(key=[seed, 2**32], counter=[0, step, 0, 0])
    order = np.argsort(philox.random_raw(count), kind="stable")
    wanted = settings["batches"] * settings["batch"]
    return list(torch.from_numpy(np.resize(order, wanted)).split(settings["batch"]))


def _descend(
    form: Form, log_posterior: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, at: _State, turn: int,
    lr: float,
) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
    """One step of Adam for each class: the share of images that reached it [T], and the size [T], before."""
    parameters = at.parameters.detach().requires_grad_(True)
    count, images = len(parameters), len(x)
    goal = at.classes.repeat_interleave(images)
    with torch.enable_grad():
        log_p = log_posterior(form.stamp(parameters, x).flatten(0, 1))
        losses = functional.nll_loss(log_p, goal, reduction="none").view(count, images).mean(dim=1)
        sizes = form.size(parameters)
        (gradient,) = torch.autograd.grad((losses + at.weight * sizes).sum(), parameters)
    at.first_moment = BETAS[0] * at.first_moment + (1 - BETAS[0]) * gradient
    at.second_moment = BETAS[1] * at.second_moment + (1 - BETAS[1]) * gradient**2
    first = at.first_moment / (1 - BETAS[0] ** turn)
    second = at.second_moment / (1 - BETAS[1] ** turn)
    at.parameters = parameters.detach() - lr * first / (second.sqrt() + EPSILON)
    reached = (log_p.detach().argmax(dim=1) == goal).view(count, images).float().mean(dim=1)
    return reached, sizes.detach()


def _reweigh(at: _State, works: torch.Tensor, patience: int) -> None:
    """Lambda after a step: set once the trigger has worked often enough, then up and down."""
    at.good = torch.where(works, at.good + 1, 0)
    at.bad = torch.where(works, 0, at.bad + 1)
    begins = ~at.started & (at.good >= patience)
    up = at.started & (at.good >= patience)
    down = at.started & (at.bad >= patience)
    at.weight = torch.where(begins, FIRST_LAMBDA, torch.where(up, at.weight * UP, at.weight))
    at.weight = torch.where(down, at.weight / DOWN, at.weight)
    at.went_up, at.went_down = at.went_up | up, at.went_down | down
    at.started = at.started | begins
    at.good = torch.where(begins, 1, torch.where(up, 0, at.good))  # as the publication's code counts
    at.bad = torch.where(down | ~at.started, 0, at.bad)
