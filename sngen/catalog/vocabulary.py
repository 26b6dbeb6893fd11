"""Spellings that sources use, and what they mean here: tables for a person to review, not code."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sngen.catalog.text_tables import PlacedRow, read_table
from sngen.errors import DataProblem, UsageError
from sngen.schema import ID_PATTERN, Column, Table
from sngen.validation import table_problems

DATASET_NAMES = Table(
    "dataset-names",
    "one spelling of a dataset's name",
    ("spelling",),
    (
        Column("spelling", "text", "As a source writes it.", required=True),
        Column("dataset_id", "text", "Identifier of the dataset.", required=True, pattern=ID_PATTERN),
        Column("name", "text", "Usual name.", required=True),
    ),
)
CATEGORIES = Table(
    "categories",
    "one spelling of what a dataset's images show",
    ("spelling",),
    (
        Column("spelling", "text", "As a source writes it.", required=True),
        Column("category", "text", "Category in this catalogue.", required=True, pattern=ID_PATTERN),
    ),
)


@dataclass(frozen=True)
class Word:
    """What one spelling stands for. ``name`` is for readers."""

    id: str
    name: str


@dataclass(frozen=True)
class Vocabulary:
    """``folder`` is where the two tables were read from, for messages."""

    datasets: Mapping[str, Word]
    categories: Mapping[str, Word]
    folder: Path

    def unknown(self, table: Table, spelling: str) -> str:
        """What was expected in place of a spelling that the table does not have, and what to do."""
        known = self.datasets if table is DATASET_NAMES else self.categories
        nearest = difflib.get_close_matches(spelling, known, n=1)
        hint = f" (nearest: {nearest[0]})" if nearest else ""
        return f"a spelling of {self.folder / table.name}.csv{hint}; add a row there if it is a new one"


def load_vocabulary(folder: Path) -> Vocabulary:
    """Raises ``UsageError`` where a file is missing and ``DataProblem`` with all that is wrong in one."""
    names, categories = _read(DATASET_NAMES, folder), _read(CATEGORIES, folder)
    c, k = DATASET_NAMES.c, CATEGORIES.c
    return Vocabulary(
        {row[c.spelling]: Word(row[c.dataset_id], row[c.name]) for row in names},
        {row[k.spelling]: Word(row[k.category], row[k.category]) for row in categories},
        folder,
    )


def _read(table: Table, folder: Path) -> list[PlacedRow]:
    path = folder / f"{table.name}.csv"
    if not path.is_file():
        raise UsageError(f"no vocabulary file {path}. Give the folder that has it with --vocabulary.")
    rows = read_table(table, path)
    problems = [str(problem) for problem in table_problems(table, rows, {})]
    if problems:
        raise DataProblem(problems)
    return rows
