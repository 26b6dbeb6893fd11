"""Adversarial examples: robust accuracy of all models of a dataset, over growing budgets."""

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
    attack_dashes,
    attacks_in_order,
    budget_axis,
    share_axis,
)
from sngen.leaderboard.charts.style import (
    HEIGHT,
    fit,
    inline,
    legend_filter,
    prepared,
    purpose_colour,
    title,
    tooltips,
)
from sngen.schema import MODELS

_HOVER = "model_hover"


def robust_accuracy_curves(points: pd.DataFrame, norm: str, where: str) -> alt.LayerChart:
    """One line a model and attack, over budgets of one norm (``linf`` or ``l2``), told apart by purpose and,
    by dashes, by attack. A model is brought out by pointing at it, purposes and attacks by their legends.

    ``points`` has a row per model, attack and budget: the columns of ``charts.style.prepared``, ``attack``,
    ``eps`` (pixels in [0, 1]), ``budget`` (the same as it is written), ``value``, ``ci_low`` and ``ci_high``
    (fractions), ``n`` (images).
    """
    frame = prepared(points, ATTACK, BUDGET, EPS, VALUE, LOW, HIGH, COUNT)
    frame = frame.sort_values([MODELS.c.model_id, ATTACK, EPS]).reset_index(drop=True)
    names = attacks_in_order(frame[ATTACK].tolist())
    models = frame.drop_duplicates(MODELS.c.model_id)
    x, y = budget_axis(frame, norm), share_axis(VALUE, "Robust accuracy")
    # A legend only chooses in a layer that has its channel: for attacks that of the lines.
    lines = alt.Chart(
        mark=alt.MarkDef(type="line", strokeWidth=1.6, aria=False),
        encoding=alt.FacetedEncoding(
            x=x, y=y, detail=alt.Detail(f"{MODELS.c.model_id}:N"), color=purpose_colour(models),
            strokeDash=attack_dashes(names), opacity=_chosen(0.6, 0.05),
        ),
    ).add_params(attack_choice())  # fmt: skip
    dots = alt.Chart(
        mark=alt.MarkDef(type="point", filled=True, size=40, cursor="pointer", aria=False),
        encoding=alt.FacetedEncoding(
            x=x, y=y, color=purpose_colour(models), opacity=_chosen(0.8, 0.03),
            tooltip=tooltips(
                alt.Tooltip(f"{ATTACK}:N", title="Attack"),
                alt.Tooltip(f"{BUDGET}:N", title="ε"),
                alt.Tooltip(f"{VALUE}:Q", title="Robust accuracy", format=".4f"),
                alt.Tooltip(f"{LOW}:Q", title="95 % from", format=".4f"),
                alt.Tooltip(f"{HIGH}:Q", title="95 % to", format=".4f"),
                alt.Tooltip(f"{COUNT}:Q", title="Images", format=",d"),
            ),
        ),
    ).add_params(legend_filter(), _hover())  # fmt: skip
    name = "L∞" if norm == "linf" else "L2"
    return alt.LayerChart(
        data=inline(frame),  # not each layer's own: Altair copies that many times
        layer=[lines, dots], title=title(f"Robust accuracy over the budget, {name}, {where}", models),
        width="container", height=HEIGHT, autosize=fit(),
    )  # fmt: skip


def _hover() -> alt.Parameter:
    return alt.selection_point(
        name=_HOVER, fields=[MODELS.c.model_id], on="pointerover", clear="pointerout", empty=True
    )


def _chosen(chosen: float, others: float) -> alt.OpacityValue:
    """Opacity of what both legends keep and the hand points at, and of the rest."""
    every = [{"param": name} for name in ("purpose_choice", "attack_choice", _HOVER)]
    return alt.OpacityValue(others, condition={"test": {"and": every}, "value": chosen})
