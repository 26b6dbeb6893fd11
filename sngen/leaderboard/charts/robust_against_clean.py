"""Adversarial examples: robust accuracy against accuracy without attack."""

from __future__ import annotations

import altair as alt
import pandas as pd

from sngen.leaderboard.charts.style import diagonal, prepared, scatter, x_fraction, y_fraction
from sngen.schema import Headline


def robust_against_clean(
    points: pd.DataFrame, clean: Headline, robust: Headline, where: str
) -> alt.Chart | alt.LayerChart:
    """Robust over clean accuracy of the same images (fractions); on the dashed line nothing is lost.

    ``points`` as for ``stealing_against_target``, with the ends of ``robust``'s interval where there are any.
    """
    ends = [f"{robust.column}{end}" for end in ("_ci_low", "_ci_high")]
    there = [name for name in ends if name in points]
    frame = prepared(points, clean.column, robust.column, *there)
    reference = diagonal(frame, clean.column, robust.column)
    words = ("95 % from", "95 % to")
    return scatter(
        frame,
        x_fraction(clean.column, clean.title),
        y_fraction(robust.column, robust.title),
        words=f"{robust.title} against {clean.title.lower()}, {where}",
        values=[
            alt.Tooltip(f"{clean.column}:Q", title=clean.title, format=".4f"),
            alt.Tooltip(f"{robust.column}:Q", title=robust.title, format=".4f"),
            *(
                alt.Tooltip(f"{name}:Q", title=title, format=".4f")
                for name, title in zip(there, words, strict=False)
            ),
        ],
        reference=reference if len(reference) else None,
    )
