"""Rows against the data contract: every violation, by table, row, column, value found and value expected."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from sngen.schema import ALIASES, MODELS, SCORES, TABLES, Column, Table
from sngen.score_checks import is_number, score_faults

Row = Mapping[str, Any]
Rows = Sequence[Row]

#: Nearest names are looked up for this many unknown ids of a column, and only names this similar: in a
#: table of thousands the search takes a second otherwise.
MOST_SUGGESTIONS = 5
SIMILAR = 0.85
#: Longest value that is repeated whole in a message.
LONGEST_VALUE = 200


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. ``place`` is file and line where the row was read from, else empty."""

    table: str
    row: str
    column: str
    found: str
    expected: str
    place: str = ""

    def __str__(self) -> str:
        parts = (("table", self.table), ("row", self.row), ("column", self.column))
        where = ", ".join(
            [self.place] * bool(self.place) + [f"{kind} {name}" for kind, name in parts if name]
        )
        return f"{where}: found {self.found}, expected {self.expected}"


def validate(tables: Mapping[str, Any]) -> list[str]:
    """Every problem of rows by table name, as sentences; empty when all is well.

    A table is a list of rows (mappings; an absent column is null) or a pandas data frame. A reference
    resolves only within ``tables``: one to a table that is not given is a problem.
    """
    return [str(problem) for problem in find_problems(tables)]


def find_problems(tables: Mapping[str, Any]) -> list[Problem]:
    """As ``validate``, with the parts of each message apart."""
    unknown = [
        Problem(name, "", "", "a table of this name", f"one of {', '.join(TABLES)}")
        for name in tables
        if name not in TABLES
    ]
    rows = {name: as_rows(TABLES[name], content) for name, content in tables.items() if name in TABLES}
    ids = {name: {row.get(TABLES[name].key[0]) for row in found} for name, found in rows.items()}
    found = [problem for name in rows for problem in table_problems(TABLES[name], rows[name], ids)]
    found += _score_problems(rows.get(SCORES.name, ()))
    found += _alias_problems(rows.get(ALIASES.name, ()), ids.get(MODELS.name, set()))
    return unknown + found


def as_rows(table: Table, content: Any) -> Rows:
    """Rows of a list of rows or of a pandas data frame. A frame's NaN and NA are null, and a whole number
    that a frame could only hold as a float is whole again."""
    if not hasattr(content, "columns"):
        return list(content)
    import pandas as pd  # noqa: PLC0415 - takes a second; only a caller with a frame needs it

    kinds = {column.name: column.kind for column in table}

    def plain(value: Any, kind: str | None) -> Any:
        if hasattr(value, "tolist"):  # numpy scalars and arrays
            value = value.tolist()
        if isinstance(value, list):
            return value
        if pd.isna(value):
            return None
        return int(value) if kind == "int" and isinstance(value, float) and value.is_integer() else value

    names = [str(name) for name in content.columns]
    cells = [[plain(value, kinds.get(name)) for value in content[name]] for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


def table_problems(table: Table, rows: Rows, ids: Mapping[str, set[Any]]) -> Iterator[Problem]:
    """Problems of one table. ``ids`` holds the first key column's values of every table by name."""
    yield from _unknown_columns(table, rows)
    for column in table:
        yield from _cells(table, column, rows)
        if column.references is not None:
            yield from _references(table, column, rows, ids.get(column.references, set()))
    yield from _repeated_keys(table, rows)


def _unknown_columns(table: Table, rows: Rows) -> Iterator[Problem]:
    for name in sorted({name for row in rows for name in row if name not in table.by_name}):
        yield Problem(table.name, "", name, "a column of this name", f"one of {', '.join(table.names)}")


# --- Cells ----------------------------------------------------------------------------------------------


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_whole(value: Any) -> bool:
    # The first test is quick, and true of nearly all of millions of values.
    return type(value) is int or (isinstance(value, Integral) and not isinstance(value, bool))


_IS_KIND: dict[str, Callable[[Any], bool]] = {
    "text": _is_text,
    "int": _is_whole,
    "float": is_number,
    "bool": lambda value: isinstance(value, bool),
    "bytes": lambda value: isinstance(value, bytes),
    "texts": _is_text,
    "ints": _is_whole,
    "floats": is_number,
}


def _value_test(column: Column) -> Callable[[Any], bool]:
    """Whether a value that is not null (an element, for a list) is one of this column."""
    is_kind = _IS_KIND[column.kind]
    allowed = None if column.allowed is None else frozenset(column.allowed)
    matches = None if column.pattern is None else re.compile(column.pattern).fullmatch
    minimum, maximum = column.minimum, column.maximum
    if allowed is matches is minimum is maximum is None:
        return is_kind

    def is_valid(value: Any) -> bool:
        return (
            is_kind(value)
            and (allowed is None or value in allowed)
            and (matches is None or matches(value) is not None)
            and (minimum is None or value >= minimum)
            and (maximum is None or value <= maximum)
        )

    return is_valid


def _cells(table: Table, column: Column, rows: Rows) -> Iterator[Problem]:
    is_valid = _value_test(column)

    def is_good(value: Any) -> bool:
        if value is None:
            return not column.required
        if column.is_list:
            return isinstance(value, (list, tuple)) and all(map(is_valid, value))
        return is_valid(value)

    values = [row.get(column.name) for row in rows]
    if all(map(is_good, _distinct(values))):
        return
    for number, (row, value) in enumerate(zip(rows, values, strict=True), start=1):
        if not is_good(value):
            yield _problem(table, number, row, column.name, column.expectation)


def _distinct(values: list[Any]) -> Iterable[Any]:
    """Each value once, so that a column of 40,000 rows and three values costs three tests. Values that
    are equal and of different types (1, 1.0, True) stay apart."""
    try:
        return [value for _, value in set(zip(map(type, values), values, strict=True))]
    except TypeError:  # lists
        return values


# --- Keys and references --------------------------------------------------------------------------------


def _repeated_keys(table: Table, rows: Rows) -> Iterator[Problem]:
    first: dict[tuple[Any, ...], int] = {}
    for number, row in enumerate(rows):
        key = tuple(row.get(part) for part in table.key)
        if None in key or not all(isinstance(part, str) for part in key):
            continue  # reported as a cell
        if first.setdefault(key, number) == number:
            continue
        there = _place(rows[first[key]]) or f"row number {first[key] + 1}"
        here = _place(row) or f"row number {number + 1}"
        yield Problem(
            table.name, ", ".join(map(str, key)), ", ".join(table.key),
            f"it a second time (first in {there})", "a key that occurs once", here,
        )  # fmt: skip


def _references(table: Table, column: Column, rows: Rows, known: set[Any]) -> Iterator[Problem]:
    values = [row.get(column.name) for row in rows]
    unknown = {value for value in values if isinstance(value, str)} - known
    if not unknown:
        return
    names = sorted(name for name in known if isinstance(name, str))
    nearest = {
        value: difflib.get_close_matches(value, names, n=1, cutoff=SIMILAR)
        for value in sorted(unknown)[:MOST_SUGGESTIONS]
    }
    for number, (row, value) in enumerate(zip(rows, values, strict=True), start=1):
        if isinstance(value, str) and value in unknown:
            hint = "".join(f" (nearest: {name})" for name in nearest.get(value, ()))
            expected = f"an id of the table {column.references}{hint}"
            yield _problem(table, number, row, column.name, expected)


# --- What rows ask of each other ------------------------------------------------------------------------


def _score_problems(rows: Rows) -> Iterator[Problem]:
    for number, row in enumerate(rows, start=1):
        for column, expected in score_faults(row):
            yield _problem(SCORES, number, row, column, expected)


def _alias_problems(rows: Rows, models: set[Any]) -> Iterator[Problem]:
    """A former id is never given to another model."""
    for number, row in enumerate(rows, start=1):
        if row.get(ALIASES.c.alias) in models:
            expected = "an id that no model has now"
            yield _problem(ALIASES, number, row, ALIASES.c.alias, expected)


# --- Words ----------------------------------------------------------------------------------------------


def show(value: Any) -> str:
    """A value in a message: null as such, a long one cut."""
    if value is None:
        return "null"
    words = repr(value)
    return words if len(words) <= LONGEST_VALUE else f"{words[:LONGEST_VALUE]}… ({len(words)} characters)"


def _place(row: Row) -> str:
    return getattr(row, "place", "")


def _problem(table: Table, number: int, row: Row, column: str, expected: str) -> Problem:
    parts = [row.get(part) for part in table.key]
    name = f"number {number}" if None in parts else ", ".join(map(str, parts))
    return Problem(table.name, name, column, show(row.get(column)), expected, _place(row))
