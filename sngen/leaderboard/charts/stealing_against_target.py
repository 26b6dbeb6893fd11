"""Model stealing: what the thief gets, against what the target can do."""

from __future__ import annotations

import altair as alt
import pandas as pd

from sngen.leaderboard.charts.style import diagonal, prepared, scatter, x_fraction, y_fraction
from sngen.schema import METRICS, Headline


def stealing_against_target(
    points: pd.DataFrame, target: Headline, stealing: Headline, where: str
) -> alt.Chart | alt.LayerChart:
    """``stealing`` (accuracy or agreement of the surrogate) over the target's test accuracy, a point a model.

    ``points`` has a row per model with the columns of ``charts.style.prepared`` and of both headlines,
    fractions in [0, 1]. On the dashed line both are equal.
    """
    frame = prepared(points, target.column, stealing.column)
    accuracy = stealing.metric == "stealing_accuracy"
    reference = diagonal(frame, target.column, stealing.column) if accuracy else None
    return scatter(
        frame,
        x_fraction(target.column, f"{target.title} of the target"),
        y_fraction(stealing.column, stealing.title),
        words=f"{stealing.title} against {METRICS[target.metric].title.lower()} of the target, {where}",
        values=[
            alt.Tooltip(f"{target.column}:Q", title=target.title, format=".4f"),
            alt.Tooltip(f"{stealing.column}:Q", title=stealing.title, format=".4f"),
        ],
        reference=reference if reference is not None and len(reference) else None,
    )
