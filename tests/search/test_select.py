"""Order, columns, limit, distinct weights, and what the rows of a catalogue are."""

from __future__ import annotations

from pathlib import Path

import pytest
from search_examples import CLIP, COPY, FEATURES, FIVE, ONE, THREE, TWO

from sngen.errors import CheckFailed, UsageError
from sngen.release.build import build
from sngen.search.fields import FIELDS
from sngen.search.library import CatalogLibrary, ReleaseLibrary, open_library
from sngen.search.select import select
from sngen.settings import Settings


def ids(library: CatalogLibrary, query: str = "", **options: object) -> list[str]:
    return select(library, query, **options).values("model_id")  # type: ignore[arg-type]


def test_a_model_is_one_row_without_a_condition_on_the_evaluation(library: CatalogLibrary) -> None:
    assert ids(library) == sorted([ONE, TWO, THREE, COPY, FIVE, CLIP, FEATURES])


def test_other_datasets_come_with_a_condition(library: CatalogLibrary) -> None:
    assert ids(library, "evaluated_on=SVHN") == [CLIP, FIVE, ONE]
    found = select(library, "evaluated-on=svhn dataset=cifar10")
    assert found.records()[0]["accuracy"] == 0.2
    assert [field.name for field in found.columns][:2] == ["model_id", "evaluated_on"]
    assert ids(library, "evaluated_on=unknown") == [CLIP, FEATURES]


def test_order_by_several_fields_with_unknown_last(library: CatalogLibrary) -> None:
    assert ids(library, sort=["-year", "model_id"]) == [CLIP, COPY, TWO, FIVE, ONE, FEATURES, THREE]
    assert ids(library, sort=["year,-id"]) == [ONE, FIVE, TWO, COPY, CLIP, THREE, FEATURES]
    assert ids(library, "accuracy=known", sort=["-accuracy"], limit=2) == [FIVE, ONE]


def test_limit_counts_what_is_left_out(library: CatalogLibrary) -> None:
    found = select(library, "dataset=cifar10", limit=1)
    assert (len(found.rows), found.matched) == (1, 4)


def test_columns(library: CatalogLibrary) -> None:
    def names(*columns: str, query: str = "") -> list[str]:
        return [field.name for field in select(library, query, columns=columns).columns]

    usual = ["model_id", "dataset", "accuracy", "accuracy_origin", "model_type", "purpose", "year"]
    assert names() == usual
    assert names(query="country=France") == [*usual, "country"]
    assert names("+paper-url,venue") == [*usual, "paper_url", "venue"]
    assert names("id,ACCURACY") == ["model_id", "accuracy", "accuracy_origin"]
    assert names("all") == list(FIELDS)
    with pytest.raises(UsageError, match="unknown field 'papr_url'; nearest: paper_url"):
        names("+papr_url")


def test_distinct_keeps_the_entry_that_stands_for_the_weights(library: CatalogLibrary) -> None:
    every = select(library, "dataset=cifar10")
    assert (every.matched, every.sharing) == (4, 1)
    one = select(library, "dataset=cifar10", distinct=True)
    assert one.values("model_id") == [ONE, THREE, TWO]
    assert ids(library, "id=hub/*", distinct=True) == [CLIP, FEATURES, FIVE, COPY]  # the other was not found


def test_where_the_catalogue_is(small_catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Settings(data=tmp_path, cache=tmp_path, catalog=small_catalog)
    assert open_library(settings=elsewhere).place == str(small_catalog)
    nowhere = Settings(data=tmp_path, cache=tmp_path)
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert open_library(settings=nowhere).place == str(small_catalog)  # that of a folder around
    with pytest.raises(UsageError, match="no catalogue folder"):
        open_library(tmp_path / "none")
    with pytest.raises(UsageError, match="a release holds its own results"):
        open_library(small_catalog, release=tmp_path)
    with pytest.raises(UsageError, match="no folder of results"):
        ids(CatalogLibrary(small_catalog, [tmp_path / "none"], nowhere))


def test_a_catalogue_with_a_dangling_reference(small_catalog: Path, settings: Settings) -> None:
    scores = small_catalog / "lab" / "scores.csv"
    scores.write_text(scores.read_text().replace(f"{ONE},svhn,", "lab/nobody,svhn,"))
    with pytest.raises(CheckFailed, match=r"does not have \(lab/nobody\).*sngen check"):
        ids(CatalogLibrary(small_catalog, (), settings), "evaluated_on=svhn")


def test_a_release_gives_the_same_answers(library: CatalogLibrary, tmp_path: Path) -> None:
    release = ReleaseLibrary(build("0.1.0", library.folder, [], tmp_path / "out"))
    for query in (
        "", "dataset=CIFAR-10 accuracy>=0.85", "evaluated_on=svhn", "flags=odd", "country=italy",
        "flags=unknown year=known", "size>1M", "robust_accuracy=0.5",
    ):  # fmt: skip
        here, there = select(library, query, columns=["all"]), select(release, query, columns=["all"])
        assert there.records() == here.records(), query
        assert there.sharing == here.sharing
