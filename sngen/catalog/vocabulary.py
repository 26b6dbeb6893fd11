"""Spellings that sources use, and what they mean here: tables for a person to review, not code."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sngen.catalog.text_tables import PlacedRow, read_table
from sngen.errors import DataProblem, UsageError
from sngen.schema import (
    ID_PATTERN,
    PUBLISHER_TYPES,
    PURPOSES,
    SECURITY_ROLES,
    TRAINING_KINDS,
    VENUE_TYPES,
    Column,
    Table,
)
from sngen.validation import show, table_problems


def _spellings(name: str, row: str, *columns: Column) -> Table:
    spelling = Column(
        "spelling", "text", "As a source writes it; letter case does not matter.", required=True
    )
    return Table(name, row, ("spelling",), (spelling, *columns))


DATASET_NAMES = _spellings(
    "dataset-names",
    "one spelling of a dataset's name",
    Column("dataset_id", "text", "Identifier of the dataset.", required=True, pattern=ID_PATTERN),
)
PUBLISHERS = _spellings(
    "publishers",
    "one spelling of who published weights: a name, or the owner of a repository",
    Column("publisher", "text", "Usual name.", required=True),
    Column("publisher_type", "text", "What it is; our reading.", allowed=tuple(PUBLISHER_TYPES)),
)
COUNTRIES = _spellings(
    "countries",
    "one spelling of the countries of a paper's authors",
    Column("country", "texts", "The countries' usual English names, in alphabetical order.", required=True),
)
VENUES = _spellings(
    "venues",
    "one spelling of a venue, without year and month",
    Column("venue", "text", "Usual abbreviation.", required=True),
    Column("venue_type", "text", "Kind of venue.", required=True, allowed=VENUE_TYPES),
)
LICENSES = _spellings(
    "licenses",
    "one spelling of a licence",
    Column("license", "text", "SPDX identifier; LicenseRef- for one that SPDX does not list.", required=True),
)
ROLES = Table(
    "roles",
    "what a model's part in research on security says of its purpose and training",
    ("security_role",),
    (
        Column("security_role", "text", "The part.", required=True, allowed=tuple(SECURITY_ROLES)),
        Column("purpose", "text", "Why it was published.", required=True, allowed=PURPOSES),
        Column("training_kind", "text", "How it was trained.", allowed=tuple(TRAINING_KINDS)),
    ),
)
MODEL_TYPES = Table(
    "model-types",
    "one pattern of architecture names; the one that matches the longest beginning of a name counts",
    ("pattern",),
    (
        Column(
            "pattern",
            "text",
            "Regular expression on the lower-case name, - for any separator.",
            required=True,
        ),
        Column("model_type", "text", "Architecture family.", required=True, pattern=ID_PATTERN),
    ),
)
VOCABULARY_TABLES = (
    DATASET_NAMES, PUBLISHERS, COUNTRIES, VENUES, LICENSES, ROLES, MODEL_TYPES,
)  # fmt: skip
_MONTH_OR_YEAR = re.compile(r"[\s,]+((Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+)?\d{4}$")


class Vocabulary:
    """Lookups by spelling. ``folder`` is where the tables were read from, for messages."""

    def __init__(self, tables: Mapping[str, Sequence[Mapping[str, Any]]], folder: Path) -> None:
        self.folder = folder
        self._rows = {
            table.name: {str(row[table.key[0]]).lower(): row for row in tables[table.name]}
            for table in VOCABULARY_TABLES
        }
        self._patterns = [
            (re.compile(row[MODEL_TYPES.c.pattern]), row[MODEL_TYPES.c.model_type])
            for row in tables[MODEL_TYPES.name]
        ]

    def dataset(self, spelling: str) -> str | None:
        """The dataset's identifier, None for an unknown spelling."""
        return self._cell(DATASET_NAMES, spelling, DATASET_NAMES.c.dataset_id)

    def publisher(self, spelling: str) -> tuple[str, str | None] | None:
        """Usual name, and type where it is known."""
        row = self._rows[PUBLISHERS.name].get(spelling.lower())
        return (row[PUBLISHERS.c.publisher], row[PUBLISHERS.c.publisher_type]) if row else None

    def countries(self, spelling: str) -> list[str] | None:
        return self._cell(COUNTRIES, spelling, COUNTRIES.c.country)

    def venue(self, spelling: str) -> tuple[str, str] | None:
        """Usual abbreviation and type. A year, or month and year, at the end does not matter."""
        row = self._rows[VENUES.name].get(_MONTH_OR_YEAR.sub("", spelling).lower())
        return (row[VENUES.c.venue], row[VENUES.c.venue_type]) if row else None

    def license(self, spelling: str) -> str | None:
        """The SPDX identifier."""
        return self._cell(LICENSES, spelling, LICENSES.c.license)

    def role(self, security_role: str) -> tuple[str, str | None]:
        """Purpose, and training kind where the role says it."""
        row = self._rows[ROLES.name][security_role]
        return row[ROLES.c.purpose], row[ROLES.c.training_kind]

    def model_type(self, architecture: str) -> str | None:
        """The architecture family, None where no pattern matches."""
        name = re.sub(r"[^a-z0-9.]+", "-", architecture.lower()).strip("-")
        found = [
            (match.end(), family) for pattern, family in self._patterns if (match := pattern.match(name))
        ]
        return max(found)[1] if found else None

    def unknown(self, table: Table, spelling: str) -> str:
        """What was expected in place of a spelling that the table does not have, and what to do."""
        known = {row[table.key[0]] for row in self._rows[table.name].values()}
        nearest = difflib.get_close_matches(spelling, known, n=1)
        hint = f" (nearest: {nearest[0]})" if nearest else ""
        return f"a spelling of {self.folder / table.name}.csv{hint}; add a row there if it is a new one"

    def _cell(self, table: Table, spelling: str, column: str) -> Any:
        row = self._rows[table.name].get(spelling.lower())
        return row[column] if row else None


@dataclass
class Lookup:
    """Looks up words for an importer and collects what the vocabulary does not have, so that all of it is
    said at once: look everything up, then call ``refuse``."""

    vocabulary: Vocabulary
    problems: list[str]

    def dataset(self, spelling: str, place: str) -> str:
        return self._known(self.vocabulary.dataset(spelling), DATASET_NAMES, spelling, place) or ""

    def publisher(self, spelling: str, place: str) -> tuple[str, str | None]:
        return self._known(self.vocabulary.publisher(spelling), PUBLISHERS, spelling, place) or ("", None)

    def countries(self, spelling: str, place: str) -> list[str]:
        return self._known(self.vocabulary.countries(spelling), COUNTRIES, spelling, place) or []

    def venue(self, spelling: str, place: str) -> tuple[str, str]:
        return self._known(self.vocabulary.venue(spelling), VENUES, spelling, place) or ("", "")

    def license(self, spelling: str, place: str) -> str:
        return self._known(self.vocabulary.license(spelling), LICENSES, spelling, place) or ""

    def refuse(self) -> None:
        """Raises ``DataProblem`` with everything that was collected, each once."""
        if self.problems:
            raise DataProblem(list(dict.fromkeys(self.problems)))

    def _known(self, found: Any, table: Table, spelling: str, place: str) -> Any:
        if found is None:
            expected = self.vocabulary.unknown(table, spelling)
            self.problems.append(f"{place}: found {show(spelling)}, expected {expected}")
        return found


def load_vocabulary(folder: Path) -> Vocabulary:
    """Raises ``UsageError`` where a file is missing and ``DataProblem`` with all that is wrong in one."""
    return Vocabulary({table.name: _read(table, folder) for table in VOCABULARY_TABLES}, folder)


def _read(table: Table, folder: Path) -> list[PlacedRow]:
    path = folder / f"{table.name}.csv"
    if not path.is_file():
        raise UsageError(f"no vocabulary file {path}. Give the folder that has it with --vocabulary.")
    rows = read_table(table, path)
    problems = [str(problem) for problem in table_problems(table, rows, {})]
    if table is MODEL_TYPES:
        problems += _bad_patterns(rows)
    if problems:
        raise DataProblem(problems)
    return rows


def _bad_patterns(rows: Sequence[PlacedRow]) -> list[str]:
    problems = []
    for row in rows:
        try:
            re.compile(row[MODEL_TYPES.c.pattern] or "")
        except re.error as error:
            found = show(row[MODEL_TYPES.c.pattern])
            problems.append(f"{row.place}: found {found} ({error}), expected a regular expression")
    return problems
