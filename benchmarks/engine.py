"""The batch engine: what it adds to a unit, how fast it plans and polls, and how well it fills 64 workers.

The schedule is simulated with the costs that ``plan`` estimates for the whole catalogue from measured units.
"""

from __future__ import annotations

import heapq
import importlib
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from evaluations.datasets import Images, load_images
from evaluations.engine.batch import run_batch
from evaluations.engine.costs import Costs
from evaluations.engine.inputs import Inputs
from evaluations.engine.placement import placed
from evaluations.engine.plan import Plan, Unit, make_plan
from evaluations.engine.pool import Pool
from evaluations.engine.provenance import Environment
from evaluations.engine.status import read_status
from evaluations.engine.unit import Conditions, Rates
from evaluations.engine.work import Selection, Work, choose_models, select
from evaluations.protocol import DataRole, load_protocols
from evaluations.registry import find_methods
from sngen.catalog.store import load_catalog
from sngen.results import ResultStore
from sngen.schema import DATASETS, MODELS, SCORES
from sngen.settings import Settings
from sngen.store import open_store

REPOSITORY = Path(__file__).resolve().parents[1]
PLANNED, WORKERS = 100_000, 64


class AnyWeights(Inputs):
    """Every model's weights are known and every dataset is the digits: what a plan asks of its inputs."""

    def known_weights(self, model: Any) -> str:
        return "0" * 64

    def images(self, model: Any, data: DataRole) -> Images:
        return load_images("digits", "test", self.settings.data, 10)


def main() -> None:
    catalog = load_catalog(REPOSITORY / "data/catalog")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(Path(folder) / "data", Path(folder) / "cache")
        overhead(catalog, settings, Path(folder) / "results")
        plan_and_poll(catalog, AnyWeights(settings), Path(folder) / "polled")
        makespan(catalog, AnyWeights(settings))


def chosen(catalog: Any, patterns: Sequence[str], protocols: Sequence[str]) -> Selection:
    models = choose_models(catalog[MODELS.name], None, tuple(patterns))
    found = select(models, catalog[DATASETS.name], load_protocols(tuple(protocols)), find_methods(), models)
    return Selection(tuple(work for work in found.works if work.tier != "gpu"), found.left_out)


def now() -> datetime:
    return datetime.now(UTC)


def constant(*_: object) -> Rates:
    """The real gauge takes a fifth of a second, which is no overhead: it is part of what a record says."""
    return Rates(0.01, 1000.0, 1000.0)


def measure(selection: Selection, settings: Settings, how: Conditions, results: Path) -> None:
    run_batch(selection, Inputs(settings), results, Pool(1), how, sys.stderr, Costs(1.0))


def overhead(catalog: Any, settings: Settings, results: Path) -> None:
    """Wall time of a batch of one worker beyond what its units say they took, and beyond that of the same
    batch when all is there."""
    models = ("reference/digits/linear", "reference/digits/mlp-*")
    selection = chosen(catalog, models, ("utility/1", "membership/1"))
    selection = Selection(tuple(work for work in selection.works if work.method in CHEAP), ())
    how = Conditions(1, Environment.here(), now, constant)
    measure(selection, settings, how, results / "warm")
    seconds = timed(lambda: measure(selection, settings, how, results / "timed"))
    fixed = timed(lambda: measure(selection, settings, how, results / "timed"))
    records = list(ResultStore(results / "timed"))
    inside = sum(record.provenance[SCORES.c.runtime] for record in records)
    spent = 1e3 * (seconds - inside - fixed) / len(records)
    print(f"overhead of a unit: {spent:.0f} ms ({len(records)} units; {fixed:.2f} s a batch)")


CHEAP = ("clean", "correctness", "confidence", "entropy", "loss", "modified-entropy")


def plan_and_poll(catalog: Any, inputs: Inputs, folder: Path) -> None:
    works = whole(catalog).works
    many = Selection(tuple(renamed(works[i % len(works)], i // len(works)) for i in range(PLANNED)), ())
    plans: list[Plan] = []
    planning = timed(lambda: plans.append(make_plan(many, inputs)) or keys(plans[0].units))
    store = open_store(folder)
    for unit in plans[0].units[::2]:
        place = folder / unit.record_name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    polling = timed(lambda: read_status(plans[0], store))
    count = f"{len(plans[0].units):,} units"
    print(f"{count} planned in {planning:.1f} s, polled in {polling:.1f} s (half are there)")


def keys(units: Sequence[Unit]) -> None:
    for unit in units:
        _ = unit.record_name


def renamed(work: Work, copy: int) -> Work:
    model = {**work.model, MODELS.c.model_id: f"{work.model_id}-{copy}"}
    return Work(
        model,
        work.num_classes,
        work.protocol,
        work.tier,
        work.method,
        work.method_version,
        work.surrogate,
        work.facts,
    )


def makespan(catalog: Any, inputs: Inputs) -> None:
    costs = Costs.of_records(ResultStore(REPOSITORY / "data/results"), kernel=0.004)
    units = [unit for unit in make_plan(whole(catalog), inputs).units if costs.of(unit.work) is not None]
    seconds = {unit.record_id: costs.of(unit.work).seconds for unit in units}  # type: ignore[union-attr]
    total, longest = sum(seconds.values()), max(seconds.values())
    bound = max(total / WORKERS, longest)
    shuffled = [units[i] for i in np.random.default_rng(0).permutation(len(units))]
    hours = f"{total / 3600:.0f} h, the longest {longest / 3600:.1f} h"
    print(f"{len(units):,} units of {hours}, on {WORKERS} workers; the last ends at")
    orders = {"placed": placed(units, costs, WORKERS), "as planned": units, "at random": shuffled}
    for name, order in orders.items():
        print(f"  {name}: {ends(order, seconds) / bound:.3f} of the lower bound")


def ends(units: Sequence[Unit], seconds: dict[str, float]) -> float:
    """When the last worker ends, each taking the next unit when it is free."""
    free = [0.0] * WORKERS
    for unit in units:
        heapq.heappush(free, heapq.heappop(free) + seconds[unit.record_id])
    return max(free)


def whole(catalog: Any) -> Selection:
    """All work on models that are fetched, on all protocols."""
    selection = chosen(catalog, (), ())
    return Selection(tuple(work for work in selection.works if work.tier == "cpu"), ())


def timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    importlib.import_module("engine").main()  # so that other processes find the functions above
