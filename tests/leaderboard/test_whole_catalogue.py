"""What only a large catalogue has: many sources on a board, models without a dataset, copies, collections."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from page_texts import written
from reading import read_page
from stand_in import StandIn
from whole_catalogue import whole_catalogue

from sngen.leaderboard.context import Context
from sngen.leaderboard.pages.models import models_table
from sngen.schema import CLASSIFYING, MODELS
from sngen.search.fields import FIELDS
from sngen.search.table import table_of


@pytest.fixture(scope="module")
def whole() -> StandIn:
    return whole_catalogue(0.1)


@pytest.fixture(scope="module")
def context(make_context: Callable[..., Context], whole: StandIn) -> Context:
    return make_context(whole)


@pytest.fixture(scope="module")
def texts(context: Context, repository) -> dict[str, str]:  # type: ignore[no-untyped-def]
    return written(context, repository)


def _text(texts: dict[str, str], path: str) -> str:
    return read_page(texts[path]).text


def test_one_table_holds_all_sources_and_says_whose_a_number_is(texts: dict[str, str]) -> None:
    page = read_page(texts["leaderboards/utility/imagenet-1k.md"])
    assert page.attributes("data-name")[0] == "utility-imagenet-1k-reported"
    assert page.attributes("data-src") == ["../../tables/utility-imagenet-1k-reported.js"]
    assert "They are therefore not ranked" in page.text
    assert "imagenet-1k.html?reported_by=timm" in page.attributes("href")
    assert "sources" in page.text


def test_a_board_says_how_many_distinct_weights_it_holds(context: Context, texts: dict[str, str]) -> None:
    boards = context.boards_of["utility", "imagenet-1k"]
    models = {model for board in boards for model in board.scores}
    distinct = context.distinct(models)
    assert distinct < len(models)
    assert f"{len(models)} models, {distinct} distinct weights" in _text(
        texts, "leaderboards/utility/imagenet-1k.md"
    )


def test_nothing_that_classifies_nothing_and_no_copy_stands_on_a_board(context: Context) -> None:
    there = {model for board in context.boards for model in board.scores}
    left_out = {model for board in context.boards for entry in board.left_out for model in entry.models}
    for model_id, model in context.snapshot.models.items():
        if model[MODELS.c.copy_kind] or model[MODELS.c.task] not in {None, *CLASSIFYING}:
            assert model_id not in there
            assert model_id in left_out or not context.snapshot.scores_of.get(model_id)
    assert left_out


def test_models_without_a_dataset_have_a_page_and_a_row(context: Context, texts: dict[str, str]) -> None:
    features = next(m for m in context.snapshot.models.values() if m[MODELS.c.task] == "features")
    page = _text(texts, f"models/{features[MODELS.c.model_id]}.md")
    assert "a network without a classifier, to be trained further" in page
    assert "It stands in no leaderboard" in page
    assert features[MODELS.c.model_id] in models_table(context).by_name[MODELS.c.model_id].values


def test_provenance_licence_and_threat_are_said_in_words(context: Context, texts: dict[str, str]) -> None:
    models = context.snapshot.models.values()
    model = next(
        m for m in models
        if m[MODELS.c.threat_norm] and m[MODELS.c.license_scope] == "repository" and m[MODELS.c.license]
    )  # fmt: skip
    page = _text(texts, f"models/{model[MODELS.c.model_id]}.md")
    for words in (
        "stated for the code repository, not for the weights", "perturbations of at most 8/255",
        "results/results.csv", "Line or row", "“apache 2”", "sha256-prefix:0123abcd",
        "evaluated by the authors",
        "2025-01-31", "Linf 8/255", "% of AlexNet",
    ):  # fmt: skip
        assert words in page


def test_relatives_are_listed_by_relation_with_ground_and_rule(
    context: Context, texts: dict[str, str]
) -> None:
    pair = context.snapshot.tables["relatives"][-1]
    page = _text(texts, f"models/{pair['model_b']}.md")
    assert "same-weights: the very same parameter values" in page
    assert "one checkpoint address" in page
    assert "same-checkpoint-url" in page or "stated by hand" in page


def test_former_ids_are_said(context: Context, texts: dict[str, str]) -> None:
    (alias,) = context.snapshot.tables["aliases"]
    assert "timm/old-name until 2026-11-24 (spelling)" in _text(texts, f"models/{alias['model_id']}.md")


def test_datasets_are_listed_by_category_and_doubt_is_shown(context: Context, texts: dict[str, str]) -> None:
    index = read_page(texts["datasets/index.md"])
    for dataset_id in context.snapshot.datasets:
        assert f"{dataset_id}.html" in index.attributes("href")
    assert "Category 3" in index.text
    page = _text(texts, "datasets/scenes-1.md")
    assert "Training images 50,000 unverified" in page.replace("images50,000", "images 50,000")
    assert "Test images 10,000 unverified" not in page.replace("images10,000", "images 10,000")
    assert "No model in this release was made to classify it." in _text(texts, "datasets/unused.md")


def test_collections_are_counted_and_not_models(context: Context, texts: dict[str, str]) -> None:
    page = _text(texts, "collections.md")
    assert "3 entries, 14,000 networks as far as a number is stated, 2 entries without one" in page


def test_every_field_of_the_command_can_be_asked_of_the_table(context: Context) -> None:
    """A field that the search box knows is a column, a derived one, or empty in the whole release."""
    table = models_table(context)
    assert table.search is not None
    rows = table_of(context.snapshot.models.values(), context.snapshot.headlines.values(), {})
    derived = {entry[part] for entry in table.search["first"] for part in ("value", "word")}
    derived.add(table.search["size"]["name"])
    known = {field["name"] for field in table.search["fields"]}
    assert known | set(table.search["elsewhere"]) == set(FIELDS)
    for name in known - derived:
        column = table.by_name.get(table.search["columns"].get(name, name))
        wanted = [rows.column(name)[row] for row in rows.main_rows]
        found = (
            [value or None if isinstance(value, list) else value for value in column.values]
            if column
            else None
        )
        assert (found or [None] * len(wanted)) == wanted, name
