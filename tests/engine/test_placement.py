"""The order of units: nothing is lost, the long ones come first, a model's others stay together."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pytest
from engine_fakes import FakeInputs, catalog_of, model_row, protocol, select_all

from evaluations.engine.costs import Cost, Costs
from evaluations.engine.placement import placed
from evaluations.engine.plan import Unit, make_plan
from evaluations.engine.work import Work


class Known(Costs):
    """Costs that are given, by model and method."""

    def __init__(self, seconds: dict[tuple[str, str], float]) -> None:
        super().__init__(1.0)
        self.seconds = seconds

    def of(self, work: Work) -> Cost | None:
        seconds = self.seconds.get((work.model_id, work.method))
        return None if seconds is None else Cost(seconds, 0.0)


def units_of(inputs: FakeInputs, count: int) -> tuple[Unit, ...]:
    models = [model_row(f"fakes/m{i:03}") for i in range(count)]
    chosen = select_all(catalog_of(*models), protocol(probe={}, invalid={}))
    return make_plan(chosen, inputs).units


def makespan(units: Sequence[Unit], costs: Known, workers: int) -> float:
    """When the last of the workers ends, each taking the next unit when it is free."""
    free = [0.0] * workers
    for unit in units:
        heapq.heappush(free, heapq.heappop(free) + costs.seconds[unit.work.model_id, unit.work.method])
    return max(free)


def name(unit: Unit) -> tuple[str, str]:
    return unit.work.model_id, unit.work.method


def test_what_is_not_known_comes_first_then_the_long_ones_then_model_by_model(inputs: FakeInputs) -> None:
    units = units_of(inputs, 4)
    seconds = {name(unit): 0.1 * (1 + i) for i, unit in enumerate(units)}
    seconds["fakes/m001", "invalid"], seconds["fakes/m001", "probe"] = 1000.0, 0.05
    del seconds["fakes/m002", "probe"]
    order = [name(unit) for unit in placed(units, Known(seconds), workers=2)]
    assert sorted(order) == sorted(map(name, units))
    assert order[:2] == [("fakes/m002", "probe"), ("fakes/m001", "invalid")]
    models = [model for model, _ in groupby(order[2:], key=lambda one: one[0])]
    assert models == ["fakes/m003", "fakes/m002", "fakes/m000", "fakes/m001"], "each once, the largest first"


def test_units_that_take_no_time_are_not_lost(inputs: FakeInputs) -> None:
    units = units_of(inputs, 2)
    assert len(placed(units, Known({name(unit): 0.0 for unit in units}), workers=3)) == 4


@pytest.mark.parametrize("seed", range(5))
def test_the_last_worker_ends_soon_after_the_lower_bound(inputs: FakeInputs, seed: int) -> None:
    """Times as skew as measured ones: the largest of 400 takes a hundred times the median."""
    units = units_of(inputs, 200)
    drawn = np.random.default_rng(seed).lognormal(3.0, 1.6, len(units))
    costs = Known({name(unit): float(t) for unit, t in zip(units, drawn, strict=True)})
    bound = max(drawn.sum() / 16, drawn.max())
    assert makespan(placed(units, costs, 16), costs, 16) <= 1.02 * bound
    assert makespan(sorted(units, key=lambda u: costs.seconds[name(u)]), costs, 16) > 1.1 * bound
