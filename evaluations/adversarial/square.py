"""Square attack: random search with square windows, by queries alone.

Andriushchenko et al. (2020, arXiv:1912.00049). A proposal changes one window of the best point so far, and is
taken if it lowers the margin of the label over the best other class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from evaluations.adversarial.found import Found, check_logits
from evaluations.adversarial.measuring import measure_curves
from evaluations.adversarial.noise import Noise
from evaluations.adversarial.square_windows import Humps, Proposals, Stripes
from evaluations.adversarial.threat import Threat
from evaluations.adversarial.white_box import Search, attack
from evaluations.adversarial.working_set import WorkingSet
from evaluations.datasets.images import Images
from evaluations.method import Context, Measurement, method
from evaluations.target import Target

DRAWN_TOGETHER = 50  # proposals of one image whose random numbers are drawn at once


def square(
    target: Target, x: torch.Tensor, labels: torch.Tensor, ids: np.ndarray, threat: Threat,
    settings: Mapping[str, Any], noise_seed: int, clean_logits: torch.Tensor | None = None,
) -> Found:  # fmt: skip
    """Square on pixels ``x`` float32 [N, C, H, W] in [0, 1] with ``labels`` int64 [N] and ``ids`` [N].

    Settings: ``queries`` for each image, the one for its starting point included (literature: 5,000);
    ``p_init``, the first window's share of the image (0.8); ``batch_size``. An image leaves at its first
    wrong label; every image has windows, positions and signs of its own (AutoAttack's code gives a whole
    batch the same window). ``clean_logits`` [N, K] spare the forward passes of the originals where they are
    known; these are no queries, since the adversary is told which images are right.
    """

    def search(it: Search) -> None:
        kind = Stripes if threat.norm == "linf" else Humps
        proposals = kind(it.x.shape[1:], threat.eps, settings["p_init"])
        _Walk(it, proposals, Noise(noise_seed, "square")).go(settings["queries"])

    return attack(search, target, x, labels, ids, threat, settings["batch_size"], clean_logits)


@dataclass
class Best:
    """Per image: the original and the best point [B, C, H, W], its label and the point's margin [B], queries
    so far (int64 [B]), and the random numbers of its next proposals [B, DRAWN_TOGETHER, draws]."""

    originals: torch.Tensor
    points: torch.Tensor
    labels: torch.Tensor
    margins: torch.Tensor
    asked: torch.Tensor
    draws: torch.Tensor


class _Walk:
    """The random walk of each image down its margin."""

    def __init__(self, it: Search, proposals: Proposals, noise: Noise) -> None:
        self.it, self.proposals, self.noise = it, proposals, noise

    def go(self, queries: int) -> None:
        """Until an image is wrong or has cost so many queries."""
        work = WorkingSet(self.it.rows, 1, self.it.batch_size, self._start)
        while len(work):
            at, rows = work.state, work.rows
            points = self._next_points(at, rows)
            margins, wrong = self._ask(points, at.labels, rows)
            at.asked += 1
            taken = torch.nonzero(margins < at.margins).flatten()
            at.points[taken], at.margins[taken] = points[taken], margins[taken]
            over = at.asked == queries
            self._note(at, rows, points, wrong, over)
            work.advance(over, wrong)

    def _start(self, rows: torch.Tensor, _runs: torch.Tensor) -> Best:
        draws = self.noise.uniform(self.it.ids[rows].numpy(), 0, 0, (self.proposals.start_draws,))
        originals = self.it.x[rows]
        return Best(
            originals=originals,
            points=self.proposals.start(originals, draws),
            labels=self.it.labels[rows],
            margins=torch.full((len(rows),), torch.inf),
            asked=torch.zeros_like(rows),
            draws=torch.zeros(len(rows), DRAWN_TOGETHER, self.proposals.draws),
        )

    def _next_points(self, at: Best, rows: torch.Tensor) -> torch.Tensor:
        """The starting point where nothing was asked yet, a proposal elsewhere."""
        made = at.asked - 1
        place = made % DRAWN_TOGETHER
        self._refill(at, rows, made, torch.nonzero(place == 0).flatten())
        draws = at.draws[torch.arange(len(rows)), place]
        proposed = self.proposals.propose(at.originals, at.points, made, draws)
        start = at.asked == 0
        return torch.where(start[:, None, None, None], at.points, proposed) if start.any() else proposed

    def _refill(self, at: Best, rows: torch.Tensor, made: torch.Tensor, empty: torch.Tensor) -> None:
        """New random numbers for images that used theirs up: a function of image and ``made`` alone."""
        if len(empty):
            block = 1 + made[empty] // DRAWN_TOGETHER
            ids, shape = self.it.ids[rows[empty]].numpy(), at.draws.shape[1:]
            at.draws[empty] = self.noise.uniform(ids, 0, block.numpy(), shape)

    def _ask(
        self, points: torch.Tensor, labels: torch.Tensor, rows: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Margins of the label over the best other class, [B], and which labels are wrong."""
        logits = self.it.target.query(points)
        check_logits(logits, self.it.ids[rows].numpy(), self.it.target.model_id)
        own = labels[:, None]
        others = logits.scatter(1, own, -torch.inf)
        margins = logits.gather(1, own)[:, 0] - others.amax(dim=1)
        return margins, logits.argmax(dim=1) != labels

    def _note(
        self, at: Best, rows: torch.Tensor, points: torch.Tensor, wrong: torch.Tensor, over: torch.Tensor
    ) -> None:
        """Keeps the points that are wrong, and what was asked for the images that leave."""
        leaving = torch.nonzero(wrong | over).flatten()
        if len(leaving):
            found, fallen = self.it.found, rows[wrong]
            found.queries[rows[leaving]] = at.asked[leaving]
            found.fooled[fallen], found.adversarial[fallen] = True, points[wrong]


@method("adversarial", "square", version=1)
def square_curve(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """Robust accuracy against ``square`` and the queries of a success at every budget.

    Settings: those of ``square``, and the budgets ``linf`` and ``l2``.
    """
    return measure_curves(square, target, data, settings, seed, context)
