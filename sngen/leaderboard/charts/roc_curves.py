"""Membership inference: ROC curves of the attacks on one model, on logarithmic axes."""

from __future__ import annotations

import math

import altair as alt
import numpy as np
import pandas as pd

from sngen.leaderboard.charts.curves import (
    ATTACK,
    attack_choice,
    attack_colour,
    attack_dashes,
    attacks_in_order,
    fade_attack,
    model_title,
)
from sngen.leaderboard.charts.style import fit, inline

FPR, TPR = "fpr", "tpr"
HEIGHT = 440
#: The axes go no lower: a rate below this would take more non-members than any test set has.
LOWEST = 1e-5
#: Points of a curve that tell their rates when pointed at: every one of them is drawn, if unseen.
MOST_HANDS = 25


def roc_curves(points: pd.DataFrame, model: str, where: str) -> alt.LayerChart:
    """True over false positive rate of every attack, both logarithmic: what an attacker gets at few false
    alarms (Carlini et al. 2022, arXiv:2112.03570). The dashed line is chance.

    ``points`` has a row per attack and corner of its curve: ``attack``, ``fpr``, ``tpr`` (fractions), ``n``
    (members and non-members), ``origin`` and ``basis``. A rate of zero is drawn on the edge.
    Curves are steps: between two corners no threshold attains a rate, as in the true positive rates at a
    false positive rate of the same records.
    """
    lowest = _lowest(points)
    rates = {name: points[name].clip(lower=lowest).round(6) for name in (FPR, TPR)}
    frame = points[[ATTACK]].assign(**rates)  # thousands of points: nothing else goes with them
    names = attacks_in_order(frame[ATTACK].tolist())
    scale = alt.Scale(type="log", domain=[lowest, 1.0], nice=False)
    decades = [10.0**power for power in range(round(math.log10(lowest)), 1)]
    axis = alt.Axis(values=decades, format="~g", grid=True)
    x = alt.X(f"{FPR}:Q", title="False positive rate", scale=scale, axis=axis)
    y = alt.Y(f"{TPR}:Q", title="True positive rate", scale=scale, axis=axis)
    lines = alt.Chart(
        mark=alt.MarkDef(type="line", interpolate="step-after", strokeWidth=2, clip=True, aria=False),
        encoding=alt.FacetedEncoding(
            x=x, y=y, color=attack_colour(names), strokeDash=attack_dashes(names),
            opacity=fade_attack(1.0, 0.06),
        ),
    ).add_params(attack_choice())  # fmt: skip
    # Invisible and large, so that a hand finds them.
    hands = alt.Chart(
        inline(_some(frame)),
        mark=alt.MarkDef(type="point", filled=True, size=120, opacity=0, aria=False),
        encoding=alt.FacetedEncoding(
            x=x, y=y,
            tooltip=[
                alt.Tooltip(f"{ATTACK}:N", title="Attack"),
                alt.Tooltip(f"{FPR}:Q", title="False positive rate", format=".4~g"),
                alt.Tooltip(f"{TPR}:Q", title="True positive rate", format=".4~g"),
            ],
        ),
    )  # fmt: skip
    dashes = alt.MarkDef(type="line", strokeDash=[5, 4], strokeWidth=1.2, color="#7A7F87", aria=False)
    chance = alt.Chart(
        alt.InlineData(values=[{FPR: rate, TPR: rate} for rate in (lowest, 1.0)]),
        mark=dashes,
        encoding=alt.FacetedEncoding(x=x, y=y),
    )
    return alt.LayerChart(
        data=inline(frame),  # not the layer's own: Altair copies that many times
        layer=[chance, lines, hands], title=model_title(f"Membership attacks on {model}, {where}", points),
        width="container", height=HEIGHT, autosize=fit(),
    )  # fmt: skip


def _some(frame: pd.DataFrame) -> pd.DataFrame:
    """At most ``MOST_HANDS`` points of each attack, evenly among its corners, both ends included."""
    parts = []
    for _, group in frame.groupby(ATTACK, sort=False):
        places = np.unique(np.linspace(0, len(group) - 1, MOST_HANDS).round().astype(int))
        parts.append(group.iloc[places])
    return pd.concat(parts)


def _lowest(points: pd.DataFrame) -> float:
    """The power of ten below the smallest rate that is not zero, and not below ``LOWEST``."""
    rates = points[FPR][points[FPR] > 0]
    smallest = float(rates.min()) if len(rates) else 0.1
    return float(max(LOWEST, 10.0 ** math.floor(math.log10(min(smallest, 0.1)))))
