"""One table of the contract as a CSV file that diffs well.

UTF-8, LF, a header; only columns that hold something, in the contract's order; rows by primary key. An
empty cell is null. Lists are joined by ``;``, truth values are ``true`` and ``false``, numbers are written
as Python's ``repr`` does, so that reading gives back the very same value.
"""

from __future__ import annotations

import csv
import difflib
import io
import math
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from sngen.errors import DataProblem
from sngen.schema import Column, Table
from sngen.validation import Problem, show
from sngen.whole_files import write_files

SEPARATOR = ";"
_WHOLE = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_TRUTH = {"true": True, "false": False}


class PlacedRow(dict[str, Any]):
    """A complete row that knows the file and line it was read from."""

    __slots__ = ("place",)

    def __init__(self, values: Mapping[str, Any], place: str) -> None:
        super().__init__(values)
        self.place = place


# --- Writing --------------------------------------------------------------------------------------------


def format_table(table: Table, rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The file's content. Raises ``ValueError`` for a value that the format cannot hold."""
    ordered = sorted(rows, key=lambda row: tuple(str(row.get(part)) for part in table.key))
    columns = [column for column in table if any(_holds(row.get(column.name)) for row in ordered)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    for row in ordered:
        writer.writerow([_format(column, row.get(column.name)) for column in columns])
    return text.getvalue().encode()


def write_table(table: Table, rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """``format_table`` into a file, whole or not at all."""
    write_files({path: format_table(table, rows)})


def _holds(value: Any) -> bool:
    return value is not None and value != []


def _format(column: Column, value: Any) -> str:
    if not _holds(value):
        return ""
    if column.is_list:
        elements = [_format_one(element) for element in value]
        if any(SEPARATOR in element or not element for element in elements):
            raise ValueError(
                f"column {column.name}: {value!r} has an empty element or one with {SEPARATOR!r}"
            )
        return SEPARATOR.join(elements)
    return _format_one(value)


def _format_one(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return repr(value)
    raise ValueError(f"{value!r} of type {type(value).__name__} cannot be written as text")


# --- Reading --------------------------------------------------------------------------------------------


def read_table(table: Table, path: Path) -> list[PlacedRow]:
    """Complete rows. Raises ``DataProblem`` with every malformed cell; values are not checked further."""
    rows, problems = parse_table(table, path.read_bytes(), str(path))
    if problems:
        raise DataProblem([str(problem) for problem in problems])
    return rows


def parse_table(table: Table, content: bytes, where: str) -> tuple[list[PlacedRow], list[Problem]]:
    """Rows, and what is malformed in them; a malformed cell is null in its row. ``where`` names the file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [], [_file_problem(table, where, f"byte {error.start} that is not UTF-8", "a UTF-8 file")]
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[PlacedRow] = []
    problems: list[Problem] = []
    try:
        header = next(lines, None)
        if not header:
            return [], [_file_problem(table, where, "no header", f"columns of {', '.join(table.names)}")]
        problems += _header_problems(table, header, f"{where}, line 1")
        if problems:
            return [], problems
        line = lines.line_num + 1  # a quoted cell may span lines: a record starts after the last one's end
        for cells in lines:
            if cells:
                row, wrong = _parse_row(table, header, cells, f"{where}, line {line}")
                rows.append(row)
                problems += wrong
            line = lines.line_num + 1
    except csv.Error as error:
        place = f"{where}, line {lines.line_num}"
        problems.append(
            _file_problem(table, place, f"malformed CSV ({error})", "quoted cells as in RFC 4180")
        )
    return rows, problems


def _header_problems(table: Table, header: list[str], place: str) -> list[Problem]:
    problems = []
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            problems.append(Problem(table.name, "", name, "the column twice", "each column once", place))
        if name not in table.by_name:
            nearest = difflib.get_close_matches(name, table.names, n=1)
            hint = f" (nearest: {nearest[0]})" if nearest else ""
            expected = f"one of {', '.join(table.names)}{hint}"
            problems.append(Problem(table.name, "", name, "a column of this name", expected, place))
    problems += [
        Problem(table.name, "", column.name, "no such column", f"it, for {column.expectation}", place)
        for column in table
        if column.required and column.name not in header
    ]
    return problems


def _parse_row(
    table: Table, header: list[str], cells: list[str], place: str
) -> tuple[PlacedRow, list[Problem]]:
    if len(cells) != len(header):
        problem = _file_problem(table, place, f"{len(cells)} cells", f"{len(header)}, one per header column")
        cells = (cells + [""] * len(header))[: len(header)]
    else:
        problem = None
    values: dict[str, Any] = {}
    malformed = []
    for name, cell in zip(header, cells, strict=True):
        try:
            values[name] = _parse(table.by_name[name], cell)
        except ValueError:
            malformed.append((name, cell))
    row = PlacedRow(table.row(**values), place)
    if problem is not None:  # the cells after the odd one are shifted: their values say nothing
        return row, [problem]
    key = [row[part] for part in table.key]
    row_id = "" if None in key else ", ".join(map(str, key))
    return row, [
        Problem(table.name, row_id, name, show(cell), table.by_name[name].expectation, place)
        for name, cell in malformed
    ]


def _parse(column: Column, cell: str) -> Any:
    """The cell's value. Raises ``ValueError`` if it is none of the column's kind."""
    if cell == "":
        return None
    if column.is_list:
        return [_PARSE[column.kind.removesuffix("s")](element) for element in cell.split(SEPARATOR)]
    return _PARSE[column.kind](cell)


def _whole(cell: str) -> int:
    if not _WHOLE.fullmatch(cell):
        raise ValueError(cell)
    return int(cell)


def _number(cell: str) -> float:
    if not _NUMBER.fullmatch(cell):  # float() also takes nan, inf, 1_000 and white space
        raise ValueError(cell)
    value = float(cell)
    if math.isinf(value):  # 1e999
        raise ValueError(cell)
    return value


def _truth(cell: str) -> bool:
    if cell not in _TRUTH:
        raise ValueError(cell)
    return _TRUTH[cell]


def _text(cell: str) -> str:
    if cell != cell.strip() or not cell:
        raise ValueError(cell)
    return cell


_PARSE: dict[str, Callable[[str], Any]] = {"text": _text, "int": _whole, "float": _number, "bool": _truth}


def _file_problem(table: Table, place: str, found: str, expected: str) -> Problem:
    return Problem(table.name, "", "", found, expected, place)
