"""Which charts a board gets, and the sentence under each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import altair as alt
import pandas as pd
from altair.utils.schemapi import debug_mode
from scipy.stats import spearmanr

from sngen.leaderboard.board_alarms import alarms
from sngen.leaderboard.board_curves import robust_curves
from sngen.leaderboard.board_points import Points, board_points
from sngen.leaderboard.board_quantities import clean_quantity
from sngen.leaderboard.board_table import board_name, quantity_column, quantity_title
from sngen.leaderboard.charts.accuracy_against_train import accuracy_against_train
from sngen.leaderboard.charts.accuracy_by_year import accuracy_by_year
from sngen.leaderboard.charts.measured_accuracy import measured_accuracy
from sngen.leaderboard.charts.membership_against_overfitting import membership_against_overfitting
from sngen.leaderboard.charts.robust_against_clean import robust_against_clean
from sngen.leaderboard.charts.stealing_against_target import stealing_against_target
from sngen.leaderboard.comparable import Board, Quantity
from sngen.leaderboard.context import Context
from sngen.leaderboard.numbers import in_sentence, number, plural
from sngen.leaderboard.pictures import Picture, picture
from sngen.schema import HEADLINES, MODELS, Headline

#: Fewer points make no scatter plot: a pattern in them would be accident.
FEWEST_POINTS = 10
FEWEST_INTERVALS = 2

_YEAR = MODELS.c.year
_TEST, _TRAIN, _LEVEL = "reported_test_accuracy", "reported_train_accuracy", "reported_overfitting_level"
_MEASURED, _MEASURED_LEVEL = "measured_test_accuracy", "measured_overfitting_level"


@dataclass(frozen=True)
class _Pair:
    """A scatter plot to be: which columns, what they are called in a sentence, what draws it."""

    name: str
    x: str
    x_words: str
    y: str
    y_words: str
    draw: Callable[[pd.DataFrame], alt.Chart | alt.LayerChart]


def board_pictures(board: Board, context: Context) -> list[Picture]:
    """All charts of a board; none where there are too few models or a quantity is constant."""
    makers: dict[tuple[str, str], Callable[[Board, Context], Iterator[Picture | None]]] = {
        ("utility", "measured"): _measured_utility,
        ("utility", "reported"): _reported_utility,
        ("stealing", "reported"): _stealing,
        ("stealing", "measured"): _measured_stealing,
        ("membership", "reported"): _membership,
        ("membership", "measured"): _measured_membership,
        ("adversarial", "measured"): _measured_adversarial,
        ("backdoor", "measured"): alarms,
    }
    maker = makers.get((board.family, board.origin))
    if maker is None:
        return []
    # Altair would check every part against Vega-Lite's schema: most of the time that a chart takes. Tests of
    # the charts do that; the data cannot make a specification invalid.
    with debug_mode(False):
        return [drawn for drawn in maker(board, context) if drawn is not None]


def _measured_utility(board: Board, context: Context) -> Iterator[Picture | None]:
    accuracy = _headline(_MEASURED)
    points = board_points(board, context, [accuracy])
    if len(points.frame) < FEWEST_INTERVALS:
        return
    where = context.dataset_name(board.dataset_id)
    values = points.frame[accuracy.column]
    words = (
        f"Measured test accuracy on {where} with 95 % intervals: {plural(len(values), 'model')}, from "
        f"{number(values.min(), 'fraction')} to {number(values.max(), 'fraction')}.{points.note}"
    )
    chart = measured_accuracy(points.frame, accuracy, where)
    name = f"{board_name(board)}-accuracy"
    yield picture(name, chart, points.frame, words, draw=context.draw, bundle=context.bundle)


def _reported_utility(board: Board, context: Context) -> Iterator[Picture | None]:
    where = context.dataset_name(board.dataset_id)
    test, train = _headline(_TEST), _headline(_TRAIN)
    by_year = _Pair(
        "year", _YEAR, "year", test.column, "reported test accuracy",
        lambda frame: accuracy_by_year(frame, test, where),
    )  # fmt: skip
    yield _scatter(board, context, board_points(board, context, [test]), by_year)
    against_train = _Pair(
        "train", train.column, "reported train accuracy", test.column, "reported test accuracy",
        lambda frame: accuracy_against_train(frame, train, test, where),
    )  # fmt: skip
    yield _scatter(board, context, board_points(board, context, [train, test]), against_train)


def _stealing(board: Board, context: Context) -> Iterator[Picture | None]:
    where, target = context.dataset_name(board.dataset_id), _headline(_TEST)
    for entry in _headlines(board):
        pair = _attack_pair(
            target, "the target's reported test accuracy", entry,
            lambda frame, entry=entry: stealing_against_target(frame, target, entry, where),
        )  # fmt: skip
        yield _scatter(board, context, board_points(board, context, [target, entry]), pair)


def _measured_stealing(board: Board, context: Context) -> Iterator[Picture | None]:
    where, target = context.dataset_name(board.dataset_id), _headline(_MEASURED)
    for entry in _headlines(board):
        if (entry.method, entry.setting, entry.metric) in board.quantities:
            pair = _attack_pair(
                target, "the target's measured test accuracy", entry,
                lambda frame, entry=entry: stealing_against_target(frame, target, entry, where),
            )  # fmt: skip
            yield _scatter(board, context, board_points(board, context, [target, entry]), pair)


def _membership(board: Board, context: Context) -> Iterator[Picture | None]:
    yield from _against_overfitting(board, context, _headline(_LEVEL), _headlines(board))


def _measured_membership(board: Board, context: Context) -> Iterator[Picture | None]:
    attacks = [_entry(board, quantity) for quantity in board.quantities if quantity[2] == "auc"]
    yield from _against_overfitting(board, context, _headline(_MEASURED_LEVEL), attacks)


def _measured_adversarial(board: Board, context: Context) -> Iterator[Picture | None]:
    yield from robust_curves(board, context)
    clean = clean_quantity(board)
    if clean is None or board.main[2] != "robust_accuracy":
        return
    where, robust = context.dataset_name(board.dataset_id), _entry(board, board.main)
    base = _entry(board, clean)
    pair = _attack_pair(
        base, "measured accuracy without attack", robust,
        lambda frame: robust_against_clean(frame, base, robust, where),
    )  # fmt: skip
    yield _scatter(board, context, board_points(board, context, [base, robust]), pair)


def _against_overfitting(
    board: Board, context: Context, level: Headline, attacks: Iterable[Headline]
) -> Iterator[Picture | None]:
    where = context.dataset_name(board.dataset_id)
    for entry in attacks:
        pair = _attack_pair(
            level, f"{board.origin} overfitting level", entry,
            lambda frame, entry=entry: membership_against_overfitting(frame, level, entry, where),
        )  # fmt: skip
        yield _scatter(board, context, board_points(board, context, [level, entry]), pair)


def _attack_pair(
    base: Headline, base_words: str, entry: Headline, draw: Callable[..., alt.Chart | alt.LayerChart]
) -> _Pair:
    name = entry.column.removeprefix(f"{entry.origin}_").replace("_", "-")
    words = f"{entry.origin} {in_sentence(entry.title)}"
    return _Pair(name, base.column, base_words, entry.column, words, draw)


def _scatter(board: Board, context: Context, points: Points, pair: _Pair) -> Picture | None:
    if not len(points.frame):
        return None
    kept = points.frame.dropna(subset=[pair.x, pair.y])
    x, y = kept[pair.x], kept[pair.y]
    if len(kept) < FEWEST_POINTS or x.nunique() < 2 or y.nunique() < 2:
        return None
    unit = None if pair.x == _YEAR else "fraction"
    words = (
        f"{pair.y_words[0].upper()}{pair.y_words[1:]} against {pair.x_words} of "
        f"{plural(len(kept), 'model')} on {context.dataset_name(board.dataset_id)}: {pair.x_words} from "
        f"{number(x.min(), unit)} to {number(x.max(), unit)}, {pair.y_words} from "
        f"{number(y.min(), 'fraction')} to {number(y.max(), 'fraction')}. "
        f"{_correlations(kept, pair)}{points.note}"
    )
    name = f"{board_name(board)}-{pair.name}"
    return picture(name, pair.draw(kept), kept, words, draw=context.draw, bundle=context.bundle)


def _correlations(frame: pd.DataFrame, pair: _Pair) -> str:
    """Spearman's rho of each purpose on its own: pooled, two populations may show what neither has."""
    parts = []
    for purpose, group in frame.groupby(MODELS.c.purpose, sort=True):
        x, y = group[pair.x], group[pair.y]
        if len(group) >= FEWEST_POINTS and x.nunique() > 1 and y.nunique() > 1:
            parts.append(f"{float(spearmanr(x, y).statistic):.2f} for purpose {purpose} (n = {len(group)})")
    return f"Spearman's rank correlation: {', '.join(parts)}." if parts else ""


def _headlines(board: Board) -> list[Headline]:
    return [entry for entry in HEADLINES if (entry.origin, entry.family) == (board.origin, board.family)]


def _entry(board: Board, quantity: Quantity) -> Headline:
    """Any quantity of a board in the form of a headline."""
    origin, family = board.origin, board.family
    column, title = (made(origin, family, quantity) for made in (quantity_column, quantity_title))
    return Headline(column, "measured" if origin == "measured" else "reported", family, *quantity, title)


def _headline(column: str) -> Headline:
    return next(entry for entry in HEADLINES if entry.column == column)
