"""Backdoor detection: how many models a detector flags, over all thresholds that its score could have."""

from __future__ import annotations

import altair as alt
import pandas as pd

from sngen.leaderboard.charts.curves import COUNT, VALUE, model_title, share_axis
from sngen.leaderboard.charts.style import HEIGHT, fit, inline

THRESHOLD, KIND = "threshold", "kind"
CLEAN, PLANTED = "without a planted backdoor", "backdoored"
#: Kind -> colour, dashes; as the purposes' colours, with 3:1 contrast on white and on the dark theme.
KIND_MARKS = {CLEAN: ("#0072B2", [6, 3]), PLANTED: ("#D55E00", [1, 0])}


def alarm_curves(points: pd.DataFrame, detector: str, published: float, where: str) -> alt.LayerChart:
    """Share of models with a score above the threshold: clean ones (false alarms), backdoored ones (found).

    ``points`` has a row per kind and step: ``kind``, ``threshold``, ``value`` (fraction), ``n`` (models),
    ``origin`` and ``basis``. The upright line is the ``published`` threshold.
    """
    frame = points.sort_values([KIND, THRESHOLD]).reset_index(drop=True)
    kinds = [kind for kind in KIND_MARKS if kind in set(frame[KIND])]
    legend = alt.Legend(orient="top", symbolStrokeWidth=2)
    scales = [alt.Scale(domain=kinds, range=[KIND_MARKS[kind][part] for kind in kinds]) for part in (0, 1)]
    lines = alt.Chart(
        mark=alt.MarkDef(type="line", interpolate="step-after", strokeWidth=2, aria=False),
        encoding=alt.FacetedEncoding(
            x=alt.X(f"{THRESHOLD}:Q", title=f"Threshold on the score of {detector}"),
            y=share_axis(VALUE, "Share of models flagged"),
            color=alt.Color(f"{KIND}:N", scale=scales[0], legend=legend, title="Models"),
            strokeDash=alt.StrokeDash(f"{KIND}:N", scale=scales[1], legend=legend, title="Models"),
            tooltip=[
                alt.Tooltip(f"{KIND}:N", title="Models"),
                alt.Tooltip(f"{THRESHOLD}:Q", title="Threshold", format=".3f"),
                alt.Tooltip(f"{VALUE}:Q", title="Share flagged", format=".4f"),
                alt.Tooltip(f"{COUNT}:Q", title="Models", format=",d"),
            ],
        ),
    )
    rule = alt.MarkDef(type="rule", strokeDash=[2, 3], strokeWidth=1.2, color="#7A7F87", aria=False)
    level = alt.Chart(
        alt.InlineData(values=[{THRESHOLD: published}]), mark=rule,
        encoding=alt.FacetedEncoding(x=alt.X(f"{THRESHOLD}:Q")),
    )  # fmt: skip
    return alt.LayerChart(
        data=inline(frame), layer=[level, lines],
        title=model_title(f"Alarms of {detector}, {where}", frame, "models"), width="container",
        height=HEIGHT, autosize=fit(),
    )  # fmt: skip
