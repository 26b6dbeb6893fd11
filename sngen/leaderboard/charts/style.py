"""What all charts share: how purposes look, where clicks lead, and the scatter plot."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from sngen.schema import MODELS, PURPOSES, SCORES

#: Colour and shape of a purpose. Colours keep 3:1 contrast on white and on the dark theme (Okabe & Ito's
#: palette, two of them darkened); the shapes tell the purposes apart without colour.
PURPOSE_MARKS = {
    "benchmark": ("#0072B2", "circle"),
    "security": ("#D55E00", "triangle-up"),
    "other": ("#7A7F87", "square"),
    "control": ("#B8659A", "diamond"),
}
UNKNOWN_PURPOSE = "other"
#: Column with the address of a model's page below the site's root; charts of a notebook need none.
MODEL_PAGE = "model_page"
#: Column that says where a point's numbers come from, in words.
BASIS = "basis"
WIDTH, HEIGHT = 640, 360
_CHOICE = "purpose_choice"

_M = MODELS.c


def _scale(frame: pd.DataFrame, part: int) -> alt.Scale:
    """Every purpose in the data with its own mark: colours and shapes mean the same in all charts."""
    there = set(frame[_M.purpose])
    domain = [name for name in PURPOSE_MARKS if name in there]
    return alt.Scale(domain=domain, range=[PURPOSE_MARKS[name][part] for name in domain])


# Above the chart, so that a phone has the whole width for the points.
def _legend() -> alt.Legend:
    return alt.Legend(orient="top", symbolOpacity=1, symbolStrokeWidth=1)


def purpose_colour(frame: pd.DataFrame) -> alt.Color:
    return alt.Color(f"{_M.purpose}:N", scale=_scale(frame, 0), legend=_legend(), title="Purpose")


def purpose_shape(frame: pd.DataFrame) -> alt.Shape:
    return alt.Shape(f"{_M.purpose}:N", scale=_scale(frame, 1), legend=_legend(), title="Purpose")


def fit() -> alt.AutoSizeParams:
    """As wide as the page; the height follows from the content."""
    return alt.AutoSizeParams(type="fit-x", contains="padding")


def prepared(points: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The rows with all of ``columns``, reduced to what a chart shows, in the order of their ids."""
    kept = points.dropna(subset=list(columns))
    identity = [_M.model_id, _M.name, _M.purpose, SCORES.c.origin, BASIS]
    extra = [MODEL_PAGE] if MODEL_PAGE in points else []
    frame = kept[list(dict.fromkeys([*identity, *columns, *extra]))].sort_values(_M.model_id)
    return frame.assign(
        **{_M.purpose: frame[_M.purpose].where(frame[_M.purpose].isin(PURPOSES), UNKNOWN_PURPOSE)}
    ).reset_index(drop=True)


class _Rows(alt.InlineData):
    """Rows that copies of a chart share: nothing changes them, and layering copies a chart many times."""

    def __deepcopy__(self, memo: Any) -> _Rows:
        return self


def inline(frame: pd.DataFrame) -> alt.InlineData:
    """The rows as they are: no column's type needs guessing, since every encoding names it."""
    names = [str(name) for name in frame.columns]
    columns = [frame[name].tolist() for name in frame.columns]
    return _Rows(values=[dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)])


def title(words: str, frame: pd.DataFrame) -> alt.TitleParams:
    """The title, and below it where the numbers come from and how many there are."""
    origins = " and ".join(sorted(frame[SCORES.c.origin].unique()))
    bases = ", ".join(sorted(frame[BASIS].unique()))
    noun = "model" if len(frame) == 1 else "models"
    return alt.TitleParams(
        words, subtitle=f"{origins.capitalize()}: {bases}; n = {len(frame)} {noun}", anchor="start"
    )


def legend_filter() -> alt.Parameter:
    """A click on a legend entry keeps that purpose in view and fades the others."""
    return alt.selection_point(name=_CHOICE, fields=[_M.purpose], bind="legend")


def fade(chosen: float, others: float) -> alt.OpacityValue:
    """Opacity of the purpose that the legend filter keeps, and of the others."""
    # The same as alt.when(...), which parses its own result again: a third of the time of a chart.
    return alt.OpacityValue(others, condition={"param": _CHOICE, "value": chosen})


def zoom() -> alt.Parameter:
    """Shift and wheel or drag: plain scrolling stays with the page."""
    return alt.selection_interval(
        name="zoom", bind="scales", zoom="wheel![event.shiftKey]",
        translate="[pointerdown[event.shiftKey], window:pointerup] > window:pointermove!",
    )  # fmt: skip


def tooltips(*values: alt.Tooltip) -> list[alt.Tooltip]:
    return [
        alt.Tooltip(f"{_M.name}:N", title="Model"),
        *values,
        alt.Tooltip(f"{_M.purpose}:N", title="Purpose"),
        alt.Tooltip(f"{SCORES.c.origin}:N", title="Origin"),
        alt.Tooltip(f"{BASIS}:N", title="From"),
    ]


def scatter(
    points: pd.DataFrame,
    x: alt.X,
    y: alt.Y,
    *,
    words: str,
    values: list[alt.Tooltip],
    reference: pd.DataFrame | None = None,
) -> alt.Chart | alt.LayerChart:
    """Points told apart by purpose. ``reference`` [2 rows, columns x, y] is drawn as a dashed line."""
    # Given to the constructors: each later call (properties, encode) copies the whole chart.
    shown: dict[str, Any] = {
        "title": title(words, points),
        "width": "container",
        "height": HEIGHT,
        "autosize": fit(),
    }
    encoding = alt.FacetedEncoding(
        x=x, y=y, color=purpose_colour(points), shape=purpose_shape(points), opacity=fade(0.75, 0.06),
        tooltip=tooltips(*values),
    )  # fmt: skip
    mark = alt.MarkDef(type="point", filled=True, size=55, cursor="pointer", aria=False)
    params = [legend_filter(), zoom()]
    if reference is None:
        return alt.Chart(inline(points), mark=mark, encoding=encoding, **shown).add_params(*params)
    marks = alt.Chart(inline(points), mark=mark, encoding=encoding).add_params(*params)
    dashes = alt.MarkDef(
        type="line", strokeDash=[5, 4], strokeWidth=1.2, color="#7A7F87", clip=True, aria=False
    )
    ends = alt.FacetedEncoding(x=alt.X("x:Q"), y=alt.Y("y:Q"))
    line = alt.Chart(inline(reference), mark=dashes, encoding=ends)
    return alt.LayerChart(layer=[line, marks], **shown)


def x_fraction(column: str, words: str) -> alt.X:
    """A horizontal axis that fits the data and need not start at zero."""
    return alt.X(f"{column}:Q", title=words, axis=alt.Axis(tickCount=8), scale=_fitting())


def y_fraction(column: str, words: str) -> alt.Y:
    """A vertical axis that fits the data and need not start at zero."""
    return alt.Y(f"{column}:Q", title=words, axis=alt.Axis(tickCount=8), scale=_fitting())


def _fitting() -> alt.Scale:
    return alt.Scale(zero=False, nice=False, padding=12)


def diagonal(frame: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """The part of the line y = x that lies within the data."""
    low = max(frame[x].min(), frame[y].min())
    high = min(frame[x].max(), frame[y].max())
    ends = [low, high] if low < high else []
    return pd.DataFrame({"x": ends, "y": ends}, dtype=float)
