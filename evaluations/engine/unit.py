"""One unit, in a process of its own: lock, look, measure, publish."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock, Timeout

from evaluations.engine.inputs import Inputs
from evaluations.engine.plan import Unit
from evaluations.engine.provenance import Environment
from evaluations.engine.validity import check_measurement
from evaluations.registry import find_method
from sngen.errors import CheckFailed
from sngen.results import Record, ResultStore
from sngen.schema import SCORES

if TYPE_CHECKING:
    from torch import nn

    from evaluations.datasets import Images
    from evaluations.target import Target

LOCKS = ".locks"
State = Literal["measured", "there", "locked"]


@dataclass(frozen=True)
class Rates:
    """The machine's at one moment: calibration kernel in seconds, the network's forwards per CPU-second."""

    kernel: float
    forward: float


def gauge_rates(network: nn.Module, images: Images) -> Rates:
    """How fast the machine is just now. Takes half a second."""
    from evaluations.calibration import forward_rate, kernel_seconds  # noqa: PLC0415 - torch

    return Rates(kernel_seconds(), forward_rate(network, images))


@dataclass(frozen=True)
class Conditions:
    """Under which a unit runs: torch threads, machine and code, the date that its record gets, and what
    gauges the machine before and after."""

    threads: int
    environment: Environment
    date: str
    gauge: Callable[[nn.Module, Images], Rates] = gauge_rates


@dataclass(frozen=True)
class _Spent:
    """On the method's function, in seconds."""

    wall: float
    cpu: float


def utc(moment: datetime) -> str:
    """ISO 8601 with seconds, as the table scores has it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lock_path(store: Path, record_id: str) -> Path:
    return store / LOCKS / record_id


def record_path(store: Path, unit: Unit) -> Path:
    work = unit.work
    return ResultStore(store).path(work.protocol.protocol_id, work.model_id, work.method, unit.record_id)


def run_unit(unit: Unit, inputs: Inputs, store: Path, how: Conditions) -> State:
    """Measure and publish, unless the record is there or another process is at it.

    The lock is the kernel's: it ends with this process, however that ends.
    """
    path = lock_path(store, unit.record_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return "locked"
    with lock:
        if record_path(store, unit).exists():
            return "there"
        ResultStore(store).publish(measure(unit, inputs, how))
        path.unlink()  # whoever takes a new lock of this name finds the record
        return "measured"


def measure(unit: Unit, inputs: Inputs, how: Conditions) -> Record:
    """Run the unit's method and describe how the result came about. Needs a process of its own."""
    import torch  # noqa: PLC0415 - reading a plan needs no torch

    from evaluations.target import Target  # noqa: PLC0415

    work = unit.work
    method = find_method(work.protocol.family, work.method)
    torch.set_num_threads(how.threads)
    images = _images(unit, inputs)
    tensors, weights_sha256 = inputs.weights(work.model)
    _expect("weights", weights_sha256, unit.weights_sha256)
    network = inputs.network(work.model, tensors, work.num_classes)
    probe = next(iter(images.values()))
    before = how.gauge(network, probe)
    torch.manual_seed(work.protocol.seed)
    target = Target(network, work.model_id, unit.weights_sha256, how.threads)
    wall, cpu = time.perf_counter(), time.process_time()
    measurement = method.function(target, images, work.settings, work.protocol.seed)
    spent = _Spent(time.perf_counter() - wall, time.process_time() - cpu)
    check_measurement(measurement)
    provenance = (
        _use(target, spent, before, how.gauge(network, probe))
        | how.environment.columns()
        | _inputs_and_date(unit, how)
    )
    return Record(
        model_id=work.model_id,
        dataset_id=work.dataset_id,
        family=work.protocol.family,
        protocol=work.protocol.protocol_id,
        tier=work.tier,
        method=work.method,
        method_version=method.version,
        key=unit.key,
        arguments=dict(work.settings),
        scores=measurement.scores,
        outcomes=measurement.outcomes,
        provenance=provenance,
    )


def _images(unit: Unit, inputs: Inputs) -> dict[str, Images]:
    """Images by role; what was read for the plan has to be what is read now."""
    images = {role: inputs.images(unit.work.model, data) for role, data in unit.work.data.items()}
    for role, found in images.items():
        _expect(f"images of the role {role}", found.fingerprint, unit.fingerprints[role])
    return images


def _expect(what: str, found: str, expected: str) -> None:
    if found != expected:
        raise CheckFailed(
            f"the {what} changed since the plan was made: found {found}, expected {expected}. Run again."
        )


def _inputs_and_date(unit: Unit, how: Conditions) -> dict[str, Any]:
    c = SCORES.c
    return {
        c.weights_sha256: unit.weights_sha256,
        c.data_fingerprint: unit.data_fingerprint,
        c.seed: unit.work.protocol.seed,
        c.threads: how.threads,
        c.date: how.date,
    }


def _use(target: Target, spent: _Spent, before: Rates, after: Rates) -> dict[str, Any]:
    """What the unit took, by column name of the table scores, and the rates before and after one by one."""
    c = SCORES.c
    rate = (before.forward + after.forward) / 2
    # Forward-backwards run at another rate than the one measured here, so they get no efficiency yet.
    comparable = target.forward_backwards == 0 and target.forwards > 0 and spent.cpu > 0
    return {
        c.runtime: spent.wall,
        c.cpu_time: spent.cpu,
        c.peak_memory: _peak_memory(),
        c.forwards: target.forwards,
        c.forward_backwards: target.forward_backwards,
        c.queries: target.queries,
        c.forward_rate: rate,
        c.calibration: (before.kernel + after.kernel) / 2,
        "forward_rate_before_after": [before.forward, after.forward],
        "calibration_before_after": [before.kernel, after.kernel],
        "efficiency": target.forwards / (spent.cpu * rate) if comparable else None,
    }


def _peak_memory() -> int | None:
    """Largest resident size of this process so far, in bytes; None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415 - not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
