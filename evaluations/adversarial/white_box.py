"""What surrounds every white-box search: originals that are wrong already, and proof of what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from evaluations.adversarial.fast_network import FastTarget, judge
from evaluations.adversarial.found import Found, check_inputs, check_logits, confirm
from evaluations.adversarial.gradients import Evaluation, Points, zero_gradients
from evaluations.adversarial.threat import Threat
from evaluations.adversarial.working_set import WorkingSet
from evaluations.target import Target
from sngen.errors import UsageError


@dataclass
class Search:
    """What a search is given (all images, and the ``rows`` int64 of those to attack) and writes into."""

    target: Target
    x: torch.Tensor
    labels: torch.Tensor
    ids: torch.Tensor
    clean_logits: torch.Tensor
    threat: Threat
    batch_size: int
    rows: torch.Tensor
    found: Found

    def points(self, work: WorkingSet, x: torch.Tensor, classes: torch.Tensor) -> Points:
        """The points ``x`` [B, C, H, W] of a working set, aimed at ``classes`` int64 [B]."""
        return Points(x, self.labels[work.rows], classes, self.ids[work.rows])

    def note(self, work: WorkingSet, x: torch.Tensor, seen: Evaluation) -> None:
        """Keeps the points ``x`` [B, C, H, W] that are wrong, and counts the gradients that are zero."""
        self.found.zero_gradients[work.rows] += zero_gradients(seen)
        rows = work.rows[seen.wrong]
        self.found.fooled[rows] = True
        self.found.adversarial[rows] = x[seen.wrong]


def attack(
    search: Callable[[Search], None], target: Target, x: torch.Tensor, labels: torch.Tensor, ids: np.ndarray,
    threat: Threat, batch_size: int, clean_logits: torch.Tensor | None,
) -> Found:  # fmt: skip
    """Runs a search on the images that the target gets right, and confirms what it found.

    An image that is wrong already is its own example. Where a ``FastTarget`` searches, its original decides
    which images are wrong, before and after; images whose example only fooled the fast network are searched
    again with the original, so that they are not lost.
    """
    check_inputs(x, labels, ids)
    if batch_size < 1:
        raise UsageError(f"batch_size is {batch_size}; expected 1 or more.")
    if len(x) == 0:
        return Found.nothing(x)
    logits = _clean_logits(target, x, ids, batch_size) if clean_logits is None else clean_logits
    found = Found.nothing(x)
    found.fooled[:] = logits.argmax(dim=1) != labels
    rows = torch.nonzero(~found.fooled).flatten()
    numbers = torch.as_tensor(np.asarray(ids, dtype=np.int64))
    if threat.eps > 0 and len(rows):
        search(Search(target, x, labels, numbers, logits, threat, batch_size, rows, found))
    confirmed = confirm(target, x, labels, ids, threat, found, batch_size)
    lost = torch.nonzero(found.fooled & ~confirmed.fooled).flatten()
    if isinstance(target, FastTarget) and len(lost):
        names = np.asarray(ids)[lost.numpy()]
        again = attack(search, target.original, x[lost], labels[lost], names, threat, batch_size, None)
        confirmed.fooled[lost], confirmed.adversarial[lost] = again.fooled, again.adversarial
        confirmed.zero_gradients[lost] += again.zero_gradients
        confirmed.queries[lost] += again.queries
    return confirmed


def _clean_logits(target: Target, x: torch.Tensor, ids: np.ndarray, batch_size: int) -> torch.Tensor:
    with torch.no_grad():
        logits = torch.cat([judge(target)(part) for part in x.split(batch_size)])
    check_logits(logits, ids, target.model_id)
    return logits
