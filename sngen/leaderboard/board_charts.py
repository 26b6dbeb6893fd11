"""Which charts a board gets, and the sentence under each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pandas as pd
from altair.utils.schemapi import debug_mode
from scipy.stats import spearmanr

from sngen.leaderboard.board_table import board_name
from sngen.leaderboard.charts.accuracy_against_train import accuracy_against_train
from sngen.leaderboard.charts.accuracy_by_year import accuracy_by_year
from sngen.leaderboard.charts.measured_accuracy import measured_accuracy
from sngen.leaderboard.charts.membership_against_overfitting import membership_against_overfitting
from sngen.leaderboard.charts.stealing_against_target import stealing_against_target
from sngen.leaderboard.charts.style import BASIS, MODEL_PAGE
from sngen.leaderboard.comparable import Board, is_degenerate
from sngen.leaderboard.context import Context
from sngen.leaderboard.numbers import number, plural
from sngen.leaderboard.pictures import Picture, picture
from sngen.schema import HEADLINES, MODELS, SCORES, SOURCES, Headline

_M, _S = MODELS.c, SCORES.c
#: Fewer points make no scatter plot: a pattern in them would be accident.
FEWEST_POINTS = 10
FEWEST_INTERVALS = 2

TEST, TRAIN, LEVEL = "reported_test_accuracy", "reported_train_accuracy", "reported_overfitting_level"
MEASURED_TEST = "measured_test_accuracy"


def headline(column: str) -> Headline:
    return next(entry for entry in HEADLINES if entry.column == column)


def board_pictures(board: Board, context: Context) -> list[Picture]:
    """All charts of a board; none where there are too few models or a quantity is constant."""
    makers: dict[tuple[str, str], Callable[[Board, Context], Iterator[Picture | None]]] = {
        ("utility", "measured"): _measured_utility,
        ("utility", "reported"): _reported_utility,
        ("stealing", "reported"): _stealing,
        ("membership", "reported"): _membership,
    }
    maker = makers.get((board.family, board.origin))
    if maker is None:
        return []
    # Altair would check every part against Vega-Lite's schema, most of the time that a chart takes. The charts'
    # own tests do that; the data cannot make a specification invalid.
    with debug_mode(False):
        return [drawn for drawn in maker(board, context) if drawn is not None]


def _measured_utility(board: Board, context: Context) -> Iterator[Picture | None]:
    accuracy = headline(MEASURED_TEST)
    points, left_out = _points(board, context, [accuracy])
    if len(points) < FEWEST_INTERVALS:
        return
    where = context.dataset_name(board.dataset_id)
    values = points[accuracy.column]
    words = (
        f"Measured test accuracy on {where} with 95 % intervals: {plural(len(points), 'model')}, from "
        f"{number(values.min(), 'fraction')} to {number(values.max(), 'fraction')}.{left_out}"
    )
    chart = measured_accuracy(points, accuracy, where)
    yield picture(f"{board_name(board)}-accuracy", chart, points, words, context.draw, context.bundle)


def _reported_utility(board: Board, context: Context) -> Iterator[Picture | None]:
    where = context.dataset_name(board.dataset_id)
    test, train = headline(TEST), headline(TRAIN)
    points, left_out = _points(board, context, [test])
    yield _scatter(
        board, context, "year", points, _M.year, test.column, "year", "reported test accuracy", left_out,
        lambda kept: accuracy_by_year(kept, test, where),
    )  # fmt: skip
    points, left_out = _points(board, context, [train, test])
    yield _scatter(
        board, context, "train", points, train.column, test.column, "reported train accuracy",
        "reported test accuracy", left_out, lambda kept: accuracy_against_train(kept, train, test, where),
    )  # fmt: skip


def _stealing(board: Board, context: Context) -> Iterator[Picture | None]:
    target = headline(TEST)
    yield from _attacks(board, context, target, "target's reported test accuracy", stealing_against_target)


def _membership(board: Board, context: Context) -> Iterator[Picture | None]:
    level = headline(LEVEL)
    yield from _attacks(board, context, level, "reported overfitting level", membership_against_overfitting)


def _attacks(
    board: Board, context: Context, base: Headline, base_words: str, chart: Callable[..., Any]
) -> Iterator[Picture | None]:
    """One chart for every headline of the board's family, each over ``base``."""
    where = context.dataset_name(board.dataset_id)
    for entry in HEADLINES:
        if (entry.origin, entry.family) != (board.origin, board.family):
            continue
        points, left_out = _points(board, context, [base, entry])
        yield _scatter(
            board, context, entry.column.removeprefix("reported_").replace("_", "-"), points, base.column,
            entry.column, base_words, f"reported {_lower(entry.title)}", left_out,
            partial(_drawn, chart, base, entry, where),
        )  # fmt: skip


def _drawn(chart: Callable[..., Any], base: Headline, entry: Headline, where: str, points: pd.DataFrame) -> Any:
    return chart(points, base, entry, where)


def _lower(title: str) -> str:
    """The title within a sentence; abbreviations keep their capitals."""
    return title if title[:2].isupper() else title[0].lower() + title[1:]


def _scatter(
    board: Board, context: Context, what: str, points: pd.DataFrame, x: str, y: str, x_words: str,
    y_words: str, left_out: str, chart: Callable[[pd.DataFrame], Any],
) -> Picture | None:  # fmt: skip
    kept = points.dropna(subset=[x, y]) if len(points) else points
    if len(kept) < FEWEST_POINTS or kept[x].nunique() < 2 or kept[y].nunique() < 2:
        return None
    rho = float(spearmanr(kept[x], kept[y]).statistic)
    x_unit = None if x == _M.year else "fraction"
    words = (
        f"{y_words[0].upper()}{y_words[1:]} against {x_words} of {plural(len(kept), 'model')} on "
        f"{context.dataset_name(board.dataset_id)}: {x_words} from {number(kept[x].min(), x_unit)} to "
        f"{number(kept[x].max(), x_unit)}, {y_words} from {number(kept[y].min(), 'fraction')} to "
        f"{number(kept[y].max(), 'fraction')}; Spearman's rank correlation {rho:.2f}.{left_out}"
    )
    return picture(f"{board_name(board)}-{what}", chart(kept), kept, words, context.draw, context.bundle)


def _points(board: Board, context: Context, headlines: list[Headline]) -> tuple[pd.DataFrame, str]:
    """A row for every model that has all headlines under the board's own basis, and who was left out."""
    rows: list[dict[str, Any]] = []
    degenerate: list[str] = []
    for model_id in sorted(board.scores):
        scores = [_score(board, context, model_id, entry) for entry in headlines]
        found = [score for score in scores if score is not None]
        if len(found) < len(scores):
            continue
        model = context.snapshot.models[model_id]
        if any(is_degenerate(flags) for flags in (model[_M.flags], *(score[_S.flags] for score in found))):
            degenerate.append(str(model[_M.name]))
            continue
        row: dict[str, Any] = {name: model[name] for name in (_M.model_id, _M.name, _M.purpose, _M.year)}
        row |= {_S.origin: board.origin, BASIS: _basis(board, context), MODEL_PAGE: f"models/{model_id}.html"}
        for entry, score in zip(headlines, found, strict=True):
            row |= _cells(entry, score)
        rows.append(row)
    named = f" Left out with degenerate flags: {len(degenerate)} ({', '.join(degenerate)})." if degenerate else ""
    return pd.DataFrame(rows), named


def _cells(entry: Headline, score: dict[str, Any]) -> dict[str, Any]:
    cells = {entry.column: score[_S.value]}
    if entry.origin == "measured":
        ends = (("_ci_low", _S.ci_low), ("_ci_high", _S.ci_high), ("_n", _S.n))
        cells |= {f"{entry.column}{ending}": score[column] for ending, column in ends}
    return cells


def _score(board: Board, context: Context, model_id: str, entry: Headline) -> dict[str, Any] | None:
    source: Board | None = board
    if entry.family != board.family:
        source = context.board(entry.family, board.dataset_id, board.origin, board.basis)
    if source is None or model_id not in source.scores:
        return None
    return source.scores[model_id].get((entry.method, entry.setting, entry.metric))


def _basis(board: Board, context: Context) -> str:
    """The protocol, or the source's title."""
    if board.origin == "measured":
        return f"{board.basis}, tier {board.tier}"
    return str(context.snapshot.sources[board.basis][SOURCES.c.title])


