"""The data contract: every table, column, type, unit, allowed value, key and reference.

Code that reads or writes a table takes its column names from here (``SCORES.c.value``), validation reads
its rules from here, and the dataset card and the site's data dictionary are generated from here.

Conventions: unknown is null, fractions lie in [0, 1], perturbation sizes are in pixel space with pixels in
[0, 1], dates are ISO 8601 text, identifiers are ``source/name`` in lower case and never reused.
"""

from __future__ import annotations

from sngen.schema.columns import (
    DATE_PATTERN,
    ID_PATTERN,
    PROTOCOL_PATTERN,
    SHA256_PATTERN,
    URL_PATTERN,
    Column,
    Kind,
    Table,
)
from sngen.schema.leaderboard import HEADLINES, LEADERBOARD, Headline
from sngen.schema.metrics import METRICS, Metric
from sngen.schema.tables import (
    ALIASES,
    ARRAYS,
    DATASETS,
    ERRATA,
    FINDINGS,
    MODELS,
    OUTCOMES,
    PICTURES,
    PROJECTS,
    RELATIVES,
    SCORES,
    SOURCES,
)
from sngen.schema.vocabularies import (
    CLASSIFYING,
    CONTROL,
    COPY_KINDS,
    FAMILIES,
    LICENSE_SCOPES,
    NORMS,
    ORIGINS,
    PROJECT_KINDS,
    PUBLISHER_TYPES,
    PURPOSES,
    REFERENCE_ROLES,
    RELATIONS,
    SECURITY_ROLES,
    TASKS,
    TIERS,
    TRAINED_SPLITS,
    TRAINING_KINDS,
    TRAINING_SPLIT_FLAGS,
    VENUE_TYPES,
    VERDICTS,
    WEIGHTS_FORMATS,
    WEIGHTS_KINDS,
)

__all__ = [
    "ALIASES",
    "ARRAYS",
    "CATALOG_TABLES",
    "CLASSIFYING",
    "CONTROL",
    "COPY_KINDS",
    "DATASETS",
    "DATE_PATTERN",
    "ERRATA",
    "FAMILIES",
    "FINDINGS",
    "HEADLINES",
    "ID_PATTERN",
    "LEADERBOARD",
    "LICENSE_SCOPES",
    "METRICS",
    "MODELS",
    "NORMS",
    "ORIGINS",
    "OUTCOMES",
    "PICTURES",
    "PROJECTS",
    "PROJECT_KINDS",
    "PROTOCOL_PATTERN",
    "PUBLISHER_TYPES",
    "PURPOSES",
    "REFERENCE_ROLES",
    "RELATIONS",
    "RELATIVES",
    "SCORES",
    "SECURITY_ROLES",
    "SHA256_PATTERN",
    "SOURCES",
    "TABLES",
    "TASKS",
    "TIERS",
    "TRAINED_SPLITS",
    "TRAINING_KINDS",
    "TRAINING_SPLIT_FLAGS",
    "URL_PATTERN",
    "VENUE_TYPES",
    "VERDICTS",
    "WEIGHTS_FORMATS",
    "WEIGHTS_KINDS",
    "Column",
    "Headline",
    "Kind",
    "Metric",
    "Table",
    "score_id",
]

#: Tables that facts and records are written to; the rest are derived when a release is built.
CATALOG_TABLES = (SOURCES, DATASETS, MODELS, SCORES, RELATIVES, PROJECTS, ALIASES, ERRATA)
#: Every config of a release; the first is the default.
TABLES = {
    table.name: table
    for table in (
        LEADERBOARD, MODELS, SCORES, FINDINGS, DATASETS, OUTCOMES, ARRAYS, PICTURES, RELATIVES,
        PROJECTS, ALIASES, ERRATA, SOURCES,
    )
}  # fmt: skip


def score_id(model_id: str, dataset_id: str, basis: str, method: str, setting: str, metric: str) -> str:
    """The score's name. ``basis`` is the protocol (``utility/1``) or ``reported/<source_id>``."""
    return ":".join((model_id, dataset_id, basis, method, setting, metric))
