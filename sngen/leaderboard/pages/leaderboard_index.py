"""All leaderboards: which families have numbers on which datasets."""

from __future__ import annotations

from sngen.leaderboard.comparable import Board
from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.numbers import DASH, number, plural
from sngen.leaderboard.page import Body, Page, plain_table
from sngen.schema import DATASETS, FAMILIES, METRICS

PATH = "leaderboards/index.md"


def leaderboard_index(context: Context) -> Page:
    body = Body(PATH)
    body.add(
        "One page per family of evaluations and dataset. **Measured** numbers come from this project's "
        "programs and carry intervals; **reported** ones are quoted from publications. The two never share "
        "a table, a ranking or a chart."
    )
    for family, title in FAMILIES.items():
        datasets = [dataset for name, dataset in context.boards_of if name == family]
        body.add(f"## {title}")
        if not datasets:
            body.add("No numbers in this release.")
            continue
        metrics = {m for d in datasets for b in context.boards_of[family, d] for _, _, m in b.quantities}
        terms = "".join(
            f"<li>{text(METRICS[name].title)}: {text(METRICS[name].description)}</li>"
            for name in sorted(metrics)
        )
        body.add(f"<details><summary>What is counted</summary><ul>{terms}</ul></details>")
        rows = [
            _row(family, dataset, context)
            for dataset in sorted(datasets, key=lambda d: context.dataset_name(d).lower())
        ]
        body.add(
            plain_table(
                title, ("Dataset", "Images show", "Measured", "Reported", "Sources", "Distinct weights"), rows
            )
        )
    return body.page("Leaderboards")


def _row(family: str, dataset_id: str, context: Context) -> list[str]:
    boards = context.boards_of[family, dataset_id]
    address = f"{family}/{dataset_id}.html"
    name = f'<a href="{address}">{text(context.dataset_name(dataset_id))}</a>'
    reported = [board for board in boards if board.origin == "reported" and board.scores]
    models = {model for board in boards for model in board.scores}
    return [
        name,
        text(context.snapshot.datasets[dataset_id][DATASETS.c.category] or ""),
        _count([board for board in boards if board.origin == "measured"]),
        _count(reported),
        number(len(reported), "count") if reported else DASH,
        number(context.distinct(models), "count"),
    ]


def _count(boards: list[Board]) -> str:
    models = {model for board in boards for model in board.scores}
    return plural(len(models), "model") if models else DASH
