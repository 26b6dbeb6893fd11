"""Relations between the source's numbers that must hold, or that show how little a number says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

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
from sngen.catalog.importers.securitynet.oddities import IDENTITY_TOLERANCE, MINIMUM_MODELS
from sngen.catalog.rules import SourceRow
from sngen.schema import DATASETS, MODELS

#: Three numbers, each rounded to six digits.
GAP_TOLERANCE = 1.5e-6
PAIRS = (
    (CORRECTNESS_AUC, ENTROPY_AUC), (WRN_ACCURACY, WRN_AGREEMENT), (IMAGENET_ACCURACY, IMAGENET_AGREEMENT),
)  # fmt: skip

Sections = Mapping[str, Sequence[SourceRow]]


@dataclass(frozen=True)
class Identity:
    """What a column must be, given train and test accuracy."""

    name: str
    words: str
    column: str
    tolerance: float
    expected: Callable[[float, float], float]

    def distance(self, row: SourceRow) -> float | None:
        """How far the row is from it; None where one of the three numbers is not known."""
        stated, train, test = row[self.column], row[TRAIN_ACCURACY], row[TEST_ACCURACY]
        return None if None in (stated, train, test) else abs(stated - self.expected(train, test))


IDENTITIES = (
    Identity(
        "gap-is-train-minus-test",
        "Overfit gap is train accuracy minus test accuracy.",
        OVERFIT_GAP, GAP_TOLERANCE, lambda train, test: train - test,
    ),
    Identity(
        "correctness-auc-is-half-plus-half-gap",
        "The AUC of the prediction-correctness attack is 1/2 + (train accuracy - test accuracy) / 2. Where "
        "that holds exactly, the AUC says nothing that the gap does not.",
        CORRECTNESS_AUC, IDENTITY_TOLERANCE, lambda train, test: 0.5 + (train - test) / 2,
    ),
)  # fmt: skip


def check_numbers(sections: Sections, audit: Audit) -> None:
    """Record every check and its exceptions. ``sections`` are the cleaned rows by the source's headings."""
    rows = [row for section in sections.values() for row in section]
    for identity in IDENTITIES:
        _check_identity(identity, sections, audit)
    _check_range(rows, audit)
    _check_pairs(rows, audit)
    _check_constant_columns(rows, audit)
    _check_equal_columns(rows, audit)


def _check_identity(identity: Identity, sections: Sections, audit: Audit) -> None:
    exceptions, summaries = [], []
    for heading, rows in sections.items():
        known = [(row, distance) for row in rows if (distance := identity.distance(row)) is not None]
        largest = max((distance for _, distance in known), default=0.0)
        summaries.append(f"{heading}: {len(known)} rows, largest deviation {largest:.2g}.")
        exceptions += [row for row, distance in known if distance > identity.tolerance]
    words = " ".join([f"{identity.words} Within {identity.tolerance:g}.", *summaries])
    _record(audit, identity.name, words, identity.column, exceptions)


def _check_range(rows: Iterable[SourceRow], audit: Audit) -> None:
    """One entry per column, so that exceptions stand under their own column."""
    for column in SCORE_COLUMNS:
        known = [row for row in rows if row[column] is not None]
        low = -1 if column == OVERFIT_GAP else 0
        exceptions = [row for row in known if not low <= row[column] <= 1]
        words = f"Lies in [{low}, 1]. {len(known)} rows."
        _record(audit, "fraction-in-range", words, column, exceptions)


def _check_pairs(rows: Iterable[SourceRow], audit: Audit) -> None:
    for first, second in PAIRS:
        exceptions = [row for row in rows if (row[first] is None) != (row[second] is None)]
        words = f"{first} and {second} are known together or not at all."
        _record(audit, "known-together", words, first, exceptions)


def _check_constant_columns(rows: Iterable[SourceRow], audit: Audit) -> None:
    words = f"Columns that have one value for all models of a dataset, from {MINIMUM_MODELS} models on."
    for column in SCORE_COLUMNS:
        constant = [
            touched(dataset, group[0][column], group[0][column])
            for dataset, group in _datasets(rows, (column,))
            if len({row[column] for row in group}) == 1
        ]
        if constant:
            audit.open("column-constant-in-dataset", "check", words, DATASETS.name, column).extend(constant)


def _check_equal_columns(rows: Iterable[SourceRow], audit: Audit) -> None:
    words = f"Pairs of columns that are equal in all rows of a dataset, from {MINIMUM_MODELS} models on."
    found = audit.open("columns-equal-in-dataset", "check", words, DATASETS.name, "pairs of columns")
    for first, second in combinations(SCORE_COLUMNS, 2):
        for dataset, group in _datasets(rows, (first, second)):
            if all(row[first] == row[second] for row in group):
                found.append(touched(dataset, first, second))


def _record(audit: Audit, name: str, words: str, column: str, exceptions: Iterable[SourceRow]) -> None:
    found = audit.open(name, "check", words, MODELS.name, column)
    found.extend(touched(row.row_id, row[column], row[column]) for row in exceptions)


def _datasets(rows: Iterable[SourceRow], columns: tuple[str, ...]) -> list[tuple[str, list[Any]]]:
    """Rows that have all the columns, by dataset, where there are enough of them."""
    groups: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        if all(row[column] is not None for column in columns):
            groups[row[DATA_NAME]].append(row)
    return [(dataset, group) for dataset, group in groups.items() if len(group) >= MINIMUM_MODELS]
