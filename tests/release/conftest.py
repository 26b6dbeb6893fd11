"""A catalogue on disk, result folders, and releases built from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest
from release_examples import AUDIT, Rows, catalogue, record

from evaluations.engine.publishing import publish
from sngen.catalog.audit import format_audit
from sngen.catalog.text_tables import write_table
from sngen.release.build import build
from sngen.results import Record
from sngen.schema import SOURCES, TABLES
from sngen.store import open_store

Build = Callable[..., Path]


def write_catalogue(folder: Path, tables: Mapping[str, Rows]) -> Path:
    """Every row in the folder of its source."""
    for source in ("study", "lab"):
        for name, rows in tables.items():
            own = [row for row in rows if row[SOURCES.c.source_id] == source]
            if own:
                write_table(TABLES[name], own, folder / source / f"{name}.csv")
    (folder / "study" / "audit.json").write_bytes(format_audit(AUDIT))
    return folder


def write_records(folder: Path, records: Iterable[Record]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for one in records:
        publish(open_store(folder), one)
    return folder


@pytest.fixture
def build_release(tmp_path: Path) -> Build:
    """Builds ``<out>/securitynet`` from given or example rows and records."""
    count = 0

    def build_one(
        version: str = "0.1.0",
        tables: Mapping[str, Rows] | None = None,
        records: Iterable[Record] | None = None,
        out: Path | None = None,
        date: str | None = None,
        releases: Path | None = None,
    ) -> Path:
        nonlocal count
        count += 1
        inputs = tmp_path / f"inputs-{count}"
        catalog = write_catalogue(inputs / "catalog", catalogue() if tables is None else tables)
        results = write_records(inputs / "results", [record()] if records is None else records)
        return build(
            version, catalog, [results], out or tmp_path / "out", date, releases or tmp_path / "none"
        )

    return build_one


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One release to read from; do not change it."""
    folder = tmp_path_factory.mktemp("release")
    catalog = write_catalogue(folder / "catalog", catalogue())
    results = write_records(folder / "results", [record()])
    return build("0.1.0", catalog, [results], folder)
