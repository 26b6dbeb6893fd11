"""A release as plain rows, indexed for the pages: the only form in which pages see data."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isnan
from typing import Any, Protocol

import numpy as np
import pandas as pd

from sngen.errors import CheckFailed
from sngen.schema import (
    ALIASES,
    ARRAYS,
    DATASETS,
    ERRATA,
    FINDINGS,
    ID_PATTERN,
    LEADERBOARD,
    MODELS,
    OUTCOMES,
    PICTURES,
    PROJECTS,
    RELATIVES,
    SCORES,
    SOURCES,
    TABLES,
    Column,
    Table,
)

Row = dict[str, Any]


class ReleaseLike(Protocol):
    """What is needed of ``sngen.release.read.Release``."""

    @property
    def version(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def date(self) -> str | None: ...
    def table(self, name: str) -> pd.DataFrame: ...
    def audit(self) -> list[dict[str, Any]]: ...
    def changes(self) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class Snapshot:
    """All rows of a release, each table in the order of its key."""

    version: str
    fingerprint: str
    date: str | None
    tables: dict[str, list[Row]]
    audit: list[dict[str, Any]]
    changes: list[dict[str, Any]]

    @classmethod
    def of(cls, release: ReleaseLike) -> Snapshot:
        tables = {
            name: sorted(rows_of(table, release.table(name)), key=table.key_of)
            for name, table in TABLES.items()
        }
        for table, column in ((MODELS, MODELS.c.model_id), (DATASETS, DATASETS.c.dataset_id)):
            _check_ids(table, [row[column] for row in tables[table.name]])
        return cls(
            release.version, release.fingerprint, release.date, tables, release.audit(), release.changes()
        )

    @cached_property
    def models(self) -> dict[str, Row]:
        return {row[MODELS.c.model_id]: row for row in self.tables[MODELS.name]}

    @cached_property
    def datasets(self) -> dict[str, Row]:
        return {row[DATASETS.c.dataset_id]: row for row in self.tables[DATASETS.name]}

    @cached_property
    def sources(self) -> dict[str, Row]:
        return {row[SOURCES.c.source_id]: row for row in self.tables[SOURCES.name]}

    @cached_property
    def scores(self) -> list[Row]:
        """Without the withdrawn ones."""
        return [score for score in self.tables[SCORES.name] if not score[SCORES.c.withdrawn]]

    @cached_property
    def withdrawn_of(self) -> dict[str, list[Row]]:
        """Withdrawn scores by model."""
        withdrawn = [score for score in self.tables[SCORES.name] if score[SCORES.c.withdrawn]]
        return _grouped(withdrawn, SCORES.c.model_id)

    @cached_property
    def errata(self) -> dict[str, Row]:
        return {row[ERRATA.c.erratum_id]: row for row in self.tables[ERRATA.name]}

    @cached_property
    def scores_of(self) -> dict[str, list[Row]]:
        """Scores by model."""
        return _grouped(self.scores, SCORES.c.model_id)

    @cached_property
    def headlines(self) -> dict[tuple[str, str], Row]:
        """Rows of the leaderboard table by model and dataset."""
        table = LEADERBOARD.c
        return {(row[table.model_id], row[table.dataset_id]): row for row in self.tables[LEADERBOARD.name]}

    @cached_property
    def outcomes_of(self) -> dict[str, list[Row]]:
        """Outcomes by model."""
        return _grouped(self.tables[OUTCOMES.name], OUTCOMES.c.model_id)

    @cached_property
    def arrays_of(self) -> dict[str, list[Row]]:
        """Arrays by model."""
        return _grouped(self.tables[ARRAYS.name], ARRAYS.c.model_id)

    @cached_property
    def pictures_of(self) -> dict[str, list[Row]]:
        """Pictures by model."""
        return _grouped(self.tables[PICTURES.name], PICTURES.c.model_id)

    @cached_property
    def relatives_of(self) -> dict[str, list[Row]]:
        """Pairs by either member."""
        pairs: dict[str, list[Row]] = defaultdict(list)
        for row in self.tables[RELATIVES.name]:
            for member in sorted({row[RELATIVES.c.model_a], row[RELATIVES.c.model_b]}):
                pairs[member].append(row)
        return dict(pairs)

    @cached_property
    def aliases_of(self) -> dict[str, list[Row]]:
        """Former ids by model."""
        return _grouped(self.tables[ALIASES.name], ALIASES.c.model_id)

    @cached_property
    def projects(self) -> list[Row]:
        return self.tables[PROJECTS.name]

    @cached_property
    def findings(self) -> list[Row]:
        return self.tables[FINDINGS.name]

    @cached_property
    def flag_meanings(self) -> dict[str, str]:
        """Explanations of flags, as far as a rule of the audit report has the flag's name."""
        return {str(entry["rule"]): str(entry["explanation"]) for entry in self.audit}


def rows_of(table: Table, frame: pd.DataFrame) -> list[Row]:
    """The frame's rows as Python values of the contract's kinds, unknown as None.

    Raises ``CheckFailed`` if a column of the contract is missing: the release is of another contract.
    """
    missing = [name for name in table.names if name not in frame.columns]
    if missing:
        raise CheckFailed(
            f"table {table.name} of the release has no column {', '.join(missing)}; it was built with "
            "another version of the data contract. Build it again with 'sngen release build'."
        )
    columns = [_values(column, frame[column.name].tolist()) for column in table]
    return [dict(zip(table.names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _check_ids(table: Table, identifiers: list[str]) -> None:
    """Ids become file names and addresses, so the contract's pattern is checked again here."""
    wrong = [identifier for identifier in identifiers if not re.fullmatch(ID_PATTERN, identifier)]
    if wrong:
        raise CheckFailed(
            f"table {table.name}: the ids {', '.join(map(repr, wrong[:5]))} cannot be page addresses; "
            f"expected {ID_PATTERN}. Run 'sngen release verify'."
        )


def _values(column: Column, cells: Sequence[Any]) -> list[Any]:
    converters: dict[str, Callable[[Any], Any]] = {
        "text": str, "int": int, "float": float, "bool": bool, "bytes": bytes,
        "texts": lambda cell: [str(part) for part in cell],
        "ints": np.asarray,  # outcomes hold thousands of image ids
        "floats": lambda cell: [float(part) for part in cell],
    }  # fmt: skip
    convert = converters[column.kind]
    return [
        None if cell is None or cell is pd.NA or (isinstance(cell, float) and isnan(cell)) else convert(cell)
        for cell in cells
    ]


def _grouped(rows: list[Row], column: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return dict(groups)
