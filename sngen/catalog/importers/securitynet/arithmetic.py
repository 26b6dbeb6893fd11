"""The source's numbers, checked against each other: see ``sngen.catalog.arithmetic``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sngen.catalog import arithmetic
from sngen.catalog.arithmetic import IDENTITIES, MINIMUM_MODELS, Identity, Numbers
from sngen.catalog.audit import Audit, touched
from sngen.catalog.importers.securitynet.columns import (
    CORRECTNESS_AUC,
    DATA_NAME,
    ENTROPY_AUC,
    IMAGENET_ACCURACY,
    IMAGENET_AGREEMENT,
    OVERFIT_GAP,
    SCORE_COLUMNS,
    TEST_ACCURACY,
    TRAIN_ACCURACY,
    WRN_ACCURACY,
    WRN_AGREEMENT,
)
from sngen.catalog.rules import SourceRow
from sngen.schema import DATASETS, MODELS

PAIRS = (
    (CORRECTNESS_AUC, ENTROPY_AUC), (WRN_ACCURACY, WRN_AGREEMENT), (IMAGENET_ACCURACY, IMAGENET_AGREEMENT),
)  # fmt: skip
#: The source's own name of what an identity states.
_STATED = {ours: theirs for theirs, ours in SCORE_COLUMNS.items()}
_ORDER = {column: position for position, column in enumerate(SCORE_COLUMNS)}

Sections = Mapping[str, Sequence[Numbers]]


def check_numbers(sections: Mapping[str, Sequence[SourceRow]], audit: Audit) -> None:
    """Record every check and its exceptions. ``sections`` are the cleaned rows by the source's headings."""
    numbers = {heading: [_numbers(row) for row in rows] for heading, rows in sections.items()}
    rows = [row for section in numbers.values() for row in section]
    for identity in IDENTITIES:
        _check_identity(identity, numbers, audit)
    _check_range(rows, audit)
    _check_pairs(rows, audit)
    _check_constant_columns(rows, audit)
    _check_equal_columns(rows, audit)


def _numbers(row: SourceRow) -> Numbers:
    return Numbers(row.row_id, row[DATA_NAME], {column: row[column] for column in SCORE_COLUMNS})


def _check_identity(identity: Identity, sections: Sections, audit: Audit) -> None:
    column = _STATED[identity.column]
    exceptions, summaries = [], []
    for heading, rows in sections.items():
        known = identity.distances(rows, TRAIN_ACCURACY, TEST_ACCURACY, column)
        largest = max((distance for _, distance in known), default=0.0)
        summaries.append(f"{heading}: {len(known)} rows, largest deviation {largest:.2g}.")
        exceptions += [row for row, distance in known if distance > identity.tolerance]
    words = " ".join([f"{identity.words} Within {identity.tolerance:g}.", *summaries])
    _record(audit, identity.name, words, column, exceptions)


def _check_range(rows: Sequence[Numbers], audit: Audit) -> None:
    """One entry per column, so that exceptions stand under their own column."""
    outside = list(arithmetic.outside(rows, lambda column: (_lowest(column), 1)))
    for column in SCORE_COLUMNS:
        number = sum(row.known(column) for row in rows)
        words = f"Lies in [{_lowest(column)}, 1]. {number} rows."
        _record(audit, "fraction-in-range", words, column, (row for row, odd in outside if odd == column))


def _lowest(column: str) -> int:
    return -1 if column == OVERFIT_GAP else 0


def _check_pairs(rows: Iterable[Numbers], audit: Audit) -> None:
    for first, second in PAIRS:
        exceptions = [row for row in rows if row.known(first) != row.known(second)]
        words = f"{first} and {second} are known together or not at all."
        _record(audit, "known-together", words, first, exceptions)


def _check_constant_columns(rows: Sequence[Numbers], audit: Audit) -> None:
    words = f"Columns that have one value for all models of a dataset, from {MINIMUM_MODELS} models on."
    found = sorted(arithmetic.constant(rows), key=lambda one: _ORDER[one[1]])
    for dataset, column, value in found:
        entry = audit.open("column-constant-in-dataset", "check", words, DATASETS.name, column)
        entry.append(touched(dataset, value, value))


def _check_equal_columns(rows: Sequence[Numbers], audit: Audit) -> None:
    words = f"Pairs of columns that are equal in all rows of a dataset, from {MINIMUM_MODELS} models on."
    found = audit.open("columns-equal-in-dataset", "check", words, DATASETS.name, "pairs of columns")
    for dataset, first, second in sorted(arithmetic.equal(rows), key=lambda one: _ORDER[one[1]]):
        found.append(touched(dataset, first, second))


def _record(audit: Audit, name: str, words: str, column: str, exceptions: Iterable[Numbers]) -> None:
    found = audit.open(name, "check", words, MODELS.name, column)
    found.extend(touched(row.row_id, row[column], row[column]) for row in exceptions)
