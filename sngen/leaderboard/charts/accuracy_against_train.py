"""Utility: test accuracy against train accuracy; what lies below the line is over-fitting."""

from __future__ import annotations

import altair as alt
import pandas as pd

from sngen.leaderboard.charts.style import diagonal, prepared, scatter, x_fraction, y_fraction
from sngen.schema import Headline


def accuracy_against_train(
    points: pd.DataFrame, train: Headline, test: Headline, where: str
) -> alt.Chart | alt.LayerChart:
    """Test over train accuracy (fractions); ``points`` as for ``stealing_against_target``."""
    frame = prepared(points, train.column, test.column)
    reference = diagonal(frame, train.column, test.column)
    return scatter(
        frame,
        x_fraction(train.column, train.title),
        y_fraction(test.column, test.title),
        words=f"{test.title} against {train.title.lower()}, {where}",
        values=[
            alt.Tooltip(f"{train.column}:Q", title=train.title, format=".4f"),
            alt.Tooltip(f"{test.column}:Q", title=test.title, format=".4f"),
        ],
        reference=reference if len(reference) else None,
    )
