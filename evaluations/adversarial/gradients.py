"""Losses and their gradients with respect to pixels, one image at a time in effect."""

from __future__ import annotations

from typing import NamedTuple

import torch

from evaluations.adversarial.found import check_logits
from evaluations.adversarial.losses import Loss
from evaluations.target import Target

BACKWARD_SHARE = 0.5  # about what a backward pass costs of a forward and backward pass


class Points(NamedTuple):
    """Pixels [B, C, H, W] with the labels, target classes and ids (all int64 [B]) of their images."""

    x: torch.Tensor
    labels: torch.Tensor
    classes: torch.Tensor
    ids: torch.Tensor

    def at(self, rows: torch.Tensor) -> Points:
        return Points(self.x[rows], self.labels[rows], self.classes[rows], self.ids[rows])


class Evaluation(NamedTuple):
    """What a network says at points: ``wrong`` labels (bool [B]), ``losses`` float64 [B], which images are
    ``going`` on from there (bool [B]), and the ``gradients`` of each image's own loss [B, C, H, W], which
    mean nothing for the others."""

    wrong: torch.Tensor
    losses: torch.Tensor
    going: torch.Tensor
    gradients: torch.Tensor


def evaluate(target: Target, points: Points, loss: Loss, last: torch.Tensor) -> Evaluation:
    """Labels and losses at all points, and gradients where an attack goes on from there, which it does not
    from a point that has a wrong label or is the ``last`` (bool [B]) of its run.

    Losses are summed and not averaged, so an image's gradient does not depend on how many share its batch.
    What was computed is counted: a forward and backward pass of all points where most go on, otherwise a
    forward pass of all, with a forward and backward pass of the few that go on. Raises ``CheckFailed``
    naming images whose logits are not finite.
    """
    with torch.set_grad_enabled(not bool(last.all())):
        x = points.x.detach().requires_grad_()
        logits = target(x)
        losses = loss(logits, points.labels, points.classes)
    check_logits(logits.detach(), points.ids.numpy(), target.model_id)
    wrong = logits.detach().argmax(dim=1) != points.labels
    going = ~(wrong | last)
    few = int(going.sum()) <= BACKWARD_SHARE * len(going)
    if few and losses.requires_grad:
        _recount_as_forwards(target, len(x))
    gradients = _gradients_of_few(target, points, loss, going) if few else _gradient(losses, x)
    return Evaluation(wrong, losses.detach().double(), going, gradients)


def zero_gradients(seen: Evaluation) -> torch.Tensor:
    """Which images go on with a gradient that is exactly zero everywhere: bool [B]."""
    return seen.going & (seen.gradients.abs().amax(dim=(1, 2, 3)) == 0)


def _gradients_of_few(target: Target, points: Points, loss: Loss, going: torch.Tensor) -> torch.Tensor:
    """Cheaper than a backward pass through all: another forward and backward pass of these alone."""
    gradients = torch.zeros_like(points.x)
    rows = torch.nonzero(going).flatten()
    if len(rows):
        some = points.at(rows)
        with torch.enable_grad():
            x = some.x.detach().requires_grad_()
            losses = loss(target(x), some.labels, some.classes)
        gradients[rows] = _gradient(losses, x)
    return gradients


def _gradient(losses: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    (gradient,) = torch.autograd.grad(losses.sum(), x)
    return gradient


def _recount_as_forwards(target: Target, images: int) -> None:
    """A target counts by what is asked of it; here the backward pass that was asked for does not follow."""
    target.forward_backwards -= images
    target.forwards += images
