"""Utility: measured accuracies with their intervals, best first."""

from __future__ import annotations

import altair as alt
import pandas as pd

from sngen.leaderboard.charts.style import (
    fade,
    fit,
    inline,
    legend_filter,
    prepared,
    purpose_colour,
    purpose_shape,
    title,
    tooltips,
)
from sngen.schema import MODELS, Headline

#: More models than this would be unreadable; the best are drawn and the subtitle counts those.
MOST = 40


def measured_accuracy(points: pd.DataFrame, accuracy: Headline, where: str) -> alt.LayerChart:
    """One line a model: value and 95 % interval (fractions).

    ``points`` as for ``stealing_against_target``, with the headline's ``_ci_low``, ``_ci_high`` and ``_n``.
    """
    value, low, high, n = (f"{accuracy.column}{end}" for end in ("", "_ci_low", "_ci_high", "_n"))
    frame = prepared(points, value, low, high, n)
    best = frame.sort_values([value, MODELS.c.model_id], ascending=[False, True]).head(MOST)
    # The id, not the name: two models of one name are two lines.
    y = alt.Y(
        f"{MODELS.c.model_id}:N",
        sort=best[MODELS.c.model_id].tolist(),
        title=None,
        axis=alt.Axis(labelLimit=200),
    )
    scale, axis = alt.Scale(zero=False, nice=False, padding=10), alt.Axis(tickCount=8)
    base = alt.Chart(inline(best))
    bars = base.mark_rule(strokeWidth=2, aria=False).encode(
        x=alt.X(f"{low}:Q", title=f"{accuracy.title}, 95 % interval", scale=scale, axis=axis),
        x2=f"{high}:Q", y=y, color=purpose_colour(best), opacity=fade(1.0, 0.1),
    )  # fmt: skip
    dots = base.mark_point(filled=True, size=60, cursor="pointer", aria=False).encode(
        x=alt.X(f"{value}:Q", scale=scale), y=y, color=purpose_colour(best), shape=purpose_shape(best),
        opacity=fade(1.0, 0.1),
        tooltip=tooltips(
            alt.Tooltip(f"{value}:Q", title=accuracy.title, format=".4f"),
            alt.Tooltip(f"{low}:Q", title="95 % from", format=".4f"),
            alt.Tooltip(f"{high}:Q", title="95 % to", format=".4f"),
            alt.Tooltip(f"{n}:Q", title="Images", format=",d"),
        ),
    ).add_params(legend_filter())  # fmt: skip
    share = f" (the best {MOST} of {len(frame)})" if len(frame) > MOST else ""
    return alt.LayerChart(
        layer=[bars, dots],
        title=title(f"{accuracy.title} on {where}{share}", best),
        width="container",
        height={"step": 22},
        autosize=fit(),
    )
