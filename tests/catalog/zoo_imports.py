"""What tests of several importers share: upstreams made of texts, and committed tables beside the facts."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sngen.catalog.importers import Imported
from sngen.catalog.text_tables import read_table
from sngen.catalog.upstream import Upstream, UpstreamFile
from sngen.schema import MODELS, SCORES

Row = dict[str, Any]
Facts = list[dict[str, str]]


def upstream_of(texts: Mapping[str, str]) -> Upstream:
    files = {path: UpstreamFile(path, text, "0" * 64) for path, text in sorted(texts.items())}
    return Upstream("abc", None, files)


def models_of(imported: Imported) -> dict[str, Row]:
    return {row[MODELS.c.model_id]: row for row in imported.tables[MODELS.name]}


def scores_of(imported: Imported, model_id: str) -> dict[tuple[str, str], float]:
    """Values by the source's column and the metric."""
    return {
        (row[SCORES.c.source_column], row[SCORES.c.metric]): row[SCORES.c.value]
        for row in imported.tables[SCORES.name]
        if row[SCORES.c.model_id] == model_id
    }


def touched_by(imported: Imported, rule: str) -> list[tuple[str, str, Any, Any]]:
    """(row_id, column, before, after) of a rule."""
    return [
        (row["row_id"], entry["column"], row["before"], row["after"])
        for entry in imported.audit
        if entry["rule"] == rule
        for row in entry["rows"]
    ]


def explanation_of(imported: Imported, rule: str) -> str:
    (words,) = {entry["explanation"] for entry in imported.audit if entry["rule"] == rule}
    return str(words)


def committed(repository: Path, source: str) -> tuple[dict[str, Row], dict[tuple[str, str], Row]]:
    """The source's models by id, and its scores by model and metric."""
    folder = repository / "data" / "catalog" / source
    models = {row[MODELS.c.model_id]: row for row in read_table(MODELS, folder / "models.csv")}
    scores = read_table(SCORES, folder / "scores.csv")
    by_metric = {(row[SCORES.c.model_id], row[SCORES.c.metric]): row for row in scores}
    assert len(by_metric) == len(scores)
    return models, dict(by_metric)


def read_facts(path: Path) -> Facts:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def words(row: Row) -> dict[str, str]:
    """The source's own words of a model."""
    found: dict[str, str] = json.loads(row[MODELS.c.source_words] or "{}")
    return found


def same(cell: str, value: Any) -> bool:
    """A cell of the facts against a value; text as it is, numbers as numbers."""
    if cell == "" or value is None:
        return cell == "" and value is None
    return float(cell) == value if isinstance(value, (int, float)) else cell == value


def differences(
    facts: Iterable[Mapping[str, str]], ours: Mapping[str, Row], fields: Mapping[str, str]
) -> list[Any]:
    """(id, field, the facts' cell, our value) wherever they differ. ``fields`` are columns by field."""
    return [
        (fact["id"], field, fact[field], ours[fact["id"]][column])
        for fact in facts
        for field, column in fields.items()
        if not same(fact[field], ours[fact["id"]][column])
    ]
