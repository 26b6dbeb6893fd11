"""Which records a release takes its numbers from, when some of them say the same thing twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sngen.canonical import content_hash
from sngen.errors import DataProblem, UsageError
from sngen.results import Record, ResultStore
from sngen.schema import SCORES, score_id
from sngen.store.opening import is_bucket


@dataclass(frozen=True)
class Superseded:
    """A record that is not published, the one that is published in its place, and why."""

    record_id: str
    by: str
    reason: str

    def as_json(self) -> dict[str, str]:
        return {"record_id": self.record_id, "superseded_by": self.by, "reason": self.reason}


@dataclass(frozen=True)
class Chosen:
    """``records`` in the order of model, protocol, method and record id."""

    records: tuple[Record, ...]
    superseded: tuple[Superseded, ...]


def read_records(stores: Sequence[Path | str]) -> list[Record]:
    """Every record of the result stores. Raises ``UsageError`` for a folder that is not there."""
    for store in stores:
        if not is_bucket(store) and not Path(store).is_dir():
            raise UsageError(f"there is no folder of results {store}; give an existing one with --results.")
    return [record for store in stores for record in ResultStore(store)]


def score_ids(record: Record) -> list[str]:
    """The names of the record's scores, in its order."""
    return [
        score_id(
            record.model_id, record.dataset_id, record.protocol, record.method, entry.setting, entry.metric
        )
        for entry in record.scores
    ]


def choose(records: Iterable[Record]) -> Chosen:
    """One record per score.

    Of several records that give one score, the one with the highest method version is published, then the
    newest, then the one with the greatest record id; the others are left out whole, so that no table mixes
    the numbers of two runs of one unit. Raises ``DataProblem`` where one record id stands for two
    different results, and where one score was measured at two tiers, for nothing says which is meant.
    """
    ordered = sorted(_distinct(records), key=_rank, reverse=True)
    holders: dict[str, Record] = {}
    kept: list[Record] = []
    superseded: list[Superseded] = []
    problems: list[str] = []
    for record in ordered:
        names = score_ids(record)
        holder = next((holders[name] for name in names if name in holders), None)
        if holder is None:
            kept.append(record)
            holders.update(dict.fromkeys(names, record))
        elif holder.tier != record.tier:
            problems.append(_two_tiers(holder, record))
        else:
            superseded.append(Superseded(record.record_id, holder.record_id, _reason(holder, record)))
    if problems:
        raise DataProblem(problems)
    kept.sort(key=lambda record: (record.model_id, record.protocol, record.method, record.record_id))
    return Chosen(tuple(kept), tuple(sorted(superseded, key=lambda entry: entry.record_id)))


def date_of(record: Record) -> str:
    return str(record.provenance.get(SCORES.c.date) or "")


def _rank(record: Record) -> tuple[Any, ...]:
    return record.method_version, date_of(record), record.record_id


def _distinct(records: Iterable[Record]) -> list[Record]:
    """One record per record id: the newest of equal results, which may differ in how long they took."""
    by_id: dict[str, Record] = {}
    problems: list[str] = []
    for record in records:
        other = by_id.get(record.record_id)
        if other is not None and not record.same_result(other):
            problems.append(
                f"record {record.record_id} of {record.model_id}, {record.protocol} {record.method}: two "
                f"result folders hold different results under this id, expected equal ones. Delete the "
                f"wrong file, or find out why the unit does not repeat."
            )
        if other is None or _run(record) > _run(other):
            by_id[record.record_id] = record
    if problems:
        raise DataProblem(problems)
    return list(by_id.values())


def _run(record: Record) -> tuple[str, str]:
    """Orders runs of one unit by date; the hash only makes the order complete."""
    return date_of(record), content_hash(record.provenance)


def _reason(holder: Record, record: Record) -> str:
    if holder.method_version != record.method_version:
        return f"method version {record.method_version}, published is {holder.method_version}"
    if date_of(holder) != date_of(record):
        return f"measured {date_of(record) or 'without a date'}, published is {date_of(holder)}"
    return "equal method version and date; the greater record id is published"


def _two_tiers(one: Record, other: Record) -> str:
    return (
        f"record {other.record_id} of {other.model_id}, {other.protocol} {other.method}: tier {other.tier} "
        f"gives a score that record {one.record_id} gives at tier {one.tier}; a score has one tier. "
        f"Build the release from the results of one of the two."
    )
