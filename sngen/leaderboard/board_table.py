"""The table of one board: one row a model, one column a quantity, and what a reader filters by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sngen.leaderboard.comparable import Board, Quantity
from sngen.leaderboard.context import Context
from sngen.leaderboard.numbers import metric_title
from sngen.leaderboard.ranks import Ranking
from sngen.leaderboard.snapshot import Row
from sngen.leaderboard.tables import DataColumn, DataTable, folder_safe
from sngen.schema import HEADLINES, METRICS, MODELS, SCORES

_M, _S = MODELS.c, SCORES.c
RANK_BEST, RANK_WORST, RANK = "rank_best", "rank_worst", "rank"

#: Model columns beside the scores: column, kind, facet, visible.
_METADATA: tuple[tuple[str, Any, bool, bool], ...] = (
    (_M.model_type, "text", True, True),
    (_M.architecture, "text", False, False),
    (_M.parameters, "number", False, False),
    (_M.purpose, "text", True, True),
    (_M.training_kind, "text", True, False),
    (_M.training_size, "number", False, False),
    (_M.publisher, "text", True, False),
    (_M.venue, "text", True, False),
    (_M.venue_type, "text", True, False),
    (_M.year, "number", True, True),
    (_M.country, "text", True, False),
    (_M.license, "text", True, False),
    (_M.source_id, "text", True, False),
    (_M.paper_url, "url", False, False),
    (_M.weights_url, "url", False, False),
)

_TITLES = {
    _M.model_type: "Type", _M.paper_url: "Paper", _M.weights_url: "Weights", _M.source_id: "Source",
    _M.training_kind: "Training", _M.training_size: "Training images", _M.model_id: "Model id",
    _M.name: "Model", _M.dataset_id: "Dataset",
}  # fmt: skip


def column_title(name: str) -> str:
    """A column's heading: ``venue_type`` becomes ``Venue type``."""
    return _TITLES.get(name, name.replace("_", " ").capitalize())


def board_name(board: Board) -> str:
    parts = [board.family, board.dataset_id, board.origin, board.basis, board.tier]
    return "-".join(folder_safe(part) for part in parts if part)


def quantity_column(board: Board, quantity: Quantity) -> str:
    """The headline's name where there is one, so that an address keeps working; otherwise all three parts."""
    headline = _headline(board, quantity)
    if headline is not None:
        return headline.column
    return "_".join((board.origin, *quantity)).replace("/", "_").replace("-", "_")


def quantity_title(board: Board, quantity: Quantity) -> str:
    headline = _headline(board, quantity)
    method, setting, metric = quantity
    return headline.title if headline else f"{metric_title(metric)} ({method}, {setting})"


def _headline(board: Board, quantity: Quantity) -> Any:
    wanted = (board.origin, board.family, *quantity)
    return next((h for h in HEADLINES if (h.origin, h.family, h.method, h.setting, h.metric) == wanted), None)


def board_table(board: Board, context: Context, title: str) -> DataTable:
    """All models of a board, best first by its main quantity."""
    order = board.ordered()
    ranking = context.ranking_of(board)
    columns = [
        *_identity(order, context),
        *(_rank_columns(order, ranking) if ranking else ()),
        *(column for quantity in board.quantities for column in _score_columns(board, quantity, order)),
        *_flag_columns(board, order),
        *metadata_columns([context.snapshot.models[model] for model in order]),
    ]
    return DataTable(board_name(board), title, _M.model_id, tuple(columns), (_M.name, "models/", _M.model_id))


def _identity(order: list[str], context: Context) -> Iterator[DataColumn]:
    names = [context.snapshot.models[model][_M.name] for model in order]
    yield DataColumn(_M.name, column_title(_M.name), "text", names, MODELS.by_name[_M.name].description)
    yield DataColumn(
        _M.model_id, column_title(_M.model_id), "text", order, MODELS.by_name[_M.model_id].description,
        visible=False,
    )  # fmt: skip


def _rank_columns(order: list[str], ranking: Ranking) -> Iterator[DataColumn]:
    best = [ranking.intervals[m][0] if m in ranking.intervals else None for m in order]
    worst = [ranking.intervals[m][1] if m in ranking.intervals else None for m in order]
    words = [rank_words(b, w) for b, w in zip(best, worst, strict=True)]
    yield DataColumn(RANK, "Rank", "text", words, ranking.method)
    yield DataColumn(RANK_BEST, "Best rank", "number", best, "Best rank that the data allow.", visible=False)
    yield DataColumn(RANK_WORST, "Worst rank", "number", worst, "Worst rank that they allow.", visible=False)


def rank_words(best: int | None, worst: int | None) -> str | None:
    if best is None or worst is None:
        return None
    return str(best) if best == worst else f"{best}–{worst}"


def _score_columns(board: Board, quantity: Quantity, order: list[str]) -> Iterator[DataColumn]:
    metric = METRICS[quantity[2]]
    name, title = quantity_column(board, quantity), quantity_title(board, quantity)
    scores = [board.scores[model].get(quantity) for model in order]

    def cells(column: str) -> list[Any]:
        return [score[column] if score else None for score in scores]

    low, high, n = cells(_S.ci_low), cells(_S.ci_high), cells(_S.n)
    has_interval, has_n = any(end is not None for end in low), any(count is not None for count in n)
    yield DataColumn(
        name, title, "number", cells(_S.value), metric.description, metric.unit,
        digits=0 if metric.unit == "count" else 4, origin=board.origin,
        low=f"{name}_ci_low" if has_interval else None, high=f"{name}_ci_high" if has_interval else None,
        n=f"{name}_n" if has_n else None,
    )  # fmt: skip
    if has_interval:
        for ending, values, words in (("low", low, "Lower"), ("high", high, "Upper")):
            yield DataColumn(
                f"{name}_ci_{ending}", f"{title}, {words.lower()} end", "number", values,
                f"{words} end of the 95 % interval.", metric.unit, visible=False, digits=4,
            )  # fmt: skip
    if has_n:
        yield DataColumn(
            f"{name}_n", f"{title}, n", "number", n, SCORES.by_name[_S.n].description, "count",
            visible=False, digits=0,
        )  # fmt: skip


def _flag_columns(board: Board, order: list[str]) -> Iterator[DataColumn]:
    flags = [
        sorted({flag for score in board.scores[model].values() for flag in score[_S.flags] or ()})
        for model in order
    ]
    if any(flags):
        yield DataColumn(_S.flags, "Flags", "tags", flags, SCORES.by_name[_S.flags].description, facet=True)


def metadata_columns(
    models: list[Row], skip: Callable[[str], bool] = lambda _: False
) -> Iterator[DataColumn]:
    """The models' metadata that is known for at least one of them."""
    for name, kind, facet, visible in _METADATA:
        values = [model[name] for model in models]
        if skip(name) or all(value is None for value in values):
            continue
        column = MODELS.by_name[name]
        yield DataColumn(
            name, column_title(name), kind, values, column.description, column.unit, facet, visible,
            digits=0 if kind == "number" else None,
        )  # fmt: skip
