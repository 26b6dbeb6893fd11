"""The state of a plan's units, from the result store alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from evaluations.engine.failures import Failure, Failures
from evaluations.engine.plan import Plan, Unit
from evaluations.engine.unit import lock_path, record_path
from evaluations.engine.work import Work

State = Literal["done", "running", "failed", "missing"]
STATES: tuple[State, ...] = ("done", "running", "failed", "missing")


@dataclass(frozen=True)
class Group:
    """Units that are counted together."""

    protocol: str
    tier: str
    dataset_id: str


@dataclass(frozen=True)
class Status:
    """Units by group and state; ``failures`` say why."""

    counts: dict[Group, Counter[State]]
    failures: tuple[Failure, ...]


def read_status(plan: Plan, store: Path) -> Status:
    """Count. A unit whose weights are not trained yet is missing, or failed if training them failed."""
    failures = Failures(store)
    counts: dict[Group, Counter[State]] = {}
    found: dict[tuple[str, str], Failure] = {}
    for unit in plan.units:
        state = state_of(unit, store, failures)
        counts.setdefault(group_of(unit.work), Counter())[state] += 1
        failure = failures.read(unit.record_id)
        if state == "failed" and failure is not None:
            found[failure.model_id, failure.what] = failure
    for work in plan.unprepared:
        failure = failures.read(f"prepare/{work.model_id}")
        counts.setdefault(group_of(work), Counter())["missing" if failure is None else "failed"] += 1
        if failure is not None:
            found[failure.model_id, failure.what] = failure
    return Status(counts, tuple(found.values()))


def group_of(work: Work) -> Group:
    return Group(work.protocol.protocol_id, work.tier, work.dataset_id)


def state_of(unit: Unit, store: Path, failures: Failures) -> State:
    if record_path(store, unit).exists():
        return "done"
    if _is_locked(lock_path(store, unit.record_id)):
        return "running"
    return "missing" if failures.read(unit.record_id) is None else "failed"


def _is_locked(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with FileLock(path, blocking=False):
            return False
    except Timeout:
        return True
