"""The whole catalogue as one table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sngen.leaderboard.board_table import column_title, metadata_columns
from sngen.leaderboard.context import Context
from sngen.leaderboard.numbers import plural
from sngen.leaderboard.page import Body, Page
from sngen.leaderboard.snapshot import Row
from sngen.leaderboard.tables import DataColumn, DataTable
from sngen.schema import DATASETS, HEADLINES, LEADERBOARD, METRICS, MODELS, SCORES

PATH = "models.md"
_M = MODELS.c
#: Score columns that are shown before a reader chooses.
_SHOWN = {"measured_test_accuracy", "reported_test_accuracy"}


def models_page(context: Context) -> Page:
    body = Body(PATH)
    table = models_table(context)
    body.add(
        f"{plural(len(table), 'public model')} with every known fact, one row a model. Search and filter, "
        "choose columns, and take the selection along as CSV, JSON, BibTeX or Python code. The address of "
        "the page keeps the current view."
    )
    body.table(table)
    return body.page("Models")


def models_table(context: Context) -> DataTable:
    models = list(context.snapshot.models.values())
    columns = [
        DataColumn(
            _M.name, column_title(_M.name), "text", [m[_M.name] for m in models],
            MODELS.by_name[_M.name].description,
        ),
        DataColumn(
            _M.model_id, column_title(_M.model_id), "text", [m[_M.model_id] for m in models],
            MODELS.by_name[_M.model_id].description, visible=False,
        ),
        DataColumn(
            _M.dataset_id, column_title(_M.dataset_id), "text", [m[_M.dataset_id] for m in models],
            MODELS.by_name[_M.dataset_id].description, facet=True,
        ),
        *_dataset_columns(models, context),
        DataColumn(
            SCORES.c.origin, "Numbers", "tags", [_origins(m, context) for m in models],
            "Which kinds of numbers there are of the model.", facet=True,
        ),
        *_headline_columns(models, context),
        *metadata_columns(models),
        DataColumn(
            _M.flags, "Flags", "tags", [sorted(m[_M.flags] or []) for m in models],
            MODELS.by_name[_M.flags].description, facet=True, visible=False,
        ),
        DataColumn(
            _M.note, "Note", "text", [m[_M.note] for m in models], MODELS.by_name[_M.note].description,
            visible=False,
        ),
    ]  # fmt: skip
    return DataTable("models", "Models", _M.model_id, tuple(columns), (_M.name, "models/", _M.model_id))


def _dataset_columns(models: list[Row], context: Context) -> Iterator[DataColumn]:
    datasets = [context.snapshot.datasets[model[_M.dataset_id]] for model in models]
    column = DATASETS.by_name[DATASETS.c.category]
    yield DataColumn(
        column.name, "Images show", "text", [d[column.name] for d in datasets], column.description,
        facet=True, visible=False,
    )  # fmt: skip


def _origins(model: Row, context: Context) -> list[str]:
    return sorted({s[SCORES.c.origin] for s in context.snapshot.scores_of.get(model[_M.model_id], ())})


def _headline_columns(models: list[Row], context: Context) -> Iterator[DataColumn]:
    """Headline scores on the model's own dataset, as far as any model has them."""
    rows = [context.snapshot.headlines.get((m[_M.model_id], m[_M.dataset_id])) for m in models]

    def cells(name: str) -> list[Any]:
        return [row[name] if row else None for row in rows]

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
