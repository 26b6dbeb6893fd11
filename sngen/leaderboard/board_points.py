"""The points of a board's charts: one row a model, one column a headline, all from one source or protocol."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sngen.leaderboard.charts.style import BASIS, MODEL_PAGE
from sngen.leaderboard.comparable import Board, is_degenerate
from sngen.leaderboard.context import Context
from sngen.leaderboard.snapshot import Row
from sngen.schema import MODELS, SCORES, SOURCES, Headline
from sngen.schema.vocabularies import TRAINING_SPLIT_FLAGS

#: Names in the words below a chart.
MOST_NAMES = 6
_M, _S = MODELS.c, SCORES.c


@dataclass(frozen=True)
class Points:
    """``frame`` is what the charts take; ``note`` says who was left out and what is flagged."""

    frame: pd.DataFrame
    note: str


def board_points(board: Board, context: Context, headlines: list[Headline]) -> Points:
    """Every model that has all ``headlines`` under the board's own basis, is not degenerate, and was trained
    on what the scores take for its training images."""
    rows: list[Row] = []
    degenerate: list[str] = []
    unsure: list[str] = []
    flagged: Counter[str] = Counter()
    for model_id in sorted(board.scores):
        scores = [_score(board, context, model_id, entry) for entry in headlines]
        found = [score for score in scores if score is not None]
        if len(found) < len(scores):
            continue
        model = context.snapshot.models[model_id]
        if any(is_degenerate(flags) for flags in (model[_M.flags], *(score[_S.flags] for score in found))):
            degenerate.append(str(model[_M.name]))
            continue
        if any(not TRAINING_SPLIT_FLAGS.keys().isdisjoint(score[_S.flags] or ()) for score in found):
            unsure.append(str(model[_M.name]))
            continue
        row: Row = {name: model[name] for name in (_M.model_id, _M.name, _M.purpose, _M.year)}
        row |= {_S.origin: board.origin, BASIS: _basis(board, context), MODEL_PAGE: f"models/{model_id}.html"}
        for entry, score in zip(headlines, found, strict=True):
            row |= _cells(entry, score)
        flagged.update({flag for score in found for flag in score[_S.flags] or ()})
        rows.append(row)
    return Points(pd.DataFrame(rows), _note(degenerate, unsure, flagged))


def _note(degenerate: list[str], unsure: list[str], flagged: Counter[str]) -> str:
    words = ""
    if degenerate:
        words += f" Left out, one answer to every image: {_counted(degenerate)}."
    if unsure:
        words += f" Left out, since their training images are not sure: {_counted(unsure)}."
    if flagged:
        counts = ", ".join(f"{name} {count}" for name, count in sorted(flagged.items()))
        words += f" Flags of those shown: {counts}."
    return words


def _counted(names: list[str]) -> str:
    """How many, and the first names; the note below the table has them all."""
    more = ["…"] if len(names) > MOST_NAMES else []
    return f"{len(names)} ({', '.join([*names[:MOST_NAMES], *more])})"


def _cells(entry: Headline, score: Row) -> dict[str, Any]:
    cells = {entry.column: score[_S.value]}
    if entry.origin == "measured":
        ends = (("_ci_low", _S.ci_low), ("_ci_high", _S.ci_high), ("_n", _S.n))
        cells |= {f"{entry.column}{ending}": score[column] for ending, column in ends}
    return cells


def _score(board: Board, context: Context, model_id: str, entry: Headline) -> Row | None:
    source: Board | None = board
    if entry.family != board.family:
        source = _other_family(board, context, entry.family)
    if source is None or model_id not in source.scores:
        return None
    return source.scores[model_id].get((entry.method, entry.setting, entry.metric))


def _other_family(board: Board, context: Context, family: str) -> Board | None:
    """The other family's numbers of the same source or, where they are measured, of the same tier."""
    if board.origin == "reported":
        return context.board(family, board.dataset_id, board.origin, board.basis)
    for other in context.boards_of.get((family, board.dataset_id), ()):
        if (other.origin, other.tier) == (board.origin, board.tier):
            return other
    return None


def _basis(board: Board, context: Context) -> str:
    """The protocol, or the source's title."""
    if board.origin == "measured":
        return f"{board.basis}, tier {board.tier}"
    return str(context.snapshot.sources[board.basis][SOURCES.c.title])
