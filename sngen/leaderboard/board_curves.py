"""Curves over growing budgets, of all models of a board."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sngen.leaderboard.board_table import board_name
from sngen.leaderboard.budgets import NORM_WORDS
from sngen.leaderboard.charts.curves import ATTACK, BUDGET, EPS, VALUE
from sngen.leaderboard.charts.robust_accuracy_curves import robust_accuracy_curves
from sngen.leaderboard.charts.style import BASIS, MODEL_PAGE
from sngen.leaderboard.comparable import Board
from sngen.leaderboard.context import Context
from sngen.leaderboard.curve_points import FEWEST_BUDGETS, curve_point, of_curves
from sngen.leaderboard.measured_flags import of_masking
from sngen.leaderboard.numbers import number, plural
from sngen.leaderboard.pictures import Picture, picture
from sngen.leaderboard.snapshot import Row
from sngen.schema import MODELS, SCORES

_M, _S = MODELS.c, SCORES.c
#: What is drawn of all models: the strongest attack of each kind that has a curve.
WHITE_BOX, BLACK_BOX = "white-box", "square"
FEWEST_MODELS = 2


def robust_curves(board: Board, context: Context) -> Iterator[Picture]:
    """A chart per norm with the curves of all models; none with fewer than two models or budgets."""
    for norm, norm_words in NORM_WORDS.items():
        frame = pd.DataFrame(list(_points(board, context, norm)))
        if not len(frame) or frame[EPS].nunique() < FEWEST_BUDGETS:
            continue
        models = frame[_M.model_id].nunique()
        if models < FEWEST_MODELS:
            continue
        where = context.dataset_name(board.dataset_id)
        chart = robust_accuracy_curves(frame, norm, where)
        words = _words(frame, norm_words, where, models) + _flagged(board, frame)
        name = f"{board_name(board)}-curves-{norm}"
        yield picture(name, chart, frame, words, draw=context.draw, bundle=context.bundle)


def _points(board: Board, context: Context, norm: str) -> Iterator[Row]:
    for model_id, scores in sorted(board.scores.items()):
        model = context.snapshot.models[model_id]
        identity = {name: model[name] for name in (_M.model_id, _M.name, _M.purpose)}
        identity |= {_S.origin: board.origin, BASIS: f"{board.basis}, tier {board.tier}"}
        for score, budget in of_curves(scores.values()):
            if score[_S.method] in (WHITE_BOX, BLACK_BOX) and budget.norm == norm:
                yield {**identity, MODEL_PAGE: f"models/{model_id}.html", **curve_point(score, budget)}


def _words(frame: pd.DataFrame, norm_words: str, where: str, models: int) -> str:
    """The alternative text: how far the accuracies go down, by attack."""
    falls = []
    for attack, group in frame.groupby(ATTACK, sort=True):
        ends = [group[group[EPS] == end] for end in (group[EPS].min(), group[EPS].max())]
        medians = " and ".join(
            f"{number(float(end[VALUE].median()), 'fraction')} at {end[BUDGET].iloc[0]}" for end in ends
        )
        falls.append(f"{attack}, {plural(int(group[_M.model_id].nunique()), 'model')}, median {medians}")
    return (
        f"Measured robust accuracy of {plural(models, 'model')} on {where} over the {norm_words} budget "
        f"(pixels in [0, 1]): {'; '.join(falls)}. An attack that fails proves nothing, so every curve is an "
        "upper bound."
    )


def _flagged(board: Board, frame: pd.DataFrame) -> str:
    shown = set(frame[_M.model_id])
    flagged = [
        model
        for model, scores in board.scores.items()
        if model in shown and any(of_masking(score[_S.flags]) for score in scores.values())
    ]
    return f" {plural(len(flagged), 'model')} of these show signs of masked gradients." if flagged else ""
