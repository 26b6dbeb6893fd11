"""What units will cost, judged by units that were measured before.

Seconds become portable as multiples of the calibration kernel's time in the same run. A unit of a model that
was never under this method is judged by its forward-equivalents: what the method took of other models,
counted in forward passes of their networks, times what one pass of this network takes. Reading images,
training of weights and canaries (the batch's preparations) are in no record, and in no estimate.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from evaluations.engine.plan import Unit
from evaluations.engine.work import Work
from sngen.results import Record
from sngen.schema import MODELS, SCORES


@dataclass(frozen=True)
class Cost:
    """``seconds`` of wall clock of one worker; ``memory``: its peak, in bytes."""

    seconds: float
    memory: float


@dataclass(frozen=True)
class Total:
    """Of several units: seconds of all together, the largest one's seconds and memory in bytes, and how many
    of the units nothing measured tells anything of; those are in none of the other numbers."""

    seconds: float = 0.0
    longest: float = 0.0
    memory: float = 0.0
    unknown: int = 0


@dataclass(frozen=True)
class _Run:
    """A measured unit. ``kernels``: its wall time in times of the calibration kernel; ``passed``: the same in
    forward passes of one image."""

    kernels: float
    passed: float
    memory: float

    @property
    def kernels_per_pass(self) -> float:
        return self.kernels / self.passed


class Costs:
    """Estimates for one machine, whose calibration kernel takes ``kernel`` seconds."""

    def __init__(self, kernel: float) -> None:
        self._kernel = kernel
        self._runs: dict[Hashable, list[_Run]] = defaultdict(list)

    @classmethod
    def of_records(cls, records: Iterable[Record], kernel: float) -> Costs:
        """Records that do not say how long they took, tell nothing."""
        costs = cls(kernel)
        for record in records:
            run = _run(record)
            if run is None:
                continue
            method = (record.protocol, record.tier, record.method)
            network = record.key["network"][MODELS.c.loader]
            costs._runs[(*method, record.dataset_id, record.model_id)].append(run)
            costs._runs[(*method, record.dataset_id)].append(run)
            costs._runs[method].append(run)
            for speed in _speeds(record.model_id, network, record.dataset_id, record.tier):
                costs._runs[speed].append(run)
        return costs

    def of(self, work: Work) -> Cost | None:
        """None where the method was never measured at this tier."""
        method = (work.protocol.protocol_id, work.tier, work.method)
        own = self._runs.get((*method, work.dataset_id, work.model_id))
        if own:
            return self._cost(_median(run.kernels for run in own), own)
        alike = self._runs.get((*method, work.dataset_id)) or self._runs.get(method)
        if not alike:
            return None
        network = str(work.model[MODELS.c.loader])
        speeds = _speeds(work.model_id, network, work.dataset_id, work.tier)
        same = next((self._runs[speed] for speed in speeds if speed in self._runs), None)
        if same is None:
            return self._cost(_median(run.kernels for run in alike), alike)
        a_pass = _median(run.kernels_per_pass for run in same)
        return self._cost(_median(run.passed for run in alike) * a_pass, alike)

    def total(self, units: Iterable[Unit | Work]) -> Total:
        works = [unit.work if isinstance(unit, Unit) else unit for unit in units]
        costs = [self.of(work) for work in works]
        known = [cost for cost in costs if cost is not None]
        if not known:
            return Total(unknown=len(costs))
        seconds = [cost.seconds for cost in known]
        memory = max(cost.memory for cost in known)
        return Total(sum(seconds), max(seconds), memory, len(costs) - len(known))

    def _cost(self, kernels: float, alike: list[_Run]) -> Cost:
        return Cost(kernels * self._kernel, max(run.memory for run in alike))


def _speeds(model_id: str, network: str, dataset_id: str, tier: str) -> tuple[Hashable, ...]:
    """Under which names the speed of a model's network is kept, the surest first."""
    return ("speed", model_id, tier), ("speed", network, dataset_id, tier)


def _run(record: Record) -> _Run | None:
    c, said = SCORES.c, record.provenance
    kernel, seconds, rate = said.get(c.calibration), said.get(c.runtime), said.get(c.forward_rate)
    if not kernel or not seconds or not rate:
        return None
    return _Run(seconds / kernel, seconds * rate, said.get(c.peak_memory) or 0.0)


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)
