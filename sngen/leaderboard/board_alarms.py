"""Curves of alarms over thresholds, one chart per detector that judges models."""

from __future__ import annotations

from collections.abc import Iterator
from math import log10

import pandas as pd

from sngen.leaderboard.board_table import board_name
from sngen.leaderboard.charts.alarm_curves import CLEAN, KIND, PLANTED, THRESHOLD, alarm_curves
from sngen.leaderboard.charts.curves import COUNT, VALUE
from sngen.leaderboard.charts.style import BASIS
from sngen.leaderboard.comparable import Board
from sngen.leaderboard.context import Context
from sngen.leaderboard.numbers import number, plural
from sngen.leaderboard.pictures import Picture, picture
from sngen.schema import MODELS, SCORES

_S = SCORES.c
#: Published threshold on the index: two deviations, and -log10 of a p-value of 0.05.
THRESHOLDS = {"neural-cleanse": 2.0, "pixel-backdoor": 2.0, "mm-bd": -log10(0.05)}
KINDS = {"backdoored": PLANTED, "backdoor-removed": None}
FEWEST_MODELS = 2


def alarms(board: Board, context: Context) -> Iterator[Picture]:
    """A chart for each detector that at least two models have an index of."""
    where = context.dataset_name(board.dataset_id)
    for detector, published in THRESHOLDS.items():
        indices = _indices(board, context, detector)
        if sum(map(len, indices.values())) < FEWEST_MODELS:
            continue
        origin = {_S.origin: board.origin, BASIS: f"{board.basis}, tier {board.tier}"}
        lowest, highest = (pick(value for part in indices.values() for value in part) for pick in (min, max))
        frame = pd.DataFrame(
            {**origin, KIND: kind, THRESHOLD: at, VALUE: share, COUNT: len(values)}
            for kind, values in indices.items()
            for at, share in _steps(values, min(lowest, published), max(highest, published))
        )
        flagged = ", ".join(
            f"{number(sum(value > published for value in values) / len(values), 'fraction')} of "
            f"{plural(len(values), 'model')} {kind}"
            for kind, values in indices.items()
        )
        words = (
            f"Share of models on {where} that {detector} flags, over its threshold; at the published one, "
            f"{number(published, None)}: {flagged}."
        )
        chart = alarm_curves(frame, detector, published, where)
        name = f"{board_name(board)}-alarms-{detector}"
        yield picture(name, chart, frame, words, draw=context.draw, bundle=context.bundle)


def _indices(board: Board, context: Context, detector: str) -> dict[str, list[float]]:
    """Indices by kind of model, in rising order; kinds without any are left out."""
    found: dict[str, list[float]] = {CLEAN: [], PLANTED: []}
    for model_id, scores in board.scores.items():
        score = scores.get((detector, "default", "anomaly_index"))
        kind = KINDS.get(context.snapshot.models[model_id][MODELS.c.training_kind], CLEAN)
        if score is not None and kind is not None:
            found[kind].append(float(score[_S.value]))
    return {kind: sorted(values) for kind, values in found.items() if values}


def _steps(values: list[float], low: float, high: float) -> Iterator[tuple[float, float]]:
    """Corners of the share of ``values``, in rising order, above a threshold from ``low`` to ``high``."""
    places = sorted({low, *values, high})
    for place in places:
        yield place, sum(value > place for value in values) / len(values)
