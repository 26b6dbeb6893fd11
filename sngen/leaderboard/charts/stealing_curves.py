"""Model stealing: how like its target a surrogate becomes with more queries, one line an attack."""

from __future__ import annotations

import altair as alt
import pandas as pd

from sngen.leaderboard.charts.curves import (
    ATTACK,
    COUNT,
    HIGH,
    LOW,
    VALUE,
    attack_choice,
    attack_colour,
    attack_dashes,
    attack_shape,
    attacks_in_order,
    fade_attack,
    model_title,
    share_axis,
)
from sngen.leaderboard.charts.style import HEIGHT, fit, inline

QUERIES = "queries"
WORDS = "Agreement with the target"


def stealing_curves(points: pd.DataFrame, model: str, where: str) -> alt.LayerChart:
    """Agreement over the number of queries.

    ``points`` has a row per attack and budget: ``attack``, ``queries``, ``value``, ``ci_low`` and ``ci_high``
    (fractions), ``n`` (test images), ``origin`` and ``basis``. Upright lines are the 95 % intervals.
    """
    frame = points.sort_values([ATTACK, QUERIES]).reset_index(drop=True)
    names = attacks_in_order(frame[ATTACK].tolist())
    budgets = sorted({int(count) for count in frame[QUERIES]})
    x = alt.X(
        f"{QUERIES}:Q", title="Queries", scale=alt.Scale(type="symlog", constant=50, nice=False),
        axis=alt.Axis(values=budgets, format=",d", labelAngle=0, labelOverlap=True),
    )  # fmt: skip
    y, colour = share_axis(VALUE, WORDS), attack_colour(names)
    ends = alt.Chart(
        mark=alt.MarkDef(type="rule", strokeWidth=1.2, aria=False),
        encoding=alt.FacetedEncoding(
            x=x, y=share_axis(LOW, WORDS), y2=alt.Y2(HIGH), color=colour, opacity=fade_attack(0.55, 0.03)
        ),
    )
    lines = alt.Chart(
        mark=alt.MarkDef(type="line", strokeWidth=2, aria=False),
        encoding=alt.FacetedEncoding(
            x=x, y=y, color=colour, strokeDash=attack_dashes(names), opacity=fade_attack(1.0, 0.08)
        ),
    )
    dots = alt.Chart(
        mark=alt.MarkDef(type="point", filled=True, size=60, aria=False),
        encoding=alt.FacetedEncoding(
            x=x, y=y, color=colour, shape=attack_shape(names), opacity=fade_attack(1.0, 0.05),
            tooltip=[
                alt.Tooltip(f"{ATTACK}:N", title="Attack"),
                alt.Tooltip(f"{QUERIES}:Q", title="Queries", format=",d"),
                alt.Tooltip(f"{VALUE}:Q", title="Agreement", format=".4f"),
                alt.Tooltip(f"{LOW}:Q", title="95 % from", format=".4f"),
                alt.Tooltip(f"{HIGH}:Q", title="95 % to", format=".4f"),
                alt.Tooltip(f"{COUNT}:Q", title="Test images", format=",d"),
            ],
        ),
    ).add_params(attack_choice())  # fmt: skip
    return alt.LayerChart(
        data=inline(frame), layer=[ends, lines, dots],
        title=model_title(f"Stealing {model}, {where}", frame, "test images"), width="container",
        height=HEIGHT, autosize=fit(),
    )  # fmt: skip
