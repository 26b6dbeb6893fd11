"""Rows of facts that a source reports, in the contract's form."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from sngen.catalog.upstream import Upstream
from sngen.schema import METRICS, MODELS, SCORES, SOURCES, score_id

_PERCENT = Decimal(100)


def fraction_of_percent(text: str | float) -> float:
    """``fraction_of_percent("92.6")`` is exactly 0.926. Raises ``ValueError`` for what is no number."""
    try:
        return float(Decimal(str(text)) / _PERCENT)
    except InvalidOperation as error:
        raise ValueError(text) from error


def complement_of_percent(text: str | float) -> float:
    """From an error rate to an accuracy: ``complement_of_percent("8.27")`` is exactly 0.9173."""
    try:
        return float((_PERCENT - Decimal(str(text))) / _PERCENT)
    except InvalidOperation as error:
        raise ValueError(text) from error


def eps_value(eps: str) -> float:
    """Of a bound as it is written: "8/255", "0.5". Raises ``ValueError`` for anything else."""
    if not re.fullmatch(r"\d+(\.\d+)?(/\d+)?", eps):
        raise ValueError(eps)
    upper, _, lower = eps.partition("/")
    return float(Fraction(upper) / Fraction(lower or "1"))


def eps_setting(norm: str, eps: str) -> str:
    """The setting of a score at one perturbation size: ("Linf", "8/255") is ``linf-8-255``."""
    return f"{norm.lower()}-{eps.replace('/', '-')}"


def with_source_words(row: dict[str, Any], **words: str | None) -> dict[str, Any]:
    """A row of the table models, complete with the source's own words by column, as far as there are any
    and they differ from what the column holds."""
    kept = {
        column: word
        for column, word in sorted(words.items())
        if word is not None and word != row.get(column) and [word] != row.get(column)
    }
    return {**row, MODELS.c.source_words: json.dumps(kept, ensure_ascii=False) if kept else None}


def source_row(
    source_id: str, upstream: Upstream, patterns: str, *, title: str, url: str, license: str | None,
    citation: str | None,
) -> dict[str, Any]:  # fmt: skip
    """The row of the table sources. ``patterns`` is what was read, for a reader."""
    return SOURCES.row(
        source_id=source_id, title=title, url=url, revision=upstream.revision, file=patterns,
        file_sha256=upstream.sha256, license=license, citation=citation,
    )  # fmt: skip


def reported_score(
    source_id: str, model: str, dataset: str, kind: tuple[str, str, str, str], value: float,
    **columns: Any,
) -> dict[str, Any]:  # fmt: skip
    """A row of the table scores. ``kind`` is family, method, setting and metric; ``columns`` holds at least
    ``source_column``, and ``source_file`` or ``source_row`` where the source has more than one."""
    family, method, setting, metric = kind
    return SCORES.row(
        **{
            SCORES.c.score_id: score_id(model, dataset, f"reported/{source_id}", method, setting, metric),
            SCORES.c.model_id: model, SCORES.c.dataset_id: dataset, SCORES.c.family: family,
            SCORES.c.method: method, SCORES.c.setting: setting, SCORES.c.metric: metric,
            SCORES.c.value: value, SCORES.c.unit: METRICS[metric].unit, SCORES.c.origin: "reported",
            SCORES.c.ci_method: "not reported", SCORES.c.source_id: source_id,
        }
        | _known(columns)
    )  # fmt: skip


def _known(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in columns.items() if value is not None}
