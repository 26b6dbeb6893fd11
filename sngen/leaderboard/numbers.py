"""How numbers are written on pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sngen.schema import METRICS, SCORES

DASH = "–"
#: Unit of corruption errors: 100 is AlexNet.
PERCENT_OF_ALEXNET = "% of AlexNet"
DIGITS = {
    "fraction": 4, "s": 4, "1/s": 1, "count": 0, "images": 0, "bytes": 0, PERCENT_OF_ALEXNET: 1,
}  # fmt: skip


def number(value: float | int | None, unit: str | None = None) -> str:
    """``value`` in the way of its unit: four decimals for fractions, groups of three for counts."""
    if value is None:
        return DASH
    digits = DIGITS.get(unit or "")
    if digits is None:
        return f"{value:g}"
    if value != 0 and abs(value) < 0.5 * 10**-digits:
        return f"{value:.1e}"
    return f"{value:,.{digits}f}"


def interval(low: float | None, high: float | None, unit: str | None = None) -> str:
    """``[low, high]``, or nothing where an end is unknown."""
    if low is None or high is None:
        return ""
    return f"[{number(low, unit)}, {number(high, unit)}]"


def score_value(score: Mapping[str, Any]) -> str:
    """A score's value and, where it has one, its 95 % interval."""
    unit = score[SCORES.c.unit]
    ends = interval(score[SCORES.c.ci_low], score[SCORES.c.ci_high], unit)
    shown = unit if unit == PERCENT_OF_ALEXNET else ""
    return f"{number(score[SCORES.c.value], unit)} {ends}{shown}".strip()


def metric_title(metric: str) -> str:
    return METRICS[metric].title if metric in METRICS else metric


def in_sentence(title: str) -> str:
    """A title within a sentence: it starts small; abbreviations and names like AutoAttack keep capitals."""
    first = title.split(" ", maxsplit=1)[0]
    return title if any(letter.isupper() for letter in first[1:]) else title[0].lower() + title[1:]


def p_value(value: float | None) -> str:
    """Two significant digits; below 0.0001 only that."""
    if value is None:
        return DASH
    return "< 0.0001" if value < 0.0001 else f"{value:.2g}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """``3 models``, ``1 model``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
