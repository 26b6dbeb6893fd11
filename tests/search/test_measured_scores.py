"""What a search keeps of the records, and when it reads them again."""

from __future__ import annotations

from pathlib import Path

import pytest
from search_examples import ONE, THREE

from evaluations.engine.publishing import publish
from sngen.errors import CheckFailed, UsageError
from sngen.results import Record, ScoreEntry
from sngen.search import measured_scores as kept
from sngen.search.library import CatalogLibrary
from sngen.search.measured_scores import measured_scores
from sngen.search.select import select
from sngen.settings import Settings
from sngen.store import open_store

MEASURED = "measured_test_accuracy"


def record(model_id: str, dataset_id: str, accuracy: float, version: int = 1) -> Record:
    key = {"model_id": model_id, "dataset": dataset_id, "method_version": version}
    return Record(
        model_id, dataset_id, "utility", "utility/1", "cpu", "clean", version, key, {},
        (ScoreEntry("test", "accuracy", accuracy, 8), ScoreEntry("other", "accuracy", 0.25, 8)), (),
        {"date": "2026-11-20T10:00:00Z"},
    )  # fmt: skip


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    publish(open_store(folder), record(ONE, "cifar10", 0.5))
    return folder


def found(catalog: Path, results: Path, settings: Settings) -> dict[str, float]:
    chosen = select(CatalogLibrary(catalog, (results,), settings), f"{MEASURED}=known")
    return dict(zip(chosen.values("model_id"), chosen.values(MEASURED), strict=True))


def test_unchanged_records_are_not_read_again(
    results: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = measured_scores((results,), settings)
    assert [row["value"] for row in rows] == [0.5]  # only what stands in the leaderboard
    with monkeypatch.context() as patch:
        patch.setattr(kept, "_read", lambda folders: pytest.fail("read again"))
        assert measured_scores((results,), settings) == rows
    publish(open_store(results), record(THREE, "cifar10", 0.75))
    assert [row["value"] for row in measured_scores((results,), settings)] == [0.5, 0.75]


def test_a_search_follows_the_records(results: Path, small_catalog: Path, settings: Settings) -> None:
    assert found(small_catalog, results, settings) == {ONE: 0.5}
    publish(open_store(results), record(ONE, "cifar10", 0.625, version=2))
    assert found(small_catalog, results, settings) == {ONE: 0.625}


def test_code_that_changed_reads_again(
    results: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = measured_scores((results,), settings)
    monkeypatch.setattr(kept, "_code", lambda: "another")
    monkeypatch.setattr(kept, "_read", lambda folders: [])
    assert rows and measured_scores((results,), settings) == []


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(results: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = Settings(data=tmp_path, cache=tmp_path / "file")
    assert [row["value"] for row in measured_scores((results,), settings)] == [0.5]


def test_what_is_wrong_is_said(results: Path, tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(UsageError, match="no folder of results"):
        measured_scores((tmp_path / "none",), settings)
    [path] = results.glob("*/**/*.json")
    path.write_text(path.read_text().replace("0.5", "0.6"))
    with pytest.raises(CheckFailed, match="integrity"):
        measured_scores((results,), settings)
