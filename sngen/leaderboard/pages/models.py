"""The whole catalogue as one table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sngen.leaderboard.board_table import column_title, metadata_columns
from sngen.leaderboard.context import Context
from sngen.leaderboard.numbers import plural
from sngen.leaderboard.page import Body, Page
from sngen.leaderboard.search_box import search_box
from sngen.leaderboard.snapshot import Row
from sngen.leaderboard.tables import DataColumn, DataTable
from sngen.schema import DATASETS, HEADLINES, LEADERBOARD, METRICS, MODELS, SCORES

PATH = "models.md"
_M = MODELS.c
#: Scores that a reader sees before asking for more: accuracy, and what is left of it under attack.
_SHOWN = {
    "measured_test_accuracy", "reported_test_accuracy", "measured_autoattack_linf_8_255",
    "reported_autoattack_linf_8_255",
}  # fmt: skip
#: Columns that a reader filters by here and not in a leaderboard: column, title, shown.
_KINDS = ((_M.task, "Task", True), (_M.copy_kind, "Copy", False))
#: Facts that are shown here and not in a leaderboard: what people choose a model by.
_FACTS = {_M.parameters, _M.license}
_COUNT_UNITS = {None, "count", "images", "bytes"}


def models_page(context: Context) -> Page:
    body = Body(PATH)
    table = models_table(context)
    body.add(
        f"{plural(len(table), 'model')} with every known fact, one row a model; numbers are those on "
        "the model's own dataset. Search by any field, as in `dataset=cifar10 accuracy>=0.9 year=2018..`, "
        "filter, choose columns, and take the selection along as CSV, JSON, BibTeX or Python code. The "
        "address of the page keeps the current view."
    )
    body.table(table)
    return body.page("Models")


def models_table(context: Context) -> DataTable:
    models = list(context.snapshot.models.values())
    facts = list(metadata_columns(models))
    columns = [
        _column(_M.name, models, "text", visible=True),
        _column(_M.model_id, models, "text"),
        _column(_M.dataset_id, models, "text", visible=True, facet=True),
        *_dataset_columns(models, context),
        *(
            _column(name, models, "text", title=title, facet=True, visible=shown)
            for name, title, shown in _KINDS
        ),
        *(replace(column, visible=True) for column in facts if column.name in _FACTS),
        DataColumn(
            SCORES.c.origin, "Numbers", "tags", [_origins(m, context) for m in models],
            "Which kinds of numbers there are of the model.", facet=True, visible=False,
        ),
        *_headline_columns(models, context),
        *(column for column in facts if column.name not in _FACTS),
        _column(_M.flags, models, "tags", facet=True),
    ]  # fmt: skip
    there = {column.name for column in columns}
    datasets = context.snapshot.datasets.values()
    columns += [column for column in _further_columns(models) if column.name not in there]
    names = {row[DATASETS.c.name]: row[DATASETS.c.dataset_id] for row in datasets}
    return DataTable(
        "models", "Models", _M.model_id, tuple(columns), (_M.name, "models/", _M.model_id),
        search_box(names | dict(context.spellings)),
    )  # fmt: skip


def _column(
    name: str, models: list[Row], kind: Any, *, title: str | None = None, **options: Any
) -> DataColumn:
    column = MODELS.by_name[name]
    values = [model[name] for model in models]
    if kind == "tags":
        values = [sorted(value or []) if name == _M.flags else value for value in values]
    digits = 0 if kind == "number" and column.unit in _COUNT_UNITS and column.kind == "int" else None
    return DataColumn(
        name, title or column_title(name), kind, values, column.description, column.unit,
        **{"visible": False, "digits": digits, **options},
    )  # fmt: skip


def _further_columns(models: list[Row]) -> Iterator[DataColumn]:
    """Every other column of the contract of which anything is known: to be found by, and to be shown."""
    kinds = {"int": "number", "float": "number", "texts": "tags", "ints": "tags", "floats": "tags"}
    for column in MODELS:
        if any(model[column.name] not in (None, []) for model in models):
            yield _column(column.name, models, kinds.get(column.kind, "text"))


def _dataset_columns(models: list[Row], context: Context) -> Iterator[DataColumn]:
    datasets = [context.snapshot.datasets.get(model[_M.dataset_id]) for model in models]
    for name, source, title, kind in (
        (LEADERBOARD.c.data_category, DATASETS.c.category, "Images show", "text"),
        (LEADERBOARD.c.num_classes, DATASETS.c.num_classes, "Classes", "number"),
    ):
        column = LEADERBOARD.by_name[name]
        yield DataColumn(
            name, title, kind, [d[source] if d else None for d in datasets], column.description, column.unit,  # type: ignore[arg-type]
            facet=kind == "text", visible=False, digits=0 if kind == "number" else None,
        )  # fmt: skip


def _origins(model: Row, context: Context) -> list[str]:
    return sorted({s[SCORES.c.origin] for s in context.snapshot.scores_of.get(model[_M.model_id], ())})


def _headline_columns(models: list[Row], context: Context) -> Iterator[DataColumn]:
    """Headline scores on the model's own dataset, as far as any model has them."""
    rows = [context.snapshot.headlines.get((m[_M.model_id], m[_M.dataset_id])) for m in models]

    def cells(name: str) -> list[Any]:
        return [row[name] if row else None for row in rows]

    for name in (LEADERBOARD.c.measured_protocol, LEADERBOARD.c.measured_tier):
        description = LEADERBOARD.by_name[name].description
        yield DataColumn(name, column_title(name), "text", cells(name), description, visible=False)
    for entry in HEADLINES:
        values = cells(entry.column)
        if all(value is None for value in values):
            continue
        unit = METRICS[entry.metric].unit
        low, high, n = (f"{entry.column}{ending}" for ending in ("_ci_low", "_ci_high", "_n"))
        measured = entry.origin == "measured"
        yield DataColumn(
            entry.column, entry.title, "number", values, LEADERBOARD.by_name[entry.column].description, unit,
            visible=entry.column in _SHOWN, digits=4, origin=entry.origin,
            low=low if measured else None, high=high if measured else None, n=n if measured else None,
        )  # fmt: skip
        for name, words in ((low, "lower end"), (high, "upper end"), (n, "n")) if measured else ():
            column = LEADERBOARD.by_name[name]
            yield DataColumn(
                name, f"{entry.title}, {words}", "number", cells(name), column.description, column.unit,
                visible=False, digits=0 if name == n else 4,
            )  # fmt: skip
