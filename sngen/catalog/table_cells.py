"""Numbers in the cells of a source's table, and what an import flags and leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sngen.catalog.audit import Audit, touched
from sngen.schema import MODELS, SOURCES, Table
from sngen.validation import show

_NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass
class Cells:
    """Reads cells of the file ``path`` and adds what is malformed to ``problems``, so that all is said at
    once. An empty cell is None. ``line`` counts from 1."""

    path: str
    problems: list[str]

    def number(self, cell: str, line: int, column: str) -> Decimal | None:
        """A decimal number of at least 0, exactly as written."""
        if not cell:
            return None
        if not _NUMBER.fullmatch(cell):
            self.wrong(line, column, show(cell), "a number such as 92.6, or nothing")
            return None
        return Decimal(cell)

    def percent(self, cell: str, line: int, column: str) -> Decimal | None:
        """A number in [0, 100]; still in percent."""
        number = self.number(cell, line, column)
        if number is not None and number > 100:
            self.wrong(line, column, show(cell), "a percentage in [0, 100]")
            return None
        return number

    def wrong(self, line: int, column: str, found: str, expected: str) -> None:
        self.problems.append(f"{self.place(line)}, column {column!r}: found {found}, expected {expected}")

    def place(self, line: int) -> str:
        return f"{self.path}, line {line}"


def header_problem(place: str, found: Iterable[str], expected: Iterable[str]) -> str:
    """A table whose columns are not those that the importer knows."""
    return f"{place}: found the columns {', '.join(found)}, expected {', '.join(expected)}"


def record_flags(
    audit: Audit, meanings: Mapping[str, str], rows: Iterable[Mapping[str, Any]], table: Table, column: str
) -> None:
    """One entry per flag with the rows that carry it; ``column`` is what the flag is about."""
    rows = list(rows)
    for flag, explanation in meanings.items():
        marked = [row for row in rows if flag in (row[MODELS.c.flags] or ())]
        found = audit.open(flag, "flag", explanation, table.name, column)
        found.extend(touched(row[table.key[0]], row[column], row[column]) for row in marked)


def record_left_out(audit: Audit, source_id: str, rule: str, explanation: str, names: Iterable[str]) -> None:
    """One entry that names what the source has and the catalogue does not take."""
    rows = audit.open(rule, "cleaning", explanation, SOURCES.name, SOURCES.c.file)
    rows.extend(touched(source_id, name, None) for name in names)
