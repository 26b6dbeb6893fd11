"""All tables of a release, from the catalogue's facts and the records' measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sngen.errors import DataProblem
from sngen.findings.findings import findings
from sngen.release.errata import standing, with_errata
from sngen.release.leaderboard import leaderboard
from sngen.release.measured import (
    arrays_of,
    outcomes_of,
    pictures_of,
    scores_of,
    unknown_names,
    with_fingerprints,
    with_training_split_flags,
)
from sngen.results import Record
from sngen.schema import (
    ALIASES,
    ARRAYS,
    DATASETS,
    ERRATA,
    FINDINGS,
    LEADERBOARD,
    MODELS,
    OUTCOMES,
    PICTURES,
    PROJECTS,
    RELATIVES,
    SCORES,
    SOURCES,
    TABLES,
)
from sngen.validation import validate

Rows = Sequence[Mapping[str, Any]]
Tables = dict[str, Rows]


def make_tables(catalog: Mapping[str, Rows], records: Sequence[Record]) -> Tables:
    """Every table of ``sngen.schema.TABLES``, valid and in its order.

    ``catalog`` holds rows by table name. Raises ``DataProblem`` with everything that is wrong.
    """
    models = catalog[MODELS.name]
    problems = unknown_names(records, models, catalog[DATASETS.name])
    if problems:
        raise DataProblem(problems)
    datasets = with_fingerprints(catalog[DATASETS.name], records)
    measured = with_training_split_flags((row for record in records for row in scores_of(record)), models)
    scores = with_errata([*catalog[SCORES.name], *measured], catalog[ERRATA.name])
    # The facts are checked before anything is derived from them: a derived row would only repeat the error.
    known: Tables = {
        SOURCES.name: catalog[SOURCES.name],
        DATASETS.name: datasets,
        MODELS.name: models,
        SCORES.name: scores,
        OUTCOMES.name: [row for record in records for row in outcomes_of(record)],
        ARRAYS.name: [row for record in records for row in arrays_of(record)],
        PICTURES.name: [row for record in records for row in pictures_of(record)],
        RELATIVES.name: catalog[RELATIVES.name],
        PROJECTS.name: catalog[PROJECTS.name],
        ALIASES.name: catalog[ALIASES.name],
        ERRATA.name: catalog[ERRATA.name],
    }
    _refuse_invalid(known)
    derived = {
        LEADERBOARD.name: leaderboard(models, datasets, standing(scores)),
        FINDINGS.name: findings(models, standing(scores), catalog[RELATIVES.name]),
    }
    referred_to = (SOURCES.name, DATASETS.name, MODELS.name)
    _refuse_invalid({name: known[name] for name in referred_to} | derived)
    return {name: (known | derived)[name] for name in TABLES}


def _refuse_invalid(tables: Tables) -> None:
    problems = validate(tables)
    if problems:
        raise DataProblem(problems)
