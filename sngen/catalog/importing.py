"""Writing an import into the catalogue: checked against everything that is there, compared, written whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sngen.catalog.audit import format_audit
from sngen.catalog.differences import Difference, compare
from sngen.catalog.importers import Imported
from sngen.catalog.store import AUDIT_FILE, DERIVED, VOCABULARY, Tables, read_folder, violations
from sngen.catalog.text_tables import format_table, parse_table
from sngen.errors import DataProblem
from sngen.schema import ALIASES, CATALOG_TABLES, ERRATA, SOURCES, Table
from sngen.whole_files import write_files

#: Aliases are written by hand, when a model is renamed.
IMPORTED_TABLES = tuple(table for table in CATALOG_TABLES if table not in (ALIASES, ERRATA))


def write_import(
    source_id: str, imported: Imported, catalog: Path, *, write: bool = True
) -> list[Difference]:
    """``write_imports`` of one source."""
    return write_imports({source_id: imported}, catalog, write=write)[source_id]


def write_imports(
    imports: Mapping[str, Imported], catalog: Path, *, write: bool = True
) -> dict[str, list[Difference]]:
    """Write the sources' folders in ``catalog`` and return what changed; equal files are left untouched.

    Raises ``DataProblem`` with every violation of the contract, by the new rows or, because of them, by
    another source's; nothing is written then. A table with no rows gets no file. With ``write=False`` only
    the differences are returned. Relations that were found by rule are not asked: they are found anew from
    the new rows, by ``sngen relate``.
    """
    _refuse_invalid(imports, catalog)
    contents: dict[Path, bytes | None] = {}
    differences: dict[str, list[Difference]] = {}
    for source_id, imported in imports.items():
        folder = catalog / source_id
        contents[folder / AUDIT_FILE] = format_audit(imported.audit)
        differences[source_id] = []
        for table in IMPORTED_TABLES:
            path, rows = folder / f"{table.name}.csv", imported.tables.get(table.name, [])
            contents[path] = format_table(table, rows) if rows else None
            before, after = _by_key(table, path, _read(path)), _by_key(table, path, contents[path])
            differences[source_id].append(compare(table, before, after))
    if write:
        write_files({path: content for path, content in contents.items() if _read(path) != content})
    return differences


def _refuse_invalid(imports: Mapping[str, Imported], catalog: Path) -> None:
    """The whole catalogue as it would be."""
    tables, malformed = _others(imports, catalog)
    for source_id, imported in imports.items():
        aliases = catalog / source_id / f"{ALIASES.name}.csv"
        tables[ALIASES.name] += map(dict, _by_key(ALIASES, aliases, _read(aliases)).values())
        for name, rows in imported.tables.items():
            tables[name] = [*tables[name], *rows]
    problems = malformed + violations(tables, malformed)
    if problems:
        raise DataProblem([str(problem) for problem in problems])


def _others(imports: Mapping[str, Imported], catalog: Path) -> tuple[Tables, list[Any]]:
    there = catalog.is_dir() and any(
        path.is_dir() and path.name != VOCABULARY and not path.name.startswith(".")
        for path in catalog.iterdir()
    )
    if not there:
        return {table.name: [] for table in CATALOG_TABLES}, []
    tables, malformed = read_folder(catalog, leave_out={*imports, DERIVED})
    return tables, malformed


def _by_key(table: Table, path: Path, content: bytes | None) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    """Rows of a file. One that cannot be read has none: all of the new file's rows are additions then."""
    rows, _ = parse_table(table, content, str(path)) if content is not None else ([], [])
    return {table.key_of(row): row for row in rows}


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


_SINGULAR = {"aliases": "alias", "relatives": "pair of relatives"}


def count_words(tables: Mapping[str, Any]) -> str:
    """For instance "540 models, 5,000 scores"; sources last."""
    order = [table.name for table in CATALOG_TABLES if table is not SOURCES] + [SOURCES.name]
    sizes = [(name, len(tables.get(name, ()))) for name in order]
    words = {name: _SINGULAR.get(name, name[:-1]) if size == 1 else name for name, size in sizes}
    return ", ".join(f"{size:,} {words[name]}" for name, size in sizes if size)
