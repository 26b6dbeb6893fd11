"""The index of real checkpoints that a sibling folder may hold, joined with the catalogue by SHA-256."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sngen.catalog.store import load_table
from sngen.schema import MODELS, SCORES


@dataclass(frozen=True)
class Checkpoint:
    """One published file: the catalogue's row, what another program measured, what the publisher states."""

    row: Mapping[str, Any]
    dataset_id: str
    independent: float | None
    independent_n: int
    stated: float | None

    @property
    def model_id(self) -> str:
        return str(self.row[MODELS.c.model_id])


def checkpoints(zoo: Path, catalog: Path) -> dict[str, Checkpoint]:
    """By model id. Raises ``KeyError`` for a file of the index that no row of the catalogue names."""
    by_sha256 = {
        row[MODELS.c.weights_sha256]: row
        for row in load_table(catalog, MODELS)
        if row[MODELS.c.weights_sha256] is not None
    }
    stated = {
        row[SCORES.c.model_id]: row[SCORES.c.value]
        for row in load_table(catalog, SCORES)
        if (row[SCORES.c.method], row[SCORES.c.setting], row[SCORES.c.metric])
        == ("clean", "test", "accuracy")
    }
    found = {}
    with (zoo / "index.csv").open(newline="", encoding="utf-8") as file:
        for entry in csv.DictReader(file):
            row = by_sha256[entry["sha256"]]
            found[row[MODELS.c.model_id]] = Checkpoint(
                row,
                entry["dataset"],
                float(entry["measured_test_accuracy"]) if entry["measured_test_accuracy"] else None,
                int(entry["measured_n"] or 0),
                stated.get(row[MODELS.c.model_id]),
            )
    return found
