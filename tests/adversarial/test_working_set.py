"""The refilled batch: every image goes through its runs in order, once, and keeps its own state."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import pytest
import torch

from evaluations.adversarial.working_set import WorkingSet


@dataclass
class Ticks:
    """Whose state this is, and how often it was advanced."""

    row: torch.Tensor
    run: torch.Tensor
    image: torch.Tensor
    ticks: torch.Tensor


def _start(rows: torch.Tensor, runs: torch.Tensor) -> Ticks:
    image = rows.float()[:, None, None, None].expand(-1, 2, 3, 3).clone()
    return Ticks(rows.clone(), runs.clone(), image, torch.zeros_like(rows))


def _lives(waiting: torch.Tensor, runs: int, batch_size: int) -> tuple[dict[int, list], int]:
    """Runs through a working set in which a run of image r lasts r % 5 + 1 ticks, and every third image is
    decided in run r % 4. Gives (run, ticks) of each run's end by image, and the largest batch."""
    work: WorkingSet[Ticks] = WorkingSet(waiting, runs, batch_size, _start)
    ends, largest = defaultdict(list), 0
    while len(work):
        at = work.state
        largest = max(largest, len(work))
        assert torch.equal(at.row, work.rows) and torch.equal(at.run, work.runs)
        assert torch.equal(at.image.amin(dim=(1, 2, 3)).long(), work.rows)
        assert len(set(work.rows.tolist())) == len(work)
        at.ticks += 1
        over = at.ticks == work.rows % 5 + 1
        decided = over & (work.rows % 3 == 0) & (work.runs == work.rows % 4)
        for place in torch.nonzero(over).flatten().tolist():
            ends[int(work.rows[place])].append((int(work.runs[place]), int(at.ticks[place])))
        work.advance(over, decided)
    return dict(ends), largest


@pytest.mark.parametrize("batch_size", [1, 2, 7, 64, 1000])
@pytest.mark.parametrize("runs", [1, 3])
def test_each_image_goes_through_its_runs_until_it_is_decided(batch_size: int, runs: int) -> None:
    waiting = torch.randperm(50, generator=torch.Generator().manual_seed(1))
    ends, largest = _lives(waiting, runs, batch_size)
    expected = {
        row: [(run, row % 5 + 1) for run in range(min(runs, row % 4 + 1 if row % 3 == 0 else runs))]
        for row in range(50)
    }
    assert ends == expected
    assert largest == min(batch_size, 50)


def test_images_decided_in_the_middle_of_a_run_leave_for_good() -> None:
    work: WorkingSet[Ticks] = WorkingSet(torch.arange(6), 5, 4, _start)
    nobody = torch.zeros(4, dtype=torch.bool)
    work.advance(nobody, torch.tensor([True, False, True, False]))
    assert work.rows.tolist() == [1, 3, 4, 5]
    work.advance(torch.tensor([True, False, False, False]), nobody)  # one place is free: not refilled yet
    assert work.rows.tolist() == [3, 4, 5]
    work.advance(nobody[:3], torch.tensor([True, False, False]))  # half empty: image 1 returns in run 1
    assert work.rows.tolist() == [4, 5, 1] and work.runs.tolist() == [0, 0, 1]
    work.advance(nobody[:3], ~nobody[:3])
    assert len(work) == 0 and work.state.image.shape == (0, 2, 3, 3)


def test_states_are_started_only_when_their_image_enters_the_batch() -> None:
    started: list[int] = []

    def start(rows: torch.Tensor, runs: torch.Tensor) -> Ticks:
        started.extend(rows.tolist())
        return _start(rows, runs)

    work: WorkingSet[Ticks] = WorkingSet(torch.arange(1000), 1, 10, start)
    assert started == list(range(10))
    work.advance(torch.ones(10, dtype=torch.bool), torch.zeros(10, dtype=torch.bool))
    assert started == list(range(20))
