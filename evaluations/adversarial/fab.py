"""FAB-T: the smallest perturbation towards each of the likeliest other classes.

Croce and Hein (2020, arXiv:1907.02044). At each point the difference of two logits is taken as linear. The
attack steps to the nearest point of its zero set inside the box, drawn a little towards the nearest such
point from the original, overshoots, and goes back towards the original whenever the label is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from evaluations.adversarial.curves import from_distances, threats_of
from evaluations.adversarial.found import Found, check_logits
from evaluations.adversarial.measuring import Victims, searched_with
from evaluations.adversarial.noise import Noise
from evaluations.adversarial.projections import onto_hyperplane
from evaluations.adversarial.robust_scores import (
    clean_score,
    curve_outcomes,
    curve_scores,
    distance_array,
    minimal_perturbation,
)
from evaluations.adversarial.threat import Norm, Threat, distance
from evaluations.adversarial.white_box import Search, attack
from evaluations.adversarial.working_set import WorkingSet
from evaluations.datasets.images import Images
from evaluations.method import Context, Measurement, method
from evaluations.target import Target
from sngen.errors import CheckFailed

SMALLEST = 1e-8  # of a displacement's norm, so that two of length 0 have a ratio

#: (which images have an example within the limit, whose run is over) -> which images leave; all bool [B]
Leaving = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def fab_t(
    target: Target, x: torch.Tensor, labels: torch.Tensor, ids: np.ndarray, threat: Threat,
    settings: Mapping[str, Any], noise_seed: int, clean_logits: torch.Tensor | None = None,
) -> Found:  # fmt: skip
    """FAB-T on pixels ``x`` float32 [N, C, H, W] in [0, 1] with ``labels`` int64 [N] and ``ids`` [N].

    Examples count if they are within ``threat``. Settings: ``iterations`` (literature: 100); ``targets`` (9;
    at most one less than there are classes); ``restarts`` for each target (1: the first starts at the image,
    others at random half a budget away); ``alpha_max`` (0.1), ``eta`` (1.05), ``beta`` (0.9); ``batch_size``;
    ``stop_at_eps``: true leaves an image at its first example within the budget, false makes that run to its
    end for a closer one. Both fool the same images. ``clean_logits`` [N, K] spare the forward passes of the
    originals where they are known.
    """

    def leaving(fooled: torch.Tensor, over: torch.Tensor) -> torch.Tensor:
        return fooled if settings["stop_at_eps"] else fooled & over

    def search(it: Search) -> None:
        _Approach(it, settings, Noise(noise_seed, "fab-t"), threat.eps, threat.eps).go(leaving)

    return attack(search, target, x, labels, ids, threat, settings["batch_size"], clean_logits)


def fab_minimal(
    target: Target, x: torch.Tensor, labels: torch.Tensor, ids: np.ndarray, norm: Norm,
    settings: Mapping[str, Any], noise_seed: int, clean_logits: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
    """The closest examples of all runs, float32 [N, C, H, W], and their distances, float32 [N].

    Where none is found, the original and infinity; for an image that is wrong as it is, the original and 0.
    Settings as for ``fab_t`` without ``stop_at_eps``; several ``restarts`` need ``restart_radius`` besides:
    they start half of it away from the image, or half the distance of its closest example if that is less.
    """
    radius = settings["restart_radius"] if settings["restarts"] > 1 else 0.0
    anywhere = Threat(norm, float(x.shape[1:].numel()))  # no two images are so far apart

    def search(it: Search) -> None:
        _Approach(it, settings, Noise(noise_seed, "fab-t"), anywhere.eps, radius).go(
            lambda fooled, over: torch.zeros_like(over)
        )

    found = attack(search, target, x, labels, ids, anywhere, settings["batch_size"], clean_logits)
    return found.adversarial, found.fooled_at(x, norm)


@dataclass
class Run:
    """Per image: the original and the point where its run is, [B, C, H, W], and how many steps led there,
    int64 [B]."""

    originals: torch.Tensor
    points: torch.Tensor
    steps: torch.Tensor


class _Approach:
    """The closest example so far of each image, and how it is found.

    Only examples within ``limit`` of their image count. ``radius`` is twice the distance of random starts.
    """

    def __init__(
        self, it: Search, settings: Mapping[str, Any], noise: Noise, limit: float, radius: float
    ) -> None:
        self.it, self.settings, self.noise, self.limit, self.radius = it, settings, noise, limit, radius
        self.nearest = torch.full((len(it.x),), torch.inf)
        others = it.clean_logits.scatter(1, it.labels[:, None], -torch.inf)
        number = min(settings["targets"], others.shape[1] - 1)
        self.classes = others.argsort(dim=1, descending=True, stable=True)[:, :number]

    def go(self, leaving: Leaving) -> None:
        """``restarts`` runs for each target, the likeliest class first, until an image leaves."""
        restarts, found = self.settings["restarts"], self.it.found
        runs = self.classes.shape[1] * restarts
        work = WorkingSet(self.it.rows, runs, self.it.batch_size, self._start)
        while len(work):
            rows, at = work.rows, work.state
            at.points, stuck = self._step(at, rows, self.classes[rows, work.runs // restarts])
            at.steps += 1
            if stuck.any():  # what is left of such a run would repeat this step
                found.zero_gradients[rows[stuck]] += self.settings["iterations"] - at.steps[stuck]
            over = stuck | (at.steps == self.settings["iterations"])
            work.advance(over, leaving(found.fooled[rows], over))

    def _start(self, rows: torch.Tensor, runs: torch.Tensor) -> Run:
        """The first run for a target begins at the image, the others at random points near it."""
        originals = self.it.x[rows]
        points = originals.clone()
        again = runs % self.settings["restarts"] > 0
        if again.any():
            chosen = rows[again]
            noise = self._random_directions(self.it.ids[chosen].numpy(), runs[again].numpy())
            half = self.nearest[chosen].clamp(max=self.radius) / 2
            noise *= _per_image(half / self._lengths(noise.flatten(1)))
            points[again] = (points[again] + noise).clamp(0, 1)
        return Run(originals, points, torch.zeros_like(rows))

    def _random_directions(self, ids: np.ndarray, runs: np.ndarray) -> torch.Tensor:
        shape = self.it.x.shape[1:]
        if self.it.threat.norm == "linf":
            return self.noise.uniform(ids, runs, 0, shape) * 2 - 1
        return self.noise.normal(ids, runs, 0, shape)

    def _step(self, at: Run, rows: torch.Tensor, classes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The next points, and which runs (bool [B]) can go nowhere: no gradient, and at the image itself."""
        points, originals = at.points, at.originals
        difference, gradient, largest = self._linearise(points, rows, classes)
        stuck = self._count_stuck(at, rows, largest == 0)
        at_original = difference + (gradient * (originals - points).flatten(1)).sum(dim=1)
        ways = onto_hyperplane(
            torch.cat([points, originals]).flatten(1),
            torch.cat([gradient, gradient]),
            -torch.cat([difference, at_original]),
            self.it.threat.norm,
        )
        from_point, from_original = self._lengths(ways).clamp_min(SMALLEST).chunk(2)
        alpha = (from_point / (from_point + from_original)).clamp_max(self.settings["alpha_max"])
        here, there = ways.mul_(self.settings["eta"]).view(2, *points.shape).unbind()
        following = here.add_(points).lerp_(there.add_(originals), _per_image(alpha)).clamp_(0, 1)
        return self._keep_and_withdraw(following, originals, rows), stuck

    def _count_stuck(self, at: Run, rows: torch.Tensor, no_gradient: torch.Tensor) -> torch.Tensor:
        if not no_gradient.any():
            return no_gradient
        self.it.found.zero_gradients[rows] += no_gradient
        return no_gradient & (at.points == at.originals).flatten(1).all(dim=1)

    def _linearise(
        self, points: torch.Tensor, rows: torch.Tensor, classes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Logit of the target minus logit of the label, [B], its gradient, [B, C * H * W], and the largest
        size in that, [B]."""
        with torch.enable_grad():
            points = points.detach().requires_grad_()
            logits = self.it.target(points)
            both = logits.gather(1, torch.stack([classes, self.it.labels[rows]], dim=1))
            difference = both[:, 0] - both[:, 1]
            (gradient,) = torch.autograd.grad(difference.sum(), points)
        self._check_logits(logits.detach(), rows)
        gradient = gradient.flatten(1)
        largest = gradient.abs().amax(dim=1)
        broken = rows[~largest.isfinite()]
        if len(broken):
            raise CheckFailed(
                f"{self.it.target.model_id}: the gradient of image {int(self.it.ids[broken[0]])} is not "
                "finite; FAB cannot go on. Look in the network for a division by 0 or a root of 0."
            )
        return difference.detach(), gradient, largest

    def _keep_and_withdraw(
        self, points: torch.Tensor, originals: torch.Tensor, rows: torch.Tensor
    ) -> torch.Tensor:
        """Keep points that are wrong and closer than any before; go back a little from all that are wrong."""
        with torch.no_grad():
            logits = self.it.target(points)
        self._check_logits(logits, rows)
        wrong = torch.nonzero(logits.argmax(dim=1) != self.it.labels[rows]).flatten()
        if len(wrong) == 0:
            return points
        found = points[wrong]
        starts = originals[wrong]
        reached = distance(starts, found, self.it.threat.norm)
        closer = (reached < self.nearest[rows[wrong]]) & (reached <= self.limit)
        kept = rows[wrong[closer]]
        self.nearest[kept] = reached[closer]
        self.it.found.fooled[kept], self.it.found.adversarial[kept] = True, found[closer]
        points[wrong] = torch.lerp(starts, found, self.settings["beta"])
        return points

    def _check_logits(self, logits: torch.Tensor, rows: torch.Tensor) -> None:
        check_logits(logits, self.it.ids[rows].numpy(), self.it.target.model_id)

    def _lengths(self, flat: torch.Tensor) -> torch.Tensor:
        if self.it.threat.norm == "linf":
            return flat.abs().amax(dim=1)  # many times faster than the norm of order infinity
        return torch.linalg.vector_norm(flat, dim=1)


def _per_image(values: torch.Tensor) -> torch.Tensor:
    return values[:, None, None, None]


@method("adversarial", "fab-t", version=1, needs_gradients=True)
def fab_distances(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """The distance of each image's nearest example, its median, and robust accuracy at every budget from it.

    Settings: those of ``fab_minimal``, and the budgets ``linf`` and ``l2``.
    """
    victims = Victims.of(target, data["test"], settings["batch_size"])
    search = searched_with(target, victims)
    scores, outcomes, arrays = [clean_score(victims.right)], [], []
    for threats in threats_of(settings):
        norm = threats[0].norm
        search_norm = partial(_distances, search, victims, norm, settings, seed)
        distances = context.keep.step(norm, search_norm)["distances"]
        found = from_distances(distances, victims.right, threats)
        scores += [*curve_scores(found, victims.right), *minimal_perturbation(distances, victims.right, norm)]
        outcomes += curve_outcomes(found, victims.images)
        arrays.append(distance_array(distances, victims.right, victims.images.ids, norm))
    return Measurement(tuple(scores), tuple(outcomes), tuple(arrays))


def _distances(
    target: Target, victims: Victims, norm: Norm, settings: Mapping[str, Any], seed: int
) -> dict[str, np.ndarray]:
    """Of the images that are right; infinite where no example was found, 0 where none is needed."""
    distances = np.zeros(len(victims.right), np.float32)
    rows = torch.from_numpy(np.flatnonzero(victims.right))
    if len(rows):
        _, found = fab_minimal(
            target, victims.x[rows], victims.labels[rows], victims.images.ids[victims.right], norm, settings,
            seed, victims.clean[rows],
        )  # fmt: skip
        distances[victims.right] = found.numpy()
    return {"distances": distances}
