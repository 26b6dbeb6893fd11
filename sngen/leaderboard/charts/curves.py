"""What charts of curves share: how attacks look, the axis of budgets, and titles of one model's charts."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from sngen.leaderboard.charts.style import BASIS
from sngen.schema import SCORES

#: Columns of a curve's points, beside those that name the model: one row a point.
ATTACK, EPS, VALUE, LOW, HIGH, COUNT = "attack", "eps", "value", "ci_low", "ci_high", "n"
#: The budget as the protocol writes it, such as 8/255.
BUDGET = "budget"

# Colours keep 3:1 contrast on white and on the dark theme; attacks of one colour differ by dashes and shape,
# so that colour is never the only difference.
#: Attack -> colour, dashes of its line, shape of its points.
ATTACK_MARKS: dict[str, tuple[str, list[int], str]] = {
    "pgd": ("#7A7F87", [2, 2], "square"),
    "apgd-ce": ("#2F86B8", [6, 2], "diamond"),
    "white-box": ("#0072B2", [1, 0], "circle"),
    "autoattack": ("#0E8F6B", [1, 0], "cross"),
    "fab-t": ("#8268C8", [8, 2, 2, 2], "triangle-right"),
    "square": ("#D55E00", [6, 3], "triangle-up"),
    "transfer": ("#B8659A", [3, 3], "triangle-down"),
    "transfer-stolen": ("#B8659A", [8, 2, 2, 2], "triangle-left"),
    "correctness": ("#7A7F87", [2, 2], "square"),
    "confidence": ("#2F86B8", [1, 0], "diamond"),
    "loss": ("#2F86B8", [6, 2], "circle"),
    "entropy": ("#B8659A", [3, 3], "triangle-down"),
    "modified-entropy": ("#B8659A", [1, 0], "triangle-up"),
    "mlp-full": ("#8A7500", [1, 0], "triangle-right"),
    "mlp-top3": ("#8A7500", [6, 2], "triangle-left"),
    "label-only": ("#7A7F87", [8, 2, 2, 2], "cross"),
    "lira": ("#D55E00", [6, 2], "circle"),
    "rmia": ("#D55E00", [1, 0], "diamond"),
    "partial-training-data": ("#0072B2", [1, 0], "circle"),
    "own-family": ("#0072B2", [6, 2], "diamond"),
    "top-3": ("#2F86B8", [3, 3], "square"),
    "out-of-distribution": ("#8A7500", [1, 0], "triangle-right"),
    "data-free": ("#D55E00", [1, 0], "triangle-up"),
    "noise": ("#7A7F87", [2, 2], "cross"),
}
#: Of attacks that are not listed.
OTHER_MARK = ("#7A7F87", [10, 3], "square")

#: A greatest budget of more than so many smallest ones asks for a logarithmic axis.
LOG_FROM = 15


def attacks_in_order(names: Sequence[str]) -> list[str]:
    """Each once: the known ones as they are listed, then the others by name."""
    known = [name for name in ATTACK_MARKS if name in names]
    return known + sorted(set(names) - set(known))


def _range(names: Sequence[str], part: int) -> alt.Scale:
    return alt.Scale(domain=list(names), range=[ATTACK_MARKS.get(name, OTHER_MARK)[part] for name in names])


# Three beside each other fit on a phone.
def _legend() -> alt.Legend:
    return alt.Legend(orient="top", columns=3, symbolOpacity=1, symbolStrokeWidth=2, symbolSize=90)


def attack_colour(names: Sequence[str]) -> alt.Color:
    return alt.Color(f"{ATTACK}:N", scale=_range(names, 0), legend=_legend(), title="Attack")


def attack_dashes(names: Sequence[str], *, legend: bool = True) -> alt.StrokeDash:
    drawn = _legend() if legend else None
    return alt.StrokeDash(f"{ATTACK}:N", scale=_range(names, 1), legend=drawn, title="Attack")


def attack_shape(names: Sequence[str]) -> alt.Shape:
    return alt.Shape(f"{ATTACK}:N", scale=_range(names, 2), legend=_legend(), title="Attack")


def attack_choice() -> alt.Parameter:
    """A click on a legend entry keeps that attack in view and fades the others."""
    return alt.selection_point(name="attack_choice", fields=[ATTACK], bind="legend")


def fade_attack(chosen: float, others: float) -> alt.OpacityValue:
    """Opacity of the attack that the legend filter keeps, and of the others."""
    return alt.OpacityValue(others, condition={"param": "attack_choice", "value": chosen})


def budget_axis(frame: pd.DataFrame, norm: str) -> alt.X:
    """The axis of ``eps``: logarithmic where budgets spread over more than a factor of 15.

    ``norm`` is ``linf`` or ``l2``. Budgets that the protocol writes in levels of 255 are labelled so.
    """
    sizes = sorted({float(size) for size in frame[EPS] if size > 0})
    logarithmic = bool(sizes) and sizes[-1] > LOG_FROM * sizes[0]
    levels = bool(frame[BUDGET].str.endswith("/255").all())
    name = "L∞" if norm == "linf" else "L2"
    scale = (
        alt.Scale(type="log", nice=False, domain=[sizes[0], sizes[-1]], padding=14)
        if logarithmic
        else alt.Scale(zero=True, nice=False, padding=8)
    )
    words = "format(datum.value * 255, '~g') + '/255'" if levels else "format(datum.value, '~g')"
    return alt.X(
        f"{EPS}:Q",
        title=f"Budget ε, {name} (pixels in [0, 1])",
        scale=scale,
        axis=alt.Axis(values=sizes, labelExpr=words, labelOverlap=True, labelAngle=0),
    )


def share_axis(column: str, words: str) -> alt.Y:
    """From 0 to 1: curves of several charts can be compared by eye."""
    return alt.Y(
        f"{column}:Q", title=words, scale=alt.Scale(domain=[0, 1], nice=False), axis=alt.Axis(tickCount=6)
    )


def model_title(words: str, frame: pd.DataFrame, noun: str = "images") -> alt.TitleParams:
    """The title of one model's chart, and below it where the numbers come from and how many images."""
    bases = ", ".join(sorted(frame[BASIS].unique()))
    origin = " and ".join(sorted(frame[SCORES.c.origin].unique())).capitalize()
    counts = sorted({int(count) for count in frame[COUNT].dropna()})
    n = f"; n = {', '.join(f'{count:,}' for count in counts)} {noun}" if counts else ""
    return alt.TitleParams(words, subtitle=f"{origin}: {bases}{n}", anchor="start")
