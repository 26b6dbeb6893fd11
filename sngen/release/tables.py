"""All tables of a release, from the catalogue's facts and the records' measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sngen.errors import DataProblem
from sngen.findings import findings
from sngen.release.leaderboard import leaderboard
from sngen.release.measured import outcomes_of, scores_of, unknown_names, with_fingerprints
from sngen.results import Record
from sngen.schema import (
    DATASETS,
    FINDINGS,
    LEADERBOARD,
    MODELS,
    OUTCOMES,
    PROJECTS,
    RELATIVES,
    SCORES,
    SOURCES,
    TABLES,
)
from sngen.validation import validate

Rows = list[dict[str, Any]]
Tables = dict[str, Rows]


def make_tables(catalog: Mapping[str, Sequence[Mapping[str, Any]]], records: Sequence[Record]) -> Tables:
    """Every table of ``sngen.schema.TABLES``, valid and in its order.

    ``catalog`` holds rows by table name. Raises ``DataProblem`` with everything that is wrong.
    """
    facts: Tables = {name: [dict(row) for row in rows] for name, rows in catalog.items()}
    models, datasets = facts[MODELS.name], facts[DATASETS.name]
    problems = unknown_names(records, models, datasets)
    if problems:
        raise DataProblem(problems)
    datasets = with_fingerprints(datasets, records)
    scores = facts[SCORES.name] + [row for record in records for row in scores_of(record)]
    # The facts are checked before anything is derived from them: a derived row would only repeat the error.
    known: Tables = {
        SOURCES.name: facts[SOURCES.name],
        DATASETS.name: datasets,
        MODELS.name: models,
        SCORES.name: scores,
        OUTCOMES.name: [row for record in records for row in outcomes_of(record)],
        RELATIVES.name: facts[RELATIVES.name],
        PROJECTS.name: facts[PROJECTS.name],
    }
    _refuse_invalid(known)
    derived = {
        LEADERBOARD.name: leaderboard(models, datasets, scores),
        FINDINGS.name: findings(models, scores, facts[RELATIVES.name]),
    }
    _refuse_invalid(known | derived)
    return {name: (known | derived)[name] for name in TABLES}


def _refuse_invalid(tables: Tables) -> None:
    problems = validate(tables)
    if problems:
        raise DataProblem(problems)
