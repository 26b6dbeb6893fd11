"""Utility: test accuracy of models by the year of their publication."""

from __future__ import annotations

import altair as alt
import pandas as pd

from sngen.leaderboard.charts.style import prepared, scatter, y_fraction
from sngen.schema import MODELS, Headline


def accuracy_by_year(points: pd.DataFrame, accuracy: Headline, where: str) -> alt.Chart | alt.LayerChart:
    """``accuracy`` (a fraction) over the year; ``points`` as for ``stealing_against_target``, with years."""
    frame = prepared(points, MODELS.c.year, accuracy.column)
    frame = frame.assign(**{MODELS.c.year: frame[MODELS.c.year].astype(int)})
    return scatter(
        frame,
        alt.X(
            f"{MODELS.c.year}:Q",
            title="Year of the paper or of the first publication",
            scale=alt.Scale(zero=False, nice=False, padding=20),
            axis=alt.Axis(format="d", tickMinStep=1, labelAngle=0),
        ),
        y_fraction(accuracy.column, accuracy.title),
        words=f"{accuracy.title} by year, {where}",
        values=[
            alt.Tooltip(f"{MODELS.c.year}:O", title="Year"),
            alt.Tooltip(f"{accuracy.column}:Q", title=accuracy.title, format=".4f"),
        ],
    )
