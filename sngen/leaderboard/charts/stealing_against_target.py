"""Model stealing: what the thief gets, against what the target can do."""

from __future__ import annotations

import altair as alt
import pandas as pd

from sngen.leaderboard.charts.style import diagonal, fraction_axis, prepared, scatter
from sngen.schema import METRICS, Headline


def stealing_against_target(
    points: pd.DataFrame, target: Headline, stealing: Headline, where: str
) -> alt.Chart | alt.LayerChart:
    """``stealing`` (accuracy or agreement of the surrogate) over ``target``'s test accuracy, one point a model.

    ``points`` has a row per model with the columns of ``charts.style.prepared`` and of both headlines,
    fractions in [0, 1]. On the dashed line both are equal.
    """
    frame = prepared(points, target.column, stealing.column)
    accuracy = stealing.metric == "stealing_accuracy"
    reference = diagonal(frame, target.column, stealing.column) if accuracy else None
    return scatter(
        frame,
        fraction_axis(target.column, f"{target.title} of the target", alt.X),
        fraction_axis(stealing.column, stealing.title, alt.Y),
        f"{stealing.title} against {METRICS[target.metric].title.lower()} of the target, {where}",
        [
            alt.Tooltip(f"{target.column}:Q", title=target.title, format=".4f"),
            alt.Tooltip(f"{stealing.column}:Q", title=stealing.title, format=".4f"),
        ],
        reference if reference is not None and len(reference) else None,
    )
