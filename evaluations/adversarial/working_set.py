"""The images an attack is still working on: a batch that is refilled as images are decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Generic, TypeVar

import torch

State = TypeVar("State")
Start = Callable[[torch.Tensor, torch.Tensor], State]


class WorkingSet(Generic[State]):
    """A batch of at most ``batch_size`` images, each in its own run and at its own iteration.

    ``state`` is what ``start(rows, runs)`` gives, a dataclass of tensors whose first dimension is the image;
    the attack changes it as it goes. ``rows`` int64 [B] says which image is in which place, ``runs`` int64
    [B] in which of its runs (restarts, targets) it is. An image goes through runs 0, 1, ... in turn, until
    it is decided or the runs are over. So memory is bounded by the batch, whatever the number of images,
    and nothing that happens to one image depends on the others.

    The batch is refilled once it is half empty. So images that start together stay together for a while,
    and where most of them fall at the same step their backward passes can be left out together.
    """

    def __init__(self, waiting: torch.Tensor, runs: int, batch_size: int, start: Start[State]) -> None:
        self._start = start
        self._number_of_runs = runs
        self._batch_size = batch_size
        self._waiting_rows, self._waiting_runs = waiting, torch.zeros_like(waiting)
        self.rows, self.runs = self._next(batch_size)
        self.state = start(self.rows, self.runs)

    def __len__(self) -> int:
        """Images in the batch; 0 when all are done."""
        return len(self.rows)

    def advance(self, over: torch.Tensor, decided: torch.Tensor) -> None:
        """Ends the runs that are ``over`` (bool [B]); images ``decided`` (bool [B]) leave in any case.

        The others start their next run where they have one.
        """
        leaving = over | decided
        if not leaving.any():
            return
        again = leaving & ~decided & (self.runs + 1 < self._number_of_runs)
        self._waiting_rows = torch.cat([self.rows[again], self._waiting_rows])
        self._waiting_runs = torch.cat([self.runs[again] + 1, self._waiting_runs])
        stay = torch.nonzero(~leaving).flatten()
        self.rows, self.runs = self.rows[stay], self.runs[stay]
        parts = [_each(self.state, lambda tensor: tensor[stay])]
        if len(self.rows) <= self._batch_size // 2 and len(self._waiting_rows):
            rows, runs = self._next(self._batch_size - len(self.rows))
            self.rows, self.runs = torch.cat([self.rows, rows]), torch.cat([self.runs, runs])
            parts.append(_each(self._start(rows, runs), lambda tensor: tensor))
        for name in parts[0]:
            setattr(self.state, name, torch.cat([part[name] for part in parts]))

    def _next(self, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The first of those that wait, which then no longer do."""
        rows, self._waiting_rows = self._waiting_rows[:count], self._waiting_rows[count:]
        runs, self._waiting_runs = self._waiting_runs[:count], self._waiting_runs[count:]
        return rows, runs


def _each(state: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> dict[str, torch.Tensor]:
    return {field.name: change(getattr(state, field.name)) for field in fields(state)}
