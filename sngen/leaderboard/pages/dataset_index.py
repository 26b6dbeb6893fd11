"""All datasets, by what their images show."""

from __future__ import annotations

from itertools import groupby

from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.numbers import DASH, number, plural
from sngen.leaderboard.page import Body, Page, plain_table
from sngen.leaderboard.pages.dataset import UNVERIFIED
from sngen.leaderboard.snapshot import Row
from sngen.schema import DATASETS, MODELS

PATH = "datasets/index.md"
_D = DATASETS.c
_HEAD = ("Dataset", "Models", "Distinct weights", "Evaluated on it", "Classes", "Test images")


def dataset_index(context: Context) -> Page:
    body = Body(PATH)
    datasets = sorted(
        context.snapshot.datasets.values(), key=lambda row: (row[_D.category] or "~", row[_D.name].lower())
    )
    groups = [
        (category, list(rows)) for category, rows in groupby(datasets, key=lambda row: row[_D.category])
    ]
    used = sum(row[_D.dataset_id] in context.made_for for row in datasets)
    body.add(
        f"<p>{plural(len(datasets), 'dataset')} in {plural(len(groups), 'category', 'categories')}; "
        f"{used:,} have a model that was made to classify them. “Evaluated on it” counts every model with a "
        "number, zero-shot ones included.</p>"
    )
    for category, rows in groups:
        title = text((category or "other").replace("-", " ").capitalize())
        models = sum(len(context.made_for.get(row[_D.dataset_id], ())) for row in rows)
        body.add(f"## {title}", f"<p>{plural(len(rows), 'dataset')}, {plural(models, 'model')}.</p>")
        body.add(plain_table(title, _HEAD, [_row(row, context) for row in rows]))
    return body.page("Datasets")


def _row(dataset: Row, context: Context) -> list[str]:
    dataset_id = dataset[_D.dataset_id]
    models = context.made_for.get(dataset_id, [])
    doubtful = set(dataset[_D.unverified] or ())

    def count(value: int) -> str:
        return number(value, "count") if value else DASH

    def fact(column: str) -> str:
        return number(dataset[column], "count") + (UNVERIFIED if column in doubtful else "")

    return [
        f'<a href="{text(dataset_id)}.html">{text(dataset[_D.name])}</a>',
        count(len(models)),
        count(context.distinct(model[MODELS.c.model_id] for model in models)),
        count(len(context.evaluated_on.get(dataset_id, ()))),
        fact(_D.num_classes),
        fact(_D.test_size),
    ]
