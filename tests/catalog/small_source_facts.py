"""Committed tables of one source, and rows of the independent extraction that they are compared with."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from sngen.catalog.importers import Imported
from sngen.catalog.store import AUDIT_FILE
from sngen.catalog.text_tables import read_table
from sngen.catalog.upstream import Upstream, UpstreamFile
from sngen.catalog.vocabulary import VOCABULARY_TABLES, Vocabulary
from sngen.schema import CATALOG_TABLES, MODELS, SCORES, SOURCES

M, S = MODELS.c, SCORES.c
PREFIX = "public/"
METRICS = {"top1_accuracy": "accuracy", "map": "mean_average_precision"}

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def synthetic(files: dict[str, str]) -> Upstream:
    """An upstream of these texts, by path."""
    return Upstream("abc", None, {path: UpstreamFile(path, text, "0" * 64) for path, text in files.items()})


def words(**tables: list[Row]) -> Vocabulary:
    """A vocabulary of these rows, by table name with ``_`` for ``-``; other tables are empty."""
    given = {name.replace("_", "-"): rows for name, rows in tables.items()}
    return Vocabulary({table.name: given.get(table.name, []) for table in VOCABULARY_TABLES}, Path("words"))


def names(**dataset_ids: str) -> list[Row]:
    return [{"spelling": spelling, "dataset_id": dataset} for spelling, dataset in dataset_ids.items()]


def by_id(imported: Imported) -> dict[str, Row]:
    return {row[M.model_id]: row for row in imported.tables[MODELS.name]}


def audited(imported: Imported, rule: str) -> list[Row]:
    """The touched rows of all entries of the rule. Fails where there is no such entry."""
    entries = [entry for entry in imported.audit if entry["rule"] == rule]
    assert entries, f"no audit entry {rule}"
    return [row for entry in entries for row in entry["rows"]]


def committed(repository: Path, source: str) -> Tables:
    """The source's own tables, without any other source's."""
    folder = repository / "data" / "catalog" / source
    assert (folder / AUDIT_FILE).is_file()
    files = {table: folder / f"{table.name}.csv" for table in CATALOG_TABLES}
    return {
        table.name: [dict(row) for row in read_table(table, path)] if path.is_file() else []
        for table, path in files.items()
    }


def facts(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def public_facts(folder: Path, source: str) -> dict[str, dict[str, str]]:
    """Rows of one source by our model ids."""
    rows = [row for row in facts(folder / "public_models.csv") if row["source"] == source]
    return {row["id"].removeprefix(PREFIX): row for row in rows}


def differences(
    found: dict[str, dict[str, str]], tables: Tables, *, not_compared: Collection[str] = ()
) -> list[tuple[str, str, str, Any]]:
    """(model, column of the facts, cell, our value) wherever they differ, and rows that only one side has."""
    models = {row[M.model_id]: row for row in tables[MODELS.name]}
    revision = tables[SOURCES.name][0][SOURCES.c.revision]
    only = [(model_id, "id", "", None) for model_id in sorted(set(found) ^ set(models))]
    unequal = []
    for model_id in sorted(set(found) & set(models)):
        row, ours = found[model_id], _as_facts(models[model_id], tables, revision)
        assert set(row) == set(ours), "a column of the facts is not compared"
        unequal += [
            (model_id, column, cell, ours[column])
            for column, cell in row.items()
            if column not in not_compared and not _same(cell, ours[column])
        ]
    return only + unequal


def _as_facts(model: Row, tables: Tables, revision: str) -> Row:
    """Our row in the columns of public_models.csv."""
    scores = [row for row in tables[SCORES.name] if row[S.model_id] == model[M.model_id]]
    clean = {row[S.metric]: row[S.value] for row in scores}
    assert len(clean) == len(scores)
    metric = next((name for name, ours in METRICS.items() if ours in clean), None)
    size = model[M.input_size]
    return {
        "id": PREFIX + model[M.model_id], "source": model[M.source_id], "name": model[M.name],
        "architecture": model[M.architecture], "dataset": model[M.dataset_id],
        "dataset_source": _word(model, M.dataset_id), "task": model[M.task], "entry_type": "model",
        "pretraining": model[M.pretrained_on][0] if model[M.pretrained_on] else None, "metric": metric,
        "value_pct": _percent(clean.get(METRICS[metric])) if metric else None,
        "top5_pct": _percent(clean.get("top5_accuracy")), "params_m": model[M.parameters_rounded],
        "macs_m": None if model[M.macs] is None else model[M.macs] / 1e6,
        "input_size": size.split("x", 1)[1] if size else None,
        "quantized": str(model[M.copy_kind] == "quantised").lower(), "weights_kind": model[M.weights_kind],
        "weights_url": model[M.weights_url], "license": model[M.license],
        "license_scope": model[M.license_scope], "paper_url": model[M.paper_url],
        "paper_title": model[M.paper_title], "venue": model[M.venue], "year": model[M.year],
        "source_repo": _repository(tables), "source_commit": revision,
        "source_file": model[M.source_file], "source_row": model[M.source_row],
        "flags": ";".join(sorted(_flags(model, scores))),
    }  # fmt: skip


def _flags(model: Row, scores: Iterable[Row]) -> set[str]:
    return {flag for row in (model, *scores) for flag in row["flags"] or ()}


def _word(model: Row, column: str) -> str | None:
    """The source's own word for a column."""
    return json.loads(model[M.source_words] or "{}").get(column, model[column])


def _repository(tables: Tables) -> str:
    return str(tables[SOURCES.name][0][SOURCES.c.url]).removeprefix("https://github.com/")


def _percent(value: float | None) -> float | None:
    return None if value is None else value * 100


def _same(cell: str, value: Any) -> bool:
    if cell == "" or value in (None, ""):
        return cell == "" and value in (None, "")
    if isinstance(value, (int, float)):
        return math.isclose(float(cell), value, rel_tol=1e-12)
    return cell == value
