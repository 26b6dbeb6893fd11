"""The catalogue as a whole: every source's tables, merged.

data/catalog/<source_id>/<table>.csv    rows of that source, and of no other
data/catalog/<source_id>/audit.json     what its importer cleaned and flagged (``sngen.catalog.audit``)
data/catalog/vocabulary/                spellings of names (``sngen.catalog.vocabulary``)
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from sngen.catalog.text_tables import Keep, PlacedRow, parse_table, read_bytes
from sngen.errors import DataProblem, UsageError
from sngen.schema import CATALOG_TABLES, SCORES, SOURCES, Table
from sngen.validation import Problem, find_problems, show

VOCABULARY = "vocabulary"
AUDIT_FILE = "audit.json"
#: The source whose rows follow from all others (``sngen.catalog.relating``).
DERIVED = "relatives"
README = "README.md"

Tables = dict[str, list[dict[str, Any]]]
_TABLE_FILES = {f"{table.name}.csv": table for table in CATALOG_TABLES}


def load_catalog(folder: Path) -> Tables:
    """Rows by name of every table of ``CATALOG_TABLES``, in the order of sources and files.

    Each row is complete and remembers its file and line (``PlacedRow.place``). Raises ``UsageError`` if
    there is no catalogue in ``folder`` and ``DataProblem`` with every malformed file, header and cell. What
    the values mean is not checked here: see ``check_catalog``.
    """
    tables, problems = read_folder(folder)
    if problems:
        raise DataProblem([str(problem) for problem in problems])
    return tables


def check_catalog(folder: Path) -> tuple[Tables, list[Problem]]:
    """The catalogue and everything that is wrong with it: malformed cells and violations of the contract.

    Raises ``UsageError`` if there is no catalogue in ``folder``.
    """
    tables, malformed = read_folder(folder)
    return tables, malformed + violations(tables, malformed)


def violations(tables: Tables, malformed: list[Problem]) -> list[Problem]:
    """Problems of the contract, without those that only follow from a malformed cell or line."""
    cells = {(problem.place, problem.column) for problem in malformed}
    lines = {problem.place for problem in malformed if not problem.column}
    unread = {problem.place for problem in malformed}
    return [
        problem
        for problem in find_problems(tables)
        if (problem.place, problem.column) not in cells
        and problem.place not in lines
        and not (problem.column == SCORES.c.score_id and problem.place in unread)
    ]


def load_table(
    folder: Path, table: Table, only: Collection[str] | None = None, keep: Keep | None = None
) -> list[PlacedRow]:
    """Rows of one table of all sources, in the order of sources and files; ``only`` and ``keep`` as in
    ``parse_table``.

    Raises as ``load_catalog`` does, for this table's files.
    """
    rows: list[PlacedRow] = []
    problems: list[Problem] = []
    for source in source_folders(folder):
        path = source / f"{table.name}.csv"
        if path.is_file():
            found, wrong = parse_table(table, read_bytes(path), str(path), only, keep)
            rows += found
            problems += wrong
    if problems:
        raise DataProblem([str(problem) for problem in problems])
    return rows


def source_folders(folder: Path) -> list[Path]:
    """One folder per source. Raises ``UsageError`` if there is none."""
    if not folder.is_dir():
        raise UsageError(f"no catalogue folder {folder}. Give its place with --catalog.")
    found = [path for path in _entries(folder) if path.is_dir() and path.name != VOCABULARY]
    if not found:
        raise UsageError(
            f"the folder {folder} holds no source (a folder with {SOURCES.name}.csv). Give the catalogue's "
            f"place with --catalog, or import a source first."
        )
    return found


def read_folder(folder: Path, leave_out: Collection[str] = ()) -> tuple[Tables, list[Problem]]:
    """``load_catalog`` with the problems returned; a malformed cell is null. Sources can be left out."""
    tables: Tables = {table.name: [] for table in CATALOG_TABLES}
    sources = source_folders(folder)
    problems = [
        _unexpected(path, f"a folder per source, {VOCABULARY} or {README}")
        for path in _entries(folder)
        if path.is_file() and path.name != README
    ]
    for source in sources:
        if source.name in leave_out:
            continue
        rows, wrong = _read_source(source)
        problems += wrong
        for name, found in rows.items():
            tables[name] += found
    return tables, problems


def _read_source(source: Path) -> tuple[dict[str, list[PlacedRow]], list[Problem]]:
    tables: dict[str, list[PlacedRow]] = {}
    problems: list[Problem] = []
    for path in _entries(source):
        table = _TABLE_FILES.get(path.name)
        if table is not None and path.is_file():
            rows, wrong = parse_table(table, read_bytes(path), str(path))
            tables[table.name] = rows
            problems += wrong
            problems += _of_other_sources(table, rows, source.name)
        elif path.name not in (AUDIT_FILE, README):
            problems.append(_unexpected(path, f"one of {', '.join((*_TABLE_FILES, AUDIT_FILE, README))}"))
    sources = {row[SOURCES.c.source_id] for row in tables.get(SOURCES.name, ())}
    if source.name not in sources:
        place = str(source / f"{SOURCES.name}.csv")
        expected = f"a row with {SOURCES.c.source_id} {source.name!r}, the folder's name"
        problems.append(Problem(SOURCES.name, "", SOURCES.c.source_id, "no such row", expected, place))
    return tables, problems


def _of_other_sources(table: Table, rows: list[PlacedRow], source_id: str) -> Iterator[Problem]:
    """Every row of a source's folder is said by that source."""
    column = SOURCES.c.source_id
    for row in rows:
        if row[column] not in (source_id, None) or (row[column] is None and table is SCORES):
            row_id = ", ".join(str(row[part]) for part in table.key)
            expected = f"{source_id!r}, the name of the folder"
            yield Problem(table.name, row_id, column, show(row[column]), expected, row.place)


def _entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _unexpected(path: Path, expected: str) -> Problem:
    nearest = difflib.get_close_matches(path.name, _TABLE_FILES, n=1)
    hint = f" (nearest: {nearest[0]})" if nearest else ""
    return Problem("", "", "", f"{path.name!r}", expected + hint, str(path))
