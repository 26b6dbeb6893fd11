"""A chart on a page: its static picture, the file for the script, the words, the downloads."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import altair as alt
import pandas as pd

from sngen.leaderboard.charts.style import WIDTH
from sngen.leaderboard.drawing import Draw, Later
from sngen.leaderboard.escape import script_json, text
from sngen.leaderboard.tables import PROLOGUE

#: Characters of a picture that is put into its page: about 150 points. MkDocs parses every one of them.
MOST_INLINE = 60_000

# Colours that only the static picture has: replaced by the page's own text colour after drawing.
INK, FAINT = "#010203", "#040506"
_STATIC = {
    "background": None,
    "axis": {"labelColor": INK, "titleColor": INK, "domainColor": INK, "tickColor": INK, "gridColor": FAINT},
    "legend": {"labelColor": INK, "titleColor": INK},
    "title": {"color": INK, "subtitleColor": INK},
    "view": {"stroke": FAINT},
}


@dataclass(frozen=True)
class Picture:
    """A drawn chart. ``name`` is its id and file name; ``words`` say in a sentence what it shows (plain)."""

    name: str
    title: str
    words: str
    spec: dict[str, Any]
    drawn: Later
    csv: str
    bundle: str

    @cached_property
    def svg(self) -> str:
        return self.drawn()

    @cached_property
    def _tidied(self) -> str:
        return tidy(self.svg, self.name)  # once for the page and the file

    def html(self, root: str) -> str:
        """The chart in a page whose way to the site's root is ``root``."""
        files = "".join(
            f' <a href="{root}{self._file(ending)}" download aria-label="{label} of {text(self.title)}">'
            f"{label}</a>"
            for ending, label in ((".svg", "SVG"), (".vl.json", "Vega-Lite JSON"), (".csv", "CSV"))
        )
        return (
            f'<figure class="sn-plot"><div class="sn-chart" data-spec="{root}{self._file(".js")}" '
            f'data-name="{self.name}" data-root="{root}" data-bundle="{root}{self.bundle}">'
            f"{self._static(root)}</div>"
            f"<figcaption>{text(self.words)} <span>Download:{files}</span></figcaption></figure>"
        )

    def _static(self, root: str) -> str:
        """What is there before a script draws: within the page or, where that weighs too much, a file."""
        label = f"{self.title}. {self.words}"
        if len(self.svg) <= MOST_INLINE:
            return inline_svg(self._tidied, label)
        return f'<img src="{root}{self._file(".svg")}" alt="{text(label)}" loading="lazy">'

    def _file(self, ending: str) -> str:
        return f"charts/{self.name}{ending}"

    def files(self) -> dict[str, str]:
        """File contents by path below the docs folder."""
        spec = script_json(self.spec)
        return {
            self._file(".js"): f"{PROLOGUE}window.SecurityNet.charts[{script_json(self.name)}]={spec};\n",
            self._file(".vl.json"): spec + "\n",
            self._file(".svg"): file_svg(self._tidied),
            self._file(".csv"): self.csv,
        }


def picture(
    name: str, chart: alt.Chart | alt.LayerChart, data: pd.DataFrame, words: str, *, draw: Draw, bundle: str
) -> Picture:
    """Draw ``chart``, whose points are ``data``. ``words`` are the alternative text."""
    spec = chart.to_dict(validate=False)
    spec["description"] = words
    heading = spec["title"]["text"]
    csv = data.to_csv(index=False, lineterminator="\n")
    return Picture(name, heading, words, spec, draw(static_spec(spec)), csv, bundle)


def static_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """The specification with a fixed width and the colours that are replaced afterwards."""
    # Titles do not break by themselves, and one wider than the picture would squeeze the points.
    title = spec["title"]
    title = {
        **title,
        "text": textwrap.wrap(title["text"], WIDTH // 8),
        "subtitle": textwrap.wrap(title["subtitle"], WIDTH // 6),
    }
    return {**spec, "title": title, "width": WIDTH, "config": {**spec.get("config", {}), **_STATIC}}


_NUMBERS = re.compile(r'( (?:d|transform|x|y|x1|x2|y1|y2|width|height)=")([^"]*)(")')
_LONG = re.compile(r"-?\d+\.\d{3,}")
_NOISE = re.compile(r' (?:role|class|pointer-events|aria-[a-z]+)="[^"]*"')
_IDS = re.compile(r"(?<=id=\")[^\"]+(?=\")")


def tidy(svg: str, name: str) -> str:
    """The same picture in fewer bytes, with ids that are the chart's own and do not depend on what was
    drawn before."""

    def shorter(match: re.Match[str]) -> str:
        rounded = _LONG.sub(lambda m: f"{float(m.group()):.2f}".rstrip("0").rstrip("."), match.group(2))
        return match.group(1) + rounded + match.group(3)

    svg = _NOISE.sub("", _NUMBERS.sub(shorter, svg))
    for position, old in enumerate(dict.fromkeys(_IDS.findall(svg))):
        new = f"{name}-{position}"
        svg = svg.replace(f'id="{old}"', f'id="{new}"').replace(f"url(#{old})", f"url(#{new})")
    return svg.replace("\n", " ")


def inline_svg(tidied: str, label: str) -> str:
    """For a page: takes the text colour of the page and is one image to a screen reader."""
    drawn = tidied.replace(INK, "currentColor")
    drawn = drawn.replace(f'"{FAINT}"', '"currentColor" stroke-opacity="0.2"')
    opening = f'<svg role="img" aria-label="{text(label)}" style="max-width:100%;height:auto" '
    return opening + drawn.removeprefix("<svg ")


def file_svg(tidied: str) -> str:
    """For a download: dark on white."""
    drawn = tidied.replace(INK, "#222222").replace(FAINT, "#dddddd")
    return drawn.replace("<svg ", '<svg style="background:#ffffff" ', 1) + "\n"
