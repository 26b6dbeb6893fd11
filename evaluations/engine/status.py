"""The state of a plan's units, from the result store alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from evaluations.engine.failures import Failure, Failures, is_among
from evaluations.engine.leases import FOLDER as LEASES
from evaluations.engine.leases import lease_name, read_note
from evaluations.engine.plan import Plan, Unit
from evaluations.engine.publishing import published
from evaluations.engine.work import Work
from sngen.store import Store

State = Literal["done", "running", "failed", "missing"]
STATES: tuple[State, ...] = ("done", "running", "failed", "missing")


@dataclass(frozen=True)
class Group:
    """Units that are counted together."""

    protocol: str
    tier: str
    dataset_id: str


@dataclass(frozen=True)
class AtWork:
    """A process that has leased a unit; ``heard``: when it last renewed the lease, by the store's clock."""

    work: Work
    host: str
    pid: int
    heard: datetime


@dataclass(frozen=True)
class Status:
    """Units by group and state; ``left`` are those that are not done, ``failures`` say why."""

    counts: dict[Group, Counter[State]]
    failures: tuple[Failure, ...]
    left: tuple[Work, ...]
    holders: tuple[AtWork, ...]


def read_status(plan: Plan, store: Store) -> Status:
    """Count. A unit whose weights are not trained yet is missing, or failed if training them failed.

    Lists the store; reads only leases, and the failures among the plan's.
    """
    failures = Failures(store)
    seen = _Seen(frozenset(published(store, plan.units)), frozenset(store.names(LEASES)), failures.names())
    counts: dict[Group, Counter[State]] = {}
    found: dict[tuple[str, str], Failure] = {}
    left, holders = list[Work](), list[AtWork]()
    for unit in plan.units:
        held = _held(unit, store, seen)
        state = _state(unit, held, seen)
        counts.setdefault(group_of(unit.work), Counter())[state] += 1
        if state != "done":
            left.append(unit.work)
        if state == "running" and held is not None:
            holders.append(held)
        failure = failures.read(unit.record_id) if state == "failed" else None
        if failure is not None:
            found[failure.model_id, failure.what] = failure
    for work in plan.unprepared:
        left.append(work)
        failure = failures.read(f"prepare/{work.model_id}")
        counts.setdefault(group_of(work), Counter())["missing" if failure is None else "failed"] += 1
        if failure is not None:
            found[failure.model_id, failure.what] = failure
    return Status(counts, tuple(found.values()), tuple(left), tuple(holders))


def group_of(work: Work) -> Group:
    return Group(work.protocol.protocol_id, work.tier, work.dataset_id)


def grouped(works: Iterable[Work]) -> dict[Group, list[Work]]:
    groups: dict[Group, list[Work]] = {}
    for work in works:
        groups.setdefault(group_of(work), []).append(work)
    return groups


@dataclass(frozen=True)
class _Seen:
    """Names in the store: of records, of leases, of failures."""

    records: frozenset[str]
    leases: frozenset[str]
    failures: frozenset[str]


def _held(unit: Unit, store: Store, seen: _Seen) -> AtWork | None:
    """Who is at work on the unit; None for a process that is known to be dead."""
    if lease_name(unit.record_id) not in seen.leases:
        return None
    found = read_note(store, unit.record_id)
    if found is None or found[0].is_open:
        return None
    note, stored = found
    return AtWork(unit.work, note.holder.host, note.holder.pid, stored.modified)


def _state(unit: Unit, held: AtWork | None, seen: _Seen) -> State:
    if unit.record_name in seen.records:
        return "done"
    if held is not None:
        return "running"
    return "failed" if is_among(unit.record_id, seen.failures) else "missing"
