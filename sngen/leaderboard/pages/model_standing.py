"""Where a model stands among the models of its dataset."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sngen.leaderboard.board_quantities import compared
from sngen.leaderboard.board_table import quantity_title, rank_words
from sngen.leaderboard.comparable import Board, Quantity, outside
from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.numbers import number, plural
from sngen.leaderboard.page import badge, plain_table
from sngen.leaderboard.pages.leaderboard import path_of
from sngen.schema import FAMILIES, METRICS, SCORES


def standing(model_id: str, context: Context, root: str) -> str:
    """Rank intervals where there are any; for every number, how many comparable models have a lower one."""
    boards = context.boards_with.get(model_id, [])
    rows = [row for board in boards for row in _rows(model_id, board, context, root)]
    reason = outside(context.snapshot.models[model_id])
    if reason is not None:
        return f"<p>It stands in no leaderboard. {text(reason)}.</p>"
    if not rows:
        return "<p>No number of this model can be compared with another's.</p>"
    note = (
        "<p>Compared only with numbers of the same protocol, tier and images, or of the same source. A "
        "share of lower values says nothing about chance; a rank interval does.</p>"
    )
    head = ("Leaderboard", "Numbers", "Quantity", "Value", "Among", "Lower value", "Rank interval")
    return f"{note}{plain_table('Among comparable models', head, rows)}"


def _rows(model_id: str, board: Board, context: Context, root: str) -> Iterator[tuple[str, ...]]:
    ranking = context.ranking_of(board)
    ranks = ranking.intervals.get(model_id) if ranking else None
    address = root + path_of(board.family, board.dataset_id).removesuffix(".md") + ".html"
    where = f"{FAMILIES[board.family]}, {context.dataset_name(board.dataset_id)}"
    wanted = compared(board)
    for quantity, score in sorted(
        board.scores[model_id].items(), key=lambda item: board.quantities.index(item[0])
    ):
        values = context.values_of(board, quantity)
        if quantity not in wanted or METRICS[quantity[2]].better == "neither" or len(values) < 2:
            continue
        value = score[SCORES.c.value]
        lower = int(np.searchsorted(values, value))
        yield (
            f'<a href="{address}">{text(where)}</a>',
            badge(board.origin),
            text(quantity_title(board.origin, board.family, quantity)),
            number(value, score[SCORES.c.unit]),
            plural(len(values), "model"),
            f"{lower} of {len(values) - 1}",
            _rank(quantity, board, ranks),
        )


def _rank(quantity: Quantity, board: Board, ranks: tuple[int, int] | None) -> str:
    return (rank_words(*ranks) or "–") if ranks and quantity == board.main else "–"
