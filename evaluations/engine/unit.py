"""One unit, in a process of its own: take the lease, look, measure, publish."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from evaluations.engine.devices import make_exact
from evaluations.engine.inputs import Inputs
from evaluations.engine.leases import take
from evaluations.engine.plan import Unit
from evaluations.engine.provenance import Environment
from evaluations.engine.publishing import publish
from evaluations.engine.stocking import images_of
from evaluations.engine.validity import check_measurement
from evaluations.keeping import Keep, Use, forget, kept_under, use_before
from evaluations.method import CPU, Context
from evaluations.registry import find_method
from sngen.errors import CheckFailed
from sngen.results import Record
from sngen.schema import MODELS, SCORES
from sngen.store import Store, open_store

if TYPE_CHECKING:
    from torch import nn

    from evaluations.datasets import Images
    from evaluations.target import Target

State = Literal["measured", "there", "leased"]


@dataclass(frozen=True)
class Rates:
    """The machine's at one moment: calibration kernel in seconds, the network's forwards and
    forward-backwards per CPU-second; the latter None where they were not asked for."""

    kernel: float
    forward: float
    forward_backward: float | None = None


def gauge_rates(network: nn.Module, images: Images, gradients: bool, device: str) -> Rates:
    """How fast the machine is just now. Takes a fifth of a second for a small network."""
    from evaluations.calibration import (  # noqa: PLC0415 - torch
        forward_backward_rate,
        forward_rate,
        kernel_seconds,
    )

    backward = forward_backward_rate(network, images, device=device) if gradients else None
    return Rates(kernel_seconds(device), forward_rate(network, images, device=device), backward)


#: (network, images, whether gradients are wanted, device) -> rates
Gauge = Callable[["nn.Module", "Images", bool, str], Rates]


@dataclass(frozen=True)
class Conditions:
    """Under which a unit runs: torch threads, machine and code, the clock that dates its record, what gauges
    the machine before and after, the device that networks are on, and how many images are passed at a time
    where memory is short."""

    threads: int
    environment: Environment
    now: Callable[[], datetime]
    gauge: Gauge = gauge_rates
    device: str = CPU
    largest_batch: int | None = None


def utc(moment: datetime) -> str:
    """ISO 8601 with seconds, as the table scores has it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def run_unit(unit: Unit, inputs: Inputs, address: str, how: Conditions, run_out: str | None = None) -> State:
    """Measure and publish in the store at ``address``, unless the record is there or another is at it.

    The lease ends with this process, however that ends. ``run_out``: token of a lease that has run out.
    """
    store = open_store(address)
    lease = take(store, unit.record_id, run_out)
    if lease is None:
        return "leased"
    with lease:
        if _is_there(unit, store):
            return "there"
        kept = kept_under(unit.record_id)
        is_new = publish(store, measure(unit, inputs, how, store, kept))
        forget(store, kept)
        return "measured" if is_new else "there"


def _is_there(unit: Unit, store: Store) -> bool:
    """Whether its record is, and is whole: what a store without whole writes left is measured again."""
    stored = store.read(unit.record_name)
    if stored is None:
        return False
    try:
        Record.from_bytes(stored.content, store.where(unit.record_name))
    except CheckFailed:
        return False
    return True


def measure(unit: Unit, inputs: Inputs, how: Conditions, store: Store, kept: str) -> Record:
    """Run the unit's method and describe how the result came about. Needs a process of its own.

    What the method decides on the way is kept in ``store`` under ``kept``.
    """
    import torch  # noqa: PLC0415 - reading a plan needs no torch

    work, date = unit.work, utc(how.now())
    method = find_method(work.protocol.family, work.method)
    if method.version != work.method_version:
        raise CheckFailed(
            f"{work.name}: planned for version {work.method_version} of the method, and here is version "
            f"{method.version}. Install the same securitynet on all machines."
        )
    torch.set_num_threads(how.threads)
    make_exact(how.device)
    images = _images(unit, inputs)
    target = _target(unit, inputs, how)
    first = next(iter(images.values()))
    gauge = partial(how.gauge, target.network, first, method.needs_gradients, how.device)
    before = gauge()
    torch.manual_seed(work.protocol.seed)
    meter = _Meter(target, use_before(store, kept))
    context = Context(
        Keep(store, kept, meter.use),
        inputs.settings,
        partial(_surrogate, unit, inputs, how),
        {name: work.model[name] for name in work.facts},
        how.device,
    )
    extra = {"context": context} if method.takes_context else {}
    measurement = method.function(target, images, work.settings, work.protocol.seed, **extra)
    used = meter.use()
    check_measurement(measurement)
    provenance = (
        _use(used, target.reused, before, gauge(), how.device)
        | how.environment.columns()
        | _inputs_and_date(unit, how, date)
        | _smaller(how)
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
        arrays=measurement.arrays,
        pictures=measurement.pictures,
    )


class _Meter:
    """What the unit has taken, earlier runs of it included."""

    def __init__(self, target: Target, before: Use) -> None:
        self._target, self._before = target, before
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def use(self) -> Use:
        target = self._target
        return self._before + Use(
            target.forwards,
            target.forward_backwards,
            target.queries,
            time.perf_counter() - self._wall,
            time.process_time() - self._cpu,
        )


def _target(unit: Unit, inputs: Inputs, how: Conditions) -> Target:
    from evaluations.logit_store import LogitStore  # noqa: PLC0415
    from evaluations.target import Target  # noqa: PLC0415

    work = unit.work
    tensors, weights_sha256 = inputs.weights(work.model)
    _expect("weights", weights_sha256, unit.weights_sha256)
    identity = {
        "network": unit.key["network"],
        "weights": weights_sha256,
        "threads": how.threads,
        "packages": how.environment.packages,
        "device": how.environment.device,
        **_smaller(how),
    }
    network = inputs.network(work.model, tensors, work.num_classes)
    store = LogitStore(inputs.settings, identity)
    return Target(network, work.model_id, weights_sha256, how.threads, store, how.device, how.largest_batch)


def _surrogate(unit: Unit, inputs: Inputs, how: Conditions) -> Target:
    """The attacker's own model; it has the classes of the unit's."""
    from evaluations.target import Target  # noqa: PLC0415

    model = unit.work.surrogate
    if model is None:
        raise CheckFailed(f"{unit.work.name}: the settings name no other model as a surrogate; give one.")
    tensors, weights_sha256 = inputs.weights(model)
    _expect("weights of the surrogate", weights_sha256, str(unit.surrogate_sha256))
    network = inputs.network(model, tensors, unit.work.num_classes)
    name, batch = model[MODELS.c.model_id], how.largest_batch
    return Target(network, name, weights_sha256, how.threads, device=how.device, largest_batch=batch)


def _smaller(how: Conditions) -> dict[str, int]:
    """Said only where batches were cut, since it may change the last bits of logits."""
    return {} if how.largest_batch is None else {"largest_batch": how.largest_batch}


def _images(unit: Unit, inputs: Inputs) -> dict[str, Images]:
    """Images by role; what was read for the plan has to be what is read now."""
    images = {role: images_of(unit, role, data, inputs) for role, data in unit.work.data.items()}
    for role, found in images.items():
        _expect(f"images of the role {role}", found.fingerprint, unit.fingerprints[role])
    return images


def _expect(what: str, found: str, expected: str) -> None:
    if found != expected:
        raise CheckFailed(
            f"the {what} changed since the plan was made: found {found}, expected {expected}. Run again."
        )


def _inputs_and_date(unit: Unit, how: Conditions, date: str) -> dict[str, Any]:
    c = SCORES.c
    return {
        c.weights_sha256: unit.weights_sha256,
        c.data_fingerprint: unit.data_fingerprint,
        c.seed: unit.work.protocol.seed,
        c.threads: how.threads,
        c.date: date,
    }


def _use(used: Use, reused: int, before: Rates, after: Rates, device: str) -> dict[str, Any]:
    """What the unit took, by column name of the table scores, and the rates before and after one by one."""
    c = SCORES.c
    rate = (before.forward + after.forward) / 2
    return {
        c.runtime: used.wall,
        c.cpu_time: used.cpu,
        c.peak_memory: _peak_memory(),
        c.forwards: used.forwards,
        c.forward_backwards: used.forward_backwards,
        c.queries: used.queries,
        c.forward_rate: rate,
        c.calibration: (before.kernel + after.kernel) / 2,
        "forwards_reused": reused,
        "forward_rate_before_after": [before.forward, after.forward],
        "forward_backward_rate_before_after": [before.forward_backward, after.forward_backward],
        "calibration_before_after": [before.kernel, after.kernel],
        # An accelerator's work is not in the processor's time.
        "efficiency": _efficiency(used, reused, rate, before, after) if device == CPU else None,
    }


def _efficiency(used: Use, reused: int, rate: float, before: Rates, after: Rates) -> float | None:
    """Processor time that bare passes would take, divided by that taken; None where it is not known."""
    ideal = (used.forwards - reused) / rate
    if used.forward_backwards:
        if before.forward_backward is None or after.forward_backward is None:
            return None
        ideal += used.forward_backwards / ((before.forward_backward + after.forward_backward) / 2)
    return ideal / used.cpu if ideal > 0 and used.cpu > 0 else None


def _peak_memory() -> int | None:
    """Largest resident size of this process so far, in bytes; None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415 - not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
