"""What a new import changes in a source's tables, in words that a reviewer can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sngen.schema import MODELS, Table
from sngen.validation import show

Rows = Mapping[tuple[Any, ...], Mapping[str, Any]]

#: Where in the source a fact stands; a line added above it changes nothing that is said.
PLACES = frozenset({MODELS.c.source_row, MODELS.c.source_file})


@dataclass(frozen=True)
class Change:
    """One cell of a row that was there before."""

    column: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.column} {show(self.before)} -> {show(self.after)}"


@dataclass(frozen=True)
class Difference:
    """Rows of one table against those of the file that was there, by primary key. ``moved`` counts rows of
    which only the place in the source changed."""

    table: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: Mapping[str, tuple[Change, ...]]
    moved: int
    renamed: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.moved)


def compare(table: Table, before: Rows, after: Rows) -> Difference:
    changed: dict[str, tuple[Change, ...]] = {}
    moved = 0
    for key in sorted(before.keys() & after.keys()):
        changes = _changes(table, before[key], after[key])
        if changes and all(change.column in PLACES for change in changes):
            moved += 1
        elif changes:
            changed[_name(key)] = tuple(change for change in changes if change.column not in PLACES)
    added, removed = after.keys() - before.keys(), before.keys() - after.keys()
    return Difference(
        table.name, _names(added), _names(removed), changed, moved,
        _renamed(table, {key: before[key] for key in removed}, {key: after[key] for key in added}),
    )  # fmt: skip


def describe(difference: Difference, most: int | None) -> Iterator[str]:
    """Lines for a reader; at most ``most`` rows of each kind, None for all."""
    d = difference
    counts = f"{len(d.added):,} added, {len(d.removed):,} removed, {len(d.changed):,} changed"
    yield f"{d.table}: {counts}" + (f", {d.moved:,} elsewhere in the source" if d.moved else "")
    yield from _shortened([f"  + {name}" for name in d.added], "added", most)
    yield from _shortened([f"  - {name}" for name in d.removed], "removed", most)
    renamed = [f"  = {old} looks like {new}" for old, new in d.renamed.items()]
    yield from _shortened(renamed, "that look renamed", most)
    if renamed:
        yield "    where it is the same model, give the old id in the source's aliases.csv"
    changed = [f"  ~ {name}: {'; '.join(map(str, changes))}" for name, changes in d.changed.items()]
    yield from _shortened(changed, "changed", most)


def _changes(table: Table, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    return [
        Change(column.name, before[column.name], after[column.name])
        for column in table
        if before[column.name] != after[column.name]
    ]


def _renamed(table: Table, removed: Rows, added: Rows) -> dict[str, str]:
    """Models that went and came with nothing but another id and place."""
    if table is not MODELS:
        return {}

    def content(row: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(repr(row[c.name]) for c in table if c.name not in PLACES and c.name not in table.key)

    by_content = {content(row): _name(key) for key, row in sorted(added.items(), reverse=True)}
    found = {_name(key): by_content.get(content(row)) for key, row in sorted(removed.items())}
    return {old: new for old, new in found.items() if new is not None}


def _shortened(lines: list[str], kind: str, most: int | None) -> list[str]:
    if most is None or len(lines) <= most:
        return lines
    return [*lines[:most], f"  ... {len(lines) - most:,} more {kind}"]


def _names(keys: set[tuple[Any, ...]]) -> tuple[str, ...]:
    return tuple(sorted(map(_name, keys)))


def _name(key: tuple[Any, ...]) -> str:
    return ", ".join(map(str, key))
