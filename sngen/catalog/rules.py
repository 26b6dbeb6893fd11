"""Named rules: small functions that say what to change in a source's rows, applied and recorded here.

A rule is a generator over all rows of a table. It reads the rows and yields changes; it alters nothing
itself. Its docstring is its explanation in the audit report: what is done, and on what evidence.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sngen.catalog.audit import Audit, Kind, touched


@dataclass
class SourceRow:
    """A row as its source has it. ``values`` are by the source's own column names, and by the contract's
    names where a rule derived them; ``number`` counts from 1 in the source's table; ``row_id`` is the id in
    the catalogue."""

    place: str
    number: int
    values: dict[str, Any]
    row_id: str = ""
    rules: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    cell_flags: dict[str, list[str]] = field(default_factory=dict)

    def __getitem__(self, column: str) -> Any:
        return self.values.get(column)


@dataclass(frozen=True)
class Change:
    row: SourceRow
    column: str
    after: Any


Find = Callable[[Sequence[SourceRow]], Iterator[Change]]
FindOdd = Callable[[Sequence[SourceRow]], Iterator[tuple[SourceRow, str]]]


@dataclass(frozen=True)
class Rule:
    name: str
    kind: Kind
    explanation: str
    find: Find


@dataclass(frozen=True)
class Flag:
    """``find`` yields odd cells. The flag is put on the cells of ``marks`` in the same row, on the odd cell
    where there are none, and on the row itself if ``whole_row``."""

    name: str
    explanation: str
    find: FindOdd
    marks: tuple[str, ...]
    whole_row: bool


def rule(name: str, kind: Kind = "cleaning") -> Callable[[Find], Rule]:
    """Make a rule of a function from rows to changes."""
    return lambda find: Rule(name, kind, _explanation(find), find)


def flag(name: str, marks: tuple[str, ...] = (), *, whole_row: bool = False) -> Callable[[FindOdd], Flag]:
    """Make a flag of a function from rows to odd cells."""
    return lambda find: Flag(name, _explanation(find), find, marks, whole_row)


def apply_rules(rules: Sequence[Rule], rows: Sequence[SourceRow], table: str, audit: Audit) -> None:
    """Apply in order. A rule sees what the ones before it left, and nothing of its own changes."""
    for one in rules:
        for change in list(one.find(rows)):
            row, before = change.row, change.row[change.column]
            if _same(before, change.after):
                continue
            row.values[change.column] = change.after
            if one.name not in row.rules:
                row.rules.append(one.name)
            found = audit.open(one.name, one.kind, one.explanation, table, change.column)
            found.append(touched(row.row_id, before, change.after))


def apply_flags(flags: Sequence[Flag], rows: Sequence[SourceRow], table: str, audit: Audit) -> None:
    """Put every flag where it belongs. No value is altered."""
    for one in flags:
        for row, column in one.find(rows):
            for marked in one.marks or (column,):
                row.cell_flags.setdefault(marked, []).append(one.name)
            if one.whole_row:
                row.flags.append(one.name)
            found = audit.open(one.name, "flag", one.explanation, table, column)
            found.append(touched(row.row_id, row[column], row[column]))


def _explanation(function: Callable[..., Any]) -> str:
    """The docstring in one line; code marks are for programmers."""
    return " ".join((inspect.getdoc(function) or "").replace("``", '"').split())


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, float) and math.isnan(before):
        return False
    return before == after and type(before) is type(after)
