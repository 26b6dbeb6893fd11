"""Writing an import into the catalogue: checked against everything that is there, compared, written whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sngen.catalog.audit import format_audit
from sngen.catalog.importers import Imported
from sngen.catalog.store import AUDIT_FILE, VOCABULARY, Tables, read_folder, violations
from sngen.catalog.text_tables import format_table, parse_table
from sngen.errors import DataProblem
from sngen.schema import CATALOG_TABLES, RELATIVES, SOURCES, Table
from sngen.whole_files import write_files


@dataclass(frozen=True)
class Difference:
    """Rows of one table against those of the file that was there, by primary key."""

    table: str
    added: int
    removed: int
    changed: int

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def write_import(source_id: str, imported: Imported, catalog: Path) -> list[Difference]:
    """Write the source's folder in ``catalog`` and return what changed; equal files are left untouched.

    Raises ``DataProblem`` with every violation of the contract, by the new rows or, because of them, by
    another source's; nothing is written then. A table with no rows gets no file.
    """
    _refuse_invalid(source_id, imported, catalog)
    folder = catalog / source_id
    contents: dict[Path, bytes | None] = {folder / AUDIT_FILE: format_audit(imported.audit)}
    differences = []
    for table in CATALOG_TABLES:
        path, rows = folder / f"{table.name}.csv", imported.tables.get(table.name, [])
        contents[path] = format_table(table, rows) if rows else None
        differences.append(_difference(table, path, contents[path]))
    write_files({path: content for path, content in contents.items() if _read(path) != content})
    return differences


def _refuse_invalid(source_id: str, imported: Imported, catalog: Path) -> None:
    """The whole catalogue as it would be."""
    tables, malformed = _others(source_id, catalog)
    for name, rows in imported.tables.items():
        tables[name] = [*tables[name], *rows]
    problems = malformed + violations(tables, malformed)
    if problems:
        raise DataProblem([str(problem) for problem in problems])


def _others(source_id: str, catalog: Path) -> tuple[Tables, list[Any]]:
    there = catalog.is_dir() and any(
        path.is_dir() and path.name != VOCABULARY and not path.name.startswith(".")
        for path in catalog.iterdir()
    )
    if not there:
        return {table.name: [] for table in CATALOG_TABLES}, []
    tables, malformed = read_folder(catalog, leave_out=source_id)
    return tables, malformed


def _difference(table: Table, path: Path, content: bytes | None) -> Difference:
    before, after = _by_key(table, path, _read(path)), _by_key(table, path, content)
    changed = sum(before[key] != after[key] for key in before.keys() & after.keys())
    return Difference(table.name, len(after.keys() - before), len(before.keys() - after), changed)


def _by_key(table: Table, path: Path, content: bytes | None) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    """Rows of a file. One that cannot be read has none: all of the new file's rows are additions then."""
    rows, _ = parse_table(table, content, str(path)) if content is not None else ([], [])
    return {table.key_of(row): row for row in rows}


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def count_words(tables: Mapping[str, Any]) -> str:
    """For instance "540 models, 5,000 scores"; sources last."""
    order = [table.name for table in CATALOG_TABLES if table is not SOURCES] + [SOURCES.name]
    sizes = [(name, len(tables.get(name, ()))) for name in order]
    plural = {name: name if size != 1 or name == RELATIVES.name else name[:-1] for name, size in sizes}
    return ", ".join(f"{size:,} {plural[name]}" for name, size in sizes)
