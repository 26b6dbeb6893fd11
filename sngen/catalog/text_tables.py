"""One table of the contract as a CSV file that diffs well.

UTF-8, LF, a header; only columns that hold something, in the contract's order; rows by primary key. An
empty cell is null. Lists are joined by ``;``, truth values are ``true`` and ``false``, numbers are written
as Python's ``repr`` does, so that reading gives back the very same value. The name of a reported score
follows from its other cells: the column is optional, and not written.
"""

from __future__ import annotations

import csv
import difflib
import io
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sngen.errors import DataProblem, UsageError
from sngen.schema import SCORES, Column, Table, score_id
from sngen.validation import Problem, show
from sngen.whole_files import write_files

SEPARATOR = ";"
_WHOLE = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_TRUTH = {"true": True, "false": False}


#: From a file's header to a test of its records, before anything is read from their cells.
Keep = Callable[[list[str]], Callable[[list[str]], bool]]


#: What a reported score's name is made of. The column itself is not written: it would only repeat them.
_NAME_PARTS = (
    SCORES.c.model_id, SCORES.c.dataset_id, SCORES.c.source_id, SCORES.c.method, SCORES.c.setting,
    SCORES.c.metric,
)  # fmt: skip


class PlacedRow(dict[str, Any]):
    """A complete row that knows the file and line it was read from."""

    __slots__ = ("place",)

    def __init__(self, values: Mapping[str, Any] | Iterable[tuple[str, Any]], place: str) -> None:
        super().__init__(values)
        self.place = place


# --- Writing --------------------------------------------------------------------------------------------


def format_table(table: Table, rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The file's content. Raises ``ValueError`` for a value that the format cannot hold."""
    ordered = sorted(rows, key=lambda row: tuple(str(row.get(part)) for part in table.key))
    columns = [column for column in table if any(_holds(row.get(column.name)) for row in ordered)]
    if table is SCORES and all(row.get(SCORES.c.score_id) == _derived_name(row) for row in ordered):
        columns = [column for column in columns if column.name != SCORES.c.score_id]
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
    rows, problems = parse_table(table, read_bytes(path), str(path))
    if problems:
        raise DataProblem([str(problem) for problem in problems])
    return rows


def read_bytes(path: Path) -> bytes:
    """A file's content. Raises ``UsageError`` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror or error}).") from error


def parse_table(
    table: Table, content: bytes, where: str, only: Collection[str] | None = None, keep: Keep | None = None
) -> tuple[list[PlacedRow], list[Problem]]:
    """Rows, and what is malformed in them; a malformed cell is null in its row. ``where`` names the file.

    ``only``: columns to read; rows have no others then. ``keep``: rows to read, by the texts of their cells.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [], [_file_problem(table, where, f"byte {error.start} that is not UTF-8", "a UTF-8 file")]
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    problems: list[Problem] = []
    try:
        header = next(lines, None) or []
        if not header:
            return [], [_file_problem(table, where, "no header", f"columns of {', '.join(table.names)}")]
        problems += _header_problems(table, header, f"{where}, line 1")
        if problems:
            return [], problems
        is_kept = None if keep is None else keep(header)
        line = lines.line_num + 1  # a quoted cell may span lines: a record starts after the last one's end
        for cells in lines:
            if cells and (is_kept is None or len(cells) != len(header) or is_kept(cells)):
                records.append((line, cells))
            line = lines.line_num + 1
    except csv.Error as error:
        place = f"{where}, line {lines.line_num}"
        problems.append(
            _file_problem(table, place, f"malformed CSV ({error})", "quoted cells as in RFC 4180")
        )
    names = [name for name in table.names if only is None or name in only]
    derive = table is SCORES and SCORES.c.score_id in names and SCORES.c.score_id not in header
    parsed = [name for name in table.names if name in names or name in _NAME_PARTS] if derive else names
    rows, malformed = _parse_records(table, parsed, header, records, where)
    if derive:
        _name_scores(rows, names)
    return rows, malformed + problems


def _name_scores(rows: list[PlacedRow], names: Collection[str]) -> None:
    """Give every score its name, and leave no column that was only read for it."""
    spare = [part for part in _NAME_PARTS if part not in names]
    for row in rows:
        row[SCORES.c.score_id] = _derived_name(row)
        for part in spare:
            del row[part]


def _derived_name(row: Mapping[str, Any]) -> str | None:
    """The name that a reported score has by its other cells; None where one of them is unknown."""
    parts = [row.get(part) for part in _NAME_PARTS]
    if not all(isinstance(part, str) for part in parts):
        return None
    model_id, dataset_id, source_id, method, setting, metric = map(str, parts)
    return score_id(model_id, dataset_id, f"reported/{source_id}", method, setting, metric)


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
        if column.required and column.name not in header and column.name != SCORES.c.score_id
    ]
    return problems


def _parse_records(
    table: Table, names: list[str], header: list[str], records: list[tuple[int, list[str]]], where: str
) -> tuple[list[PlacedRow], list[Problem]]:
    """Column by column, each distinct cell once: 25,000 rows with three words cost three tests."""
    width = len(header)
    uneven = {number for number, (_, cells) in enumerate(records) if len(cells) != width}
    cells = [(found + [""] * width)[:width] if n in uneven else found for n, (_, found) in enumerate(records)]
    nulls = [None] * len(records)
    columns: dict[str, Sequence[Any]] = dict.fromkeys(names, nulls)
    malformed: dict[int, list[str]] = {}
    for name, column in zip(header, zip(*cells, strict=True), strict=False):
        if name not in columns:
            continue
        columns[name], wrong = _parse_column(table.by_name[name], column)
        for number in wrong:
            malformed.setdefault(number, []).append(name)
    values = zip(*columns.values(), strict=True)
    rows = [
        PlacedRow(zip(columns, row, strict=True), f"{where}, line {line}")
        for row, (line, _) in zip(values, records, strict=True)
    ]
    problems = []
    for number in sorted(uneven | malformed.keys()):
        row, found = rows[number], cells[number]
        if number in uneven:  # the cells after the odd one are shifted: their values say nothing
            words = f"{len(records[number][1])} cells"
            problems.append(_file_problem(table, row.place, words, f"{width}, one per header column"))
            continue
        key = [row.get(part) for part in table.key]
        row_id = "" if None in key else ", ".join(map(str, key))
        problems += [
            Problem(
                table.name, row_id, name, show(found[header.index(name)]), table.by_name[name].expectation,
                row.place,
            )
            for name in malformed[number]
        ]  # fmt: skip
    return rows, problems


def _parse_column(column: Column, cells: Sequence[str]) -> tuple[list[Any], list[int]]:
    """Values, and the positions of malformed cells, whose value is null."""
    if column.kind == "text" and all(map(str.__eq__, cells, map(str.strip, cells))):
        return [cell or None for cell in cells], []
    parsed: dict[str, Any] = {}
    wrong: set[str] = set()
    for cell in set(cells):
        try:
            parsed[cell] = _parse(column, cell)
        except ValueError:
            parsed[cell] = None
            wrong.add(cell)
    values = [parsed[cell] for cell in cells]
    if column.is_list:  # each row its own list
        values = [value if value is None else list(value) for value in values]
    return values, [number for number, cell in enumerate(cells) if cell in wrong] if wrong else []


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
