"""A batch: prepare what has to be trained, make the plan, measure what is not there yet."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO

from evaluations.engine.costs import Cost, Costs
from evaluations.engine.engine import Engine, Failed, Finished, Job, completed
from evaluations.engine.failures import Failure, Failures, is_among
from evaluations.engine.inputs import Inputs
from evaluations.engine.leases import Watch
from evaluations.engine.placement import placed
from evaluations.engine.plan import Unit, make_plan, to_prepare
from evaluations.engine.preparing import as_job, preparations
from evaluations.engine.progress import Progress
from evaluations.engine.publishing import published
from evaluations.engine.stocking import give_inputs, with_stock
from evaluations.engine.unit import Conditions, run_unit, utc
from evaluations.engine.work import LeftOut, Selection
from sngen.schema import MODELS
from sngen.store import Store, open_store
from sngen.store.folder import FolderStore
from sngen.store.support import check_support

#: A temporary file of this age belongs to no process that still writes it.
OLD_PART_SECONDS = 3600.0
#: How often units that another batch has locked are tried again.
RETRY_SECONDS = 1.0
#: How many images a unit passes at a time when it is tried again after memory was too short.
SMALLER_BATCH = 16


@dataclass
class Summary:
    """What became of a batch; filled while it runs. ``there``: published before, or by another batch."""

    planned: int = 0
    measured: int = 0
    there: int = 0
    failures: list[Failure] = field(default_factory=list)
    left_out: tuple[LeftOut, ...] = ()
    interrupted: bool = False


def run_batch(
    selection: Selection,
    inputs: Inputs,
    address: str | Path,
    engine: Engine,
    how: Conditions,
    stream: TextIO,
    costs: Costs,
) -> Summary:
    """Measure every selected unit that the store at ``address`` lacks. One unit's failure never stops the
    others, and other batches may be at work on the same store. ``costs`` decide in which order units start,
    and nothing else.

    Ctrl-C stops it: running units are killed, nothing half-written stays, and another call goes on. Raises
    ``UsageError`` for a store that cannot be shared, ``StoreUnavailable`` for one that does not answer.
    """
    store = open_store(address)
    check_support(store)
    with engine:
        return _Batch(inputs, store, engine, how, stream, costs).run(selection)


class _Batch:
    def __init__(
        self, inputs: Inputs, store: Store, engine: Engine, how: Conditions, stream: TextIO, costs: Costs
    ) -> None:
        self.inputs = with_stock(inputs, store.address) if engine.is_remote else inputs
        self.store, self.engine = store, engine
        self.how, self.stream, self.costs = how, stream, costs
        self.failures = Failures(store)
        self.failed_before = self.failures.names()
        self.watch = Watch()
        self.smaller: set[str] = set()
        self.summary = Summary()

    def run(self, selection: Selection) -> Summary:
        try:
            if isinstance(self.store, FolderStore):
                sweep(self.store.folder, self.how.now().timestamp())
            self._prepare(self._trainings(selection))
            plan = make_plan(selection, self.inputs)
            there = frozenset(published(self.store, plan.units))
            missing = [unit for unit in plan.units if unit.record_name not in there]
            self.summary.left_out, self.summary.planned = plan.left_out, len(plan.units)
            self.summary.there = len(plan.units) - len(missing)
            self._prepare([as_job(one) for one in preparations(missing, self.inputs)])
            self._share(missing)
            self._measure(placed(missing, self.costs, self.engine.workers))
        except KeyboardInterrupt:
            self.summary.interrupted = True
        return self.summary

    def _trainings(self, selection: Selection) -> list[Job]:
        """Training what has no weights yet; a model where that fails has no units."""
        models = to_prepare(selection.works, self.inputs)
        return [Job(model[MODELS.c.model_id], self.inputs.weights, (model,)) for model in models]

    def _share(self, units: Sequence[Unit]) -> None:
        progress = self._progress("sharing", 0)
        for name in give_inputs(units, self.inputs):
            progress.say(f"sharing {name}")

    def _prepare(self, jobs: Sequence[Job]) -> None:
        progress = self._progress("preparing", len(jobs))
        for finished in completed(self.engine, jobs, progress.running):
            self._report(progress, finished, None)
        progress.close()

    def _measure(self, units: Sequence[Unit]) -> None:
        """Units that another batch has leased are looked at again until they are there or may be taken. One
        that wanted more memory than there was is tried once more at the end, with smaller batches."""
        progress = self._progress("measuring", len(units), self._expected(units))
        ready, leased = list(units), list[Unit]()
        run_out: dict[str, str] = {}
        while ready or leased:
            again: list[Unit] = []
            jobs = [self._job(unit, run_out.get(unit.record_id)) for unit in ready]
            for finished in completed(self.engine, jobs, progress.running):
                unit = finished.job.subject
                if finished.value == "leased":
                    leased.append(unit)
                elif self._is_tried_again(finished, unit, progress):
                    again.append(unit)
                else:
                    self._report(progress, finished, unit)
                    self.summary.measured += finished.value == "measured"
                    self.summary.there += finished.value == "there"
            tokens = {unit.record_id: self.watch.run_out(self.store, unit.record_id) for unit in leased}
            run_out = {record_id: token for record_id, token in tokens.items() if token is not None}
            ready = again + [unit for unit in leased if unit.record_id in run_out]
            leased = [unit for unit in leased if unit.record_id not in run_out]
            if leased and not ready:
                progress.running([f"{len(leased)} in work by another batch"])
                time.sleep(RETRY_SECONDS)
        progress.close()

    def _is_tried_again(self, finished: Finished, unit: Unit, progress: Progress) -> bool:
        """Once, for want of memory."""
        value = finished.value
        if not isinstance(value, Failed) or not value.wants_memory or unit.record_id in self.smaller:
            return False
        self.smaller.add(unit.record_id)
        progress.say(f"{finished.job.name}: {value.cause}; again later, {SMALLER_BATCH} images at a time")
        return True

    def _job(self, unit: Unit, run_out: str | None) -> Job:
        how = replace(self.how, largest_batch=SMALLER_BATCH) if unit.record_id in self.smaller else self.how
        arguments = (unit, self.inputs, self.store.address, how, run_out)
        cost = self.costs.of(unit.work) or Cost(0.0, 0.0)
        return Job(unit.work.name, run_unit, arguments, unit, cost.memory, cost.seconds)

    def _report(self, progress: Progress, finished: Finished, unit: Unit | None) -> None:
        """Count a job that ended. Without a unit it was a preparation: the training of the model that names
        the job, say."""
        value, label, seconds = finished.value, finished.job.name, finished.seconds
        running = len(self.engine.running)
        name = unit.record_id if unit else f"prepare/{label}"
        if not isinstance(value, Failed):
            if is_among(name, self.failed_before):
                self.failures.clear(name)
            progress.finished(label, value if unit else "ready", seconds, running)
            return
        what = f"{unit.work.protocol.protocol_id} {unit.work.method}" if unit else "preparing"
        model_id = unit.work.model_id if unit else label
        failure = Failure(model_id, what, value.cause, value.details, utc(self.how.now()))
        self.failures.write(name, failure)
        self.summary.failures.append(failure)
        progress.failure(label, value.cause, seconds, running)

    def _expected(self, units: Sequence[Unit]) -> dict[str, float]:
        costs = [(unit.work.name, self.costs.of(unit.work)) for unit in units]
        return {name: cost.seconds for name, cost in costs if cost is not None}

    def _progress(self, phase: str, total: int, expected: Mapping[str, float] | None = None) -> Progress:
        return Progress(phase, total, self.engine.workers, self.stream, expected or {})


def sweep(store: Path, now: float) -> None:
    """Remove temporary files that a killed process left, once they are old (``now``: seconds since 1970)."""
    for part in store.glob("**/.*.part"):
        try:
            if now - part.stat().st_mtime > OLD_PART_SECONDS:
                part.unlink()
        except FileNotFoundError:  # its writer has just finished with it
            continue
