"""The table of everything that publications report of one family and dataset: the source is a column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sngen.leaderboard.board_table import (
    flag_columns,
    identity_columns,
    metadata_columns,
    quantity_column,
    score_columns,
)
from sngen.leaderboard.comparable import Board, Quantity
from sngen.leaderboard.context import Context
from sngen.leaderboard.tables import DataColumn, DataTable, folder_safe
from sngen.schema import HEADLINES, MODELS, SCORES

REPORTED_BY = "reported_by"
_M = MODELS.c


def reported_name(family: str, dataset_id: str) -> str:
    return f"{family}-{folder_safe(dataset_id)}-reported"


def by_size(boards: Sequence[Board]) -> list[Board]:
    """The source with most models first."""
    return sorted(boards, key=lambda board: (-len(board.scores), board.basis))


def reported_table(boards: Sequence[Board], context: Context, title: str) -> DataTable:
    """One row per source and model, ordered by source and within one by its main quantity.

    ``boards`` are of one family and dataset, reported, each of another source. Values of different sources
    share a column where method, setting and metric are the same; they are not ranked together.
    """
    first = boards[0]
    pairs = [(board, model) for board in by_size(boards) for model in board.ordered()]
    order = [model for _, model in pairs]
    rows = [board.scores[model] for board, model in pairs]
    sources = [board.basis for board, _ in pairs]
    source = DataColumn(
        REPORTED_BY,
        "Reported by",
        "text",
        sources,
        SCORES.by_name[SCORES.c.source_id].description,
        facet=True,
    )
    columns = [
        *identity_columns(order, context),
        source,
        *score_columns("reported", first.family, shared_quantities(boards), rows),
        *flag_columns(rows),
        *metadata_columns([context.snapshot.models[model] for model in order]),
    ]
    name = reported_name(first.family, first.dataset_id)
    link = (_M.name, "models/", _M.model_id)
    return DataTable(name, title, _M.model_id, tuple(columns), link, noun="rows")


def shared_quantities(boards: Sequence[Board]) -> list[Quantity]:
    """Every quantity of the boards: headlines in their order, then those with most numbers."""
    counts = Counter(q for board in boards for scores in board.scores.values() for q in scores)
    places = {entry.column: position for position, entry in enumerate(HEADLINES)}

    def place(quantity: Quantity) -> tuple[int, int, Quantity]:
        column = quantity_column("reported", boards[0].family, quantity)
        return places.get(column, len(places)), -counts[quantity], quantity

    return sorted(counts, key=place)
