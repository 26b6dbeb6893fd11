"""Checking a release: every byte against the manifest, every row against the data contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from sngen.canonical import file_hash
from sngen.errors import CheckFailed
from sngen.release.columnar import arrow_schema, to_rows
from sngen.release.fingerprint import release_fingerprint, rows_fingerprint
from sngen.release.manifest import FILE, files_of, integrity_of
from sngen.release.read import Release
from sngen.schema import TABLES
from sngen.validation import validate

Rows = list[dict[str, Any]]


def verify(folder: Path) -> list[str]:
    """Everything that is wrong with the release in ``folder``, by file and row."""
    release = Release.open(folder)
    problems = [*_manifest(release), *_files(release)]
    tables, unreadable = _read(release)
    problems += unreadable
    if len(tables) < len(TABLES):
        return problems
    rows = {name: to_rows(table) for name, table in tables.items()}
    problems += _contents(release, tables, rows)
    # Rows can only be compared with the contract where the columns are those of the contract.
    if all(tables[name].schema.equals(arrow_schema(table)) for name, table in TABLES.items()):
        problems += validate(rows)
    return problems


def _manifest(release: Release) -> list[str]:
    found, expected = integrity_of(release.manifest), release.manifest["integrity"]
    return [] if found == expected else [f"{FILE}: hash of its content {found}, expected {expected}"]


def _files(release: Release) -> list[str]:
    listed = release.manifest["files"]
    there = set(files_of(release.folder)) - {FILE}
    problems = [f"{path}: listed in {FILE} and not there" for path in sorted(set(listed) - there)]
    problems += [f"{path}: not listed in {FILE}" for path in sorted(there - set(listed))]
    for path in sorted(there & set(listed)):
        size, expected = (release.folder / path).stat().st_size, listed[path].get("bytes")
        if size != expected:
            problems.append(f"{path}: {size} bytes, expected {expected}")
        found, expected = file_hash(release.folder / path), listed[path].get("sha256")
        if found != expected:
            problems.append(f"{path}: SHA-256 {found}, expected {expected}")
    return problems


def _read(release: Release) -> tuple[dict[str, pa.Table], list[str]]:
    tables, problems = {}, []
    for name in TABLES:
        try:
            tables[name] = release.arrow(name)
        except CheckFailed as error:
            problems.append(str(error))
    return tables, problems


def _contents(release: Release, tables: dict[str, pa.Table], rows: dict[str, Rows]) -> list[str]:
    problems = []
    for name, table in tables.items():
        entry = release.manifest["tables"][name]
        path = entry["path"]
        problems += _columns(name, path, table)
        if table.num_rows != entry.get("rows"):
            problems.append(f"{path}: {table.num_rows} rows, expected {entry.get('rows')}")
    fingerprints = {name: rows_fingerprint(table.column_names, rows[name]) for name, table in tables.items()}
    for name, found in fingerprints.items():
        expected = release.manifest["tables"][name].get("fingerprint")
        if found != expected:
            problems.append(f"table {name}: fingerprint {found}, expected {expected}")
    found = release_fingerprint(fingerprints)
    if found != release.fingerprint:
        problems.append(f"release: fingerprint {found}, expected {release.fingerprint}")
    return problems


def _columns(name: str, path: str, table: pa.Table) -> list[str]:
    expected = {field.name: field.type for field in arrow_schema(TABLES[name])}
    found = {field.name: field.type for field in table.schema}
    problems = [f"{path}: lacks the column {column}" for column in expected if column not in found]
    problems += [f"{path}: has an unknown column {column}" for column in found if column not in expected]
    problems += [
        f"{path}, column {column}: type {found[column]}, expected {kind}"
        for column, kind in expected.items()
        if column in found and not found[column].equals(kind)
    ]
    return problems
