"""The table of the shared cases, and a small catalogue on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from search_examples import catalogue

from sngen.catalog.audit import format_audit
from sngen.catalog.text_tables import write_table
from sngen.schema import SOURCES, TABLES
from sngen.search.library import CatalogLibrary
from sngen.search.table import SearchTable
from sngen.settings import Settings

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def shared_rows() -> dict[str, Any]:
    """rows.json: fields, spellings of datasets, rows."""
    content: dict[str, Any] = json.loads((HERE / "rows.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="session")
def shared_table(shared_rows: dict[str, Any]) -> SearchTable:
    rows = shared_rows["rows"]
    return SearchTable(
        len(rows), lambda name: [row.get(name) for row in rows],
        shared_rows["spellings"],
    )  # fmt: skip


@pytest.fixture
def small_catalog(tmp_path: Path) -> Path:
    """The catalogue of ``search_examples``."""
    folder = tmp_path / "data" / "catalog"
    tables, audit = catalogue()
    for source in ("lab", "hub"):
        for name, rows in tables.items():
            own = [row for row in rows if row[SOURCES.c.source_id] == source]
            if own:
                write_table(TABLES[name], own, folder / source / f"{name}.csv")
    (folder / "lab" / "audit.json").write_bytes(format_audit(audit))
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache")


@pytest.fixture
def library(small_catalog: Path, settings: Settings) -> CatalogLibrary:
    return CatalogLibrary(small_catalog, (), settings)
