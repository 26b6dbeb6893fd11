"""Scores that came, went or say something else now: by how much, and why."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import pandas as pd

from sngen.release.changes.rows import differing, plain
from sngen.schema import SCORES, SOURCES

_C = SCORES.c
#: What a score says. Everything else in its row is how it came about.
SAYS = (_C.value, _C.unit, _C.ci_low, _C.ci_high, _C.n, _C.flags, _C.withdrawn)
#: Of a measured score under the same protocol: the first of these that differs is the reason.
MEASURED_WHY = (
    (_C.weights_sha256, "other weights"),
    (_C.data_fingerprint, "other images"),
    (_C.tier, "other tier"),
    (_C.arguments, "other settings"),
    (_C.method_version, "method corrected"),
    (_C.seed, "other seed"),
    (_C.record_id, "measured again"),
    (_C.date, "measured again"),
)
NEW_PROTOCOL = "new protocol"
NEW_SOURCE = "source changed"
OTHER_CELL = "read from another cell"
READ_AGAIN = "reading of the source corrected"
FLAGGED = "flags changed"
WITHDRAWN = "withdrawn"
UNEXPLAINED = "unexplained"
#: One score in any version of its protocol.
_SAME = (_C.model_id, _C.dataset_id, _C.family, _C.method, _C.setting, _C.metric)


@dataclass(frozen=True)
class ScoreChange:
    """``difference``: new - old, in the score's unit; ``intervals``: that over the root of the summed squares
    of both half-widths (beyond 1: more than both intervals explain), None where there are none."""

    score_id: str
    before: float
    after: float
    difference: float
    intervals: float | None
    overlap: bool | None
    why: str


@dataclass(frozen=True)
class ScoreChanges:
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[ScoreChange, ...]


def score_changes(
    old: pd.DataFrame, new: pd.DataFrame, old_sources: pd.DataFrame, new_sources: pd.DataFrame
) -> ScoreChanges:
    """All frames are indexed by key. A score under another version of its protocol is a change, not new."""
    both = old.index.intersection(new.index, sort=False)
    before, after = old.loc[both], new.loc[both]
    says = [name for name in SAYS if name in old.columns and name in new.columns]
    other = pd.Series(False, index=both)
    for name in says:
        other |= differing(before[name], after[name])
    turned = _other_source(old_sources, new_sources)
    changed = [
        _change(key, was, now, _why(was, now, turned))
        for key, was, now in _pairs(before[other], after[other])
    ]
    added, removed = new.index.difference(old.index), old.index.difference(new.index)
    moved = _moved(old.loc[removed], new.loc[added])
    changed += [
        _change(now[_C.score_id], was, now, f"{NEW_PROTOCOL}: {was[_C.protocol]} to {now[_C.protocol]}")
        for was, now in moved
    ]
    gone = {was[_C.score_id] for was, _ in moved}
    came = {now[_C.score_id] for _, now in moved}
    return ScoreChanges(
        tuple(sorted(set(added) - came)),
        tuple(sorted(set(removed) - gone)),
        tuple(sorted(changed, key=lambda change: change.score_id)),
    )


def _pairs(before: pd.DataFrame, after: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    yield from zip(before.index, _rows(before), _rows(after), strict=True)


def _moved(removed: pd.DataFrame, added: pd.DataFrame) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Measured scores that another version of their protocol took the place of."""
    if removed.empty or added.empty or _C.protocol not in removed:
        return []
    was = removed[removed[_C.protocol].notna()].drop_duplicates(list(_SAME), keep=False)
    now = added[added[_C.protocol].notna()].drop_duplicates(list(_SAME), keep=False)
    by_name = {_name(row): row for row in _rows(now)}
    return [(row, by_name[_name(row)]) for row in _rows(was) if _name(row) in by_name]


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", frame.to_dict("records"))


def _name(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _SAME)


def _other_source(old: pd.DataFrame, new: pd.DataFrame) -> dict[str, str]:
    """Sources that were read at another revision, or whose file is another one, with both."""
    both = old.index.intersection(new.index, sort=False)
    turned = {}
    for name in (SOURCES.c.file_sha256, SOURCES.c.revision):
        if name not in old or name not in new:
            continue
        was, now = old.loc[both, name], new.loc[both, name]
        for key in both[differing(was, now)]:
            turned[str(key)] = f"{plain(was[key])} to {plain(now[key])}"
    return turned


def _why(was: Mapping[str, Any], now: Mapping[str, Any], sources: Mapping[str, str]) -> str:
    if _differ(was, now, _C.withdrawn):
        return f"{WITHDRAWN}: {plain(now[_C.withdrawn])}"
    if pd.isna(now.get(_C.protocol)):
        why = _why_reported(was, now, sources)
    else:
        found = (words for name, words in MEASURED_WHY if _differ(was, now, name))
        why = next(found, UNEXPLAINED)
    says = any(_differ(was, now, name) for name in SAYS if name != _C.flags)
    return why if says or why not in (UNEXPLAINED, READ_AGAIN) else FLAGGED


def _why_reported(was: Mapping[str, Any], now: Mapping[str, Any], sources: Mapping[str, str]) -> str:
    source = now[_C.source_id]
    if _differ(was, now, _C.source_id) or source in sources:
        return f"{NEW_SOURCE}: {source}, {sources.get(source, 'another one')}"
    if any(_differ(was, now, name) for name in (_C.source_file, _C.source_row, _C.source_column)):
        return OTHER_CELL
    return READ_AGAIN


def _differ(was: Mapping[str, Any], now: Mapping[str, Any], name: str) -> bool:
    """A column that one release lacks says nothing."""
    return name in was and name in now and bool(plain(was[name]) != plain(now[name]))


def _change(score_id: str, was: Mapping[str, Any], now: Mapping[str, Any], why: str) -> ScoreChange:
    difference = float(now[_C.value] - was[_C.value])
    ends = [plain(row.get(name)) for row in (was, now) for name in (_C.ci_low, _C.ci_high)]
    intervals = overlap = None
    if None not in ends:
        low_was, high_was, low_now, high_now = ends
        width = math.hypot(high_was - low_was, high_now - low_now) / 2
        intervals = abs(difference) / width if width else (0.0 if difference == 0 else math.inf)
        overlap = low_was <= high_now and low_now <= high_was
    return ScoreChange(
        score_id, float(was[_C.value]), float(now[_C.value]), difference,
        None if intervals is None or math.isinf(intervals) else intervals, overlap, why,
    )  # fmt: skip
