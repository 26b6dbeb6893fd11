"""Membership inference: how well an attack does, against how much the target over-fits."""

from __future__ import annotations

import altair as alt
import pandas as pd

from sngen.leaderboard.charts.style import prepared, scatter, x_fraction, y_fraction
from sngen.schema import Headline


def membership_against_overfitting(
    points: pd.DataFrame, overfitting: Headline, attack: Headline, where: str
) -> alt.Chart | alt.LayerChart:
    """AUC of one attack over the overfitting level (train minus test accuracy), one point a model.

    ``points`` as for ``stealing_against_target``. The dashed line: for prediction correctness the AUC that
    follows from the level by arithmetic, 1/2 + level / 2; for other attacks chance, 1/2.
    """
    frame = prepared(points, overfitting.column, attack.column)
    ends = [frame[overfitting.column].min(), frame[overfitting.column].max()]
    slope = 0.5 if attack.method == "correctness" else 0.0
    reference = pd.DataFrame({"x": ends, "y": [0.5 + slope * end for end in ends]})
    return scatter(
        frame,
        x_fraction(overfitting.column, f"{overfitting.title} (train minus test accuracy)"),
        y_fraction(attack.column, attack.title),
        words=f"{attack.title}, against {overfitting.title.lower()}, {where}",
        values=[
            alt.Tooltip(f"{overfitting.column}:Q", title=overfitting.title, format=".4f"),
            alt.Tooltip(f"{attack.column}:Q", title=attack.title, format=".4f"),
        ],
        reference=reference,
    )
