"""What readers do: ``load_dataset``, pandas, pyarrow; and the cache that must never give old rows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when the library is imported

import datasets
import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from release_examples import record

from sngen.release.read import Release
from sngen.schema import SCORES, TABLES

Build = Callable[..., Path]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """``load_dataset("securitynet", …)`` from the parent folder, with one cache for the whole test."""
    datasets.disable_progress_bars()

    def load_one(folder: Path, *config: str, **options: Any) -> Any:
        monkeypatch.chdir(folder.parent)
        return datasets.load_dataset(
            folder.name, *config, split="train", cache_dir=str(tmp_path / "cache"), **options
        )

    return load_one


def _measured(rows: Any) -> list[float]:
    return [
        row[SCORES.c.value] for row in rows if row[SCORES.c.metric] == "accuracy" and row[SCORES.c.n] == 8
    ]


@pytest.mark.parametrize("name", list(TABLES))
def test_every_config_loads_plain_and_streaming(release: Path, load: Callable[..., Any], name: str) -> None:
    expected = Release.open(release).arrow(name).to_pylist()
    assert len(expected) > 0
    plain, streamed = load(release, name), load(release, name, streaming=True)
    assert list(plain) == expected
    assert list(streamed) == expected
    assert list(plain.features) == list(TABLES[name].names)
    assert plain.features == streamed.features


def test_default_config_is_the_leaderboard(release: Path, load: Callable[..., Any]) -> None:
    assert load(release).config_name == "leaderboard"


def test_empty_table_streams(build_release: Build, load: Callable[..., Any]) -> None:
    folder = build_release(records=[])
    assert list(load(folder, "outcomes", streaming=True)) == []
    said = (folder / "README.md").read_text()
    assert "Without rows in this version: `outcomes`, `arrays`, `pictures`." in said
    assert len(pd.read_parquet(folder / "data" / "outcomes")) == 0


def test_two_versions_in_one_cache_give_their_own_rows(
    build_release: Build, load: Callable[..., Any], tmp_path: Path
) -> None:
    old = build_release("0.1.0", out=tmp_path / "old", records=[record(accuracy=0.25)])
    new = build_release("0.2.0", out=tmp_path / "new", records=[record(accuracy=0.5)])
    for _ in range(2):
        assert _measured(load(old, "scores")) == [0.25]
        assert _measured(load(new, "scores")) == [0.5]


def test_a_rebuilt_version_in_one_cache_gives_its_new_rows(
    build_release: Build, load: Callable[..., Any]
) -> None:
    """Same folder, same version, same sizes, other numbers: what happens when everything is built again."""
    folder = build_release("0.1.0", records=[record(accuracy=0.25)])
    before = load(folder, "scores")
    assert _measured(before) == [0.25]
    assert build_release("0.1.0", records=[record(accuracy=0.5)]) == folder
    after = load(folder, "scores")
    assert after.version == before.version
    assert _measured(after) == [0.5]
    assert _measured(load(folder, "scores", streaming=True)) == [0.5]
    build_release("0.1.0", records=[record(accuracy=0.25)])
    assert _measured(load(folder, "scores")) == [0.25]


def test_the_trap_is_real(build_release: Build, load: Callable[..., Any]) -> None:
    """Files with plain names: the cache gives the old rows. If this fails, the library was mended, and names
    without fingerprints would do."""

    def with_plain_names(folder: Path) -> Path:
        card = folder / "README.md"
        for name in TABLES:
            path = Release.open(folder).path(name)
            card.write_text(card.read_text().replace(path.name, f"{name}.parquet"))
            path.rename(path.with_name(f"{name}.parquet"))
        return folder

    folder = with_plain_names(build_release("0.1.0", records=[record(accuracy=0.25)]))
    assert _measured(load(folder, "scores")) == [0.25]
    with_plain_names(build_release("0.1.0", records=[record(accuracy=0.5)]))
    assert _measured(pq.read_table(folder / "data" / "scores").to_pylist()) == [0.5]
    assert _measured(load(folder, "scores")) == [0.25]


def test_one_liners_of_the_card(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(release.parent)
    expected = Release.open(release).arrow("scores")
    assert len(pd.read_parquet("securitynet/data/scores")) == expected.num_rows
    assert pq.read_table("securitynet/data/scores").num_rows == expected.num_rows
    text = (release / "README.md").read_text()
    relation = duckdb.read_parquet("securitynet/data/scores/*.parquet")
    accurate = relation.filter("metric = 'accuracy' and value > 0.7").fetchall()
    assert len(accurate) == sum(
        row["metric"] == "accuracy" and row["value"] > 0.7 for row in expected.to_pylist()
    )
    assert (
        """duckdb.read_parquet("securitynet/data/scores/*.parquet").filter("metric = 'accuracy' and""" in text
    )
    assert 'pd.read_parquet("securitynet/data/scores")' in text
    assert 'pq.read_table("securitynet/data/scores")' in text
