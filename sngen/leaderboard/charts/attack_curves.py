"""Adversarial examples: what each attack leaves of one model's accuracy, over growing budgets."""

from __future__ import annotations

import altair as alt
import pandas as pd

from sngen.leaderboard.charts.curves import (
    ATTACK,
    BUDGET,
    COUNT,
    EPS,
    HIGH,
    LOW,
    VALUE,
    attack_choice,
    attack_colour,
    attack_dashes,
    attack_shape,
    attacks_in_order,
    budget_axis,
    fade_attack,
    model_title,
    share_axis,
)
from sngen.leaderboard.charts.style import HEIGHT, fit, inline


def attack_curves(
    points: pd.DataFrame, norm: str, model: str, where: str, clean: float | None = None
) -> alt.LayerChart:
    """Robust accuracy over the budget of one norm (``linf`` or ``l2``), one line an attack.

    ``points`` has a row per attack and budget: ``attack``, ``eps`` (pixels in [0, 1]), ``budget`` (the same
    as it is written), ``value``, ``ci_low`` and ``ci_high`` (fractions), ``n`` (images), ``origin`` and
    ``basis``. Bands are the 95 % intervals; the dashed line is the accuracy ``clean`` without attack.
    """
    frame = points.sort_values([ATTACK, EPS]).reset_index(drop=True)
    names = attacks_in_order(frame[ATTACK].tolist())
    x, y = budget_axis(frame, norm), share_axis(VALUE, "Robust accuracy")
    colour = attack_colour(names)
    band = alt.Chart(
        mark=alt.MarkDef(type="area", aria=False),
        encoding=alt.FacetedEncoding(
            x=x, y=share_axis(LOW, "Robust accuracy"), y2=alt.Y2(HIGH), color=colour,
            opacity=fade_attack(0.13, 0.0),
        ),
    )  # fmt: skip
    ends = alt.Chart(
        mark=alt.MarkDef(type="rule", strokeWidth=1.2, aria=False),
        encoding=alt.FacetedEncoding(
            x=x, y=share_axis(LOW, "Robust accuracy"), y2=alt.Y2(HIGH), color=colour,
            opacity=fade_attack(0.55, 0.03),
        ),
    )  # fmt: skip
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
                alt.Tooltip(f"{BUDGET}:N", title="ε"),
                alt.Tooltip(f"{VALUE}:Q", title="Robust accuracy", format=".4f"),
                alt.Tooltip(f"{LOW}:Q", title="95 % from", format=".4f"),
                alt.Tooltip(f"{HIGH}:Q", title="95 % to", format=".4f"),
                alt.Tooltip(f"{COUNT}:Q", title="Images", format=",d"),
            ],
        ),
    ).add_params(attack_choice())  # fmt: skip
    layers = [band, ends, lines, dots]
    if clean is not None:
        dashes = alt.MarkDef(type="rule", strokeDash=[5, 4], strokeWidth=1.2, color="#7A7F87", aria=False)
        level = alt.InlineData(values=[{VALUE: clean}])
        layers.insert(0, alt.Chart(level, mark=dashes, encoding=alt.FacetedEncoding(y=y)))
    name = "L∞" if norm == "linf" else "L2"
    return alt.LayerChart(
        data=inline(frame),  # not each layer's own: Altair copies that many times
        layer=layers, title=model_title(f"{model} under attack, {name}, {where}", frame), width="container",
        height=HEIGHT, autosize=fit(),
    )  # fmt: skip
