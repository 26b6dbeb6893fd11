"""What the tests of the sources RobustBench, AutoAttack and robust-models-transfer share."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sngen.catalog.importers import Imported
from sngen.catalog.text_tables import read_table
from sngen.catalog.upstream import Upstream, UpstreamFile
from sngen.schema import DATASETS, MODELS, SCORES
from sngen.validation import validate

ROOT = Path(__file__).resolve().parents[2]
WORDS = ROOT / "data" / "catalog" / "vocabulary"
Rows = dict[str, Any]


def upstream(files: Mapping[str, str]) -> Upstream:
    """An upstream at a made-up revision."""
    return Upstream("abc", None, {path: UpstreamFile(path, text, "0" * 64) for path, text in files.items()})


def models(imported: Imported) -> Rows:
    return {row[MODELS.c.model_id]: row for row in imported.tables[MODELS.name]}


def values(imported: Imported, model_id: str) -> dict[str, float]:
    """A model's scores by what comes after the source in their ids."""
    return {
        row[SCORES.c.score_id].partition("reported/")[2].partition(":")[2]: row[SCORES.c.value]
        for row in imported.tables[SCORES.name]
        if row[SCORES.c.model_id] == model_id
    }


def touched(imported: Imported, rule: str) -> list[tuple[str, Any, Any]]:
    """(row_id, before, after) of a rule."""
    return [
        (row["row_id"], row["before"], row["after"])
        for entry in imported.audit
        if entry["rule"] == rule
        for row in entry["rows"]
    ]


def keeps_the_contract(imported: Imported) -> list[str]:
    """All violations of the contract, given that the datasets exist."""
    rows = imported.tables[MODELS.name] + imported.tables[SCORES.name]
    names = {row[MODELS.c.dataset_id] for row in rows}
    (source,) = imported.tables["sources"]
    datasets = [DATASETS.row(dataset_id=name, name=name, source_id=source["source_id"]) for name in names]
    return [str(problem) for problem in validate({**imported.tables, DATASETS.name: datasets})]


def committed(source_id: str) -> tuple[Rows, Rows]:
    """Models and scores of the committed catalogue by id."""
    folder = WORDS.parent / source_id
    models, scores = (
        {row[table.key[0]]: row for row in read_table(table, folder / f"{table.name}.csv")}
        for table in (MODELS, SCORES)
    )
    return models, scores


def facts(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def words(model: Mapping[str, Any]) -> dict[str, str]:
    """The source's own words of a model."""
    return json.loads(model[MODELS.c.source_words] or "{}")


def percent(value: float | None) -> float | None:
    return None if value is None else round(value * 100, 9)


def number(cell: str) -> float | None:
    return float(cell) if cell else None
