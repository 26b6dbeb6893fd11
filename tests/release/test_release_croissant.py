"""croissant.json, by the format's own validator and reader."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlcroissant
import pandas as pd
import pytest

from sngen.release.croissant import FILE, TYPES
from sngen.release.read import Release
from sngen.schema import SOURCES, TABLES

Build = Callable[..., Path]


@pytest.fixture(scope="module")
def dataset(release: Path) -> mlcroissant.Dataset:
    return mlcroissant.Dataset(jsonld=str(release / FILE))


def test_the_validator_finds_nothing(release: Path, caplog: pytest.LogCaptureFixture) -> None:
    dataset = mlcroissant.Dataset(jsonld=str(release / FILE))
    assert "@context" not in caplog.text
    assert list(dataset.metadata.issues.errors) == []
    # The address is not known when a release is built: it is where the release is published.
    assert [one for one in dataset.metadata.issues.warnings if "url" not in one] == []


@pytest.mark.parametrize("name", list(TABLES))
def test_records_are_read_as_they_are(release: Path, dataset: mlcroissant.Dataset, name: str) -> None:
    expected = Release.open(release).arrow(name).to_pylist()
    found = list(dataset.records(record_set=name))
    assert len(found) == len(expected) > 0
    columns = [column.name for column in TABLES[name] if TYPES[column.kind] is not None]
    for got, row in zip(found, expected, strict=True):
        for column in columns:
            assert _plain(got[f"{name}/{column}"]) == row[column], column


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return None if pd.isna(value) else value


def test_it_names_files_hashes_version_and_keys(release: Path) -> None:
    content = json.loads((release / FILE).read_text(encoding="utf-8"))
    manifest = Release.open(release).manifest
    assert {one["contentUrl"]: one["sha256"] for one in content["distribution"]} == {
        entry["path"]: manifest["files"][entry["path"]]["sha256"] for entry in manifest["tables"].values()
    }
    assert content["version"] == manifest["version"]
    sets = {one["@id"]: one for one in content["recordSet"]}
    assert sets["relatives"]["key"] == [
        {"@id": f"relatives/{part}"} for part in ("model_a", "model_b", "relation")
    ]
    fields = {field["name"]: field for field in sets["models"]["field"]}
    assert fields[SOURCES.c.source_id]["description"].endswith("An id of the table sources.")


def test_a_table_without_rows_has_no_records(build_release: Build) -> None:
    logging.getLogger("absl").setLevel(logging.ERROR)
    folder = build_release(records=[])
    dataset = mlcroissant.Dataset(jsonld=str(folder / FILE))
    assert list(dataset.metadata.issues.errors) == []
    assert "outcomes" not in {one.id for one in dataset.metadata.record_sets}
