"""Relations between reported numbers that must hold, or that show how little a number says.

The checks look at ``Numbers``: what one source says of one model on one dataset. An importer makes them of
its source's rows, ``numbers_of_scores`` of the merged table scores. Nothing is ever altered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from sngen.schema import HEADLINES, LEADERBOARD, METRICS, SCORES

#: A constant of a dataset means something from this many models on.
MINIMUM_MODELS = 3
#: How far the AUC of the correctness attack may lie from its identity.
IDENTITY_TOLERANCE = 0.005
#: Three numbers, each rounded to six digits.
GAP_TOLERANCE = 1.5e-6
#: Between source and dataset in the groups of ``numbers_of_scores``.
GROUP_SEPARATOR = ": "


@dataclass(frozen=True)
class Numbers:
    """``values`` are by column; None is not known. Within ``group`` (one dataset at one source) columns are
    compared. ``ids`` name a value's row where it is not ``row_id``."""

    row_id: str
    group: str
    values: Mapping[str, float | None]
    ids: Mapping[str, str] | None = None

    def known(self, *columns: str) -> bool:
        return not any(self.values.get(column) is None for column in columns)

    def __getitem__(self, column: str) -> Any:
        return self.values.get(column)

    def id_of(self, column: str) -> str:
        return self.row_id if self.ids is None else self.ids[column]


#: A row and one of its columns.
Cell = tuple[Numbers, str]


@dataclass(frozen=True)
class Identity:
    """What a column must be, given train and test accuracy."""

    name: str
    words: str
    column: str
    tolerance: float
    expected: Callable[[float, float], float]

    def distances(
        self, rows: Iterable[Numbers], train: str, test: str, stated: str
    ) -> list[tuple[Numbers, float]]:
        """How far each row is from it, of the rows that have all three numbers."""
        return [
            (row, abs(row[stated] - self.expected(row[train], row[test])))
            for row in rows
            if row.known(train, test, stated)
        ]


#: ``column`` is the leaderboard's name of what is stated.
IDENTITIES = (
    Identity(
        "gap-is-train-minus-test",
        "Overfit gap is train accuracy minus test accuracy.",
        LEADERBOARD.c.reported_overfitting_level, GAP_TOLERANCE, lambda train, test: train - test,
    ),
    Identity(
        "correctness-auc-is-half-plus-half-gap",
        "The AUC of the prediction-correctness attack is 1/2 + (train accuracy - test accuracy) / 2. Where "
        "that holds exactly, the AUC says nothing that the gap does not.",
        LEADERBOARD.c.reported_mia_correctness_auc, IDENTITY_TOLERANCE,
        lambda train, test: 0.5 + (train - test) / 2,
    ),
)  # fmt: skip


def numbers_of_scores(scores: Iterable[Mapping[str, Any]]) -> list[Numbers]:
    """One for each model, dataset and source of reported scores. A column is ``family/method/setting/metric``
    of the score; ``ids`` are those of the scores."""
    c = SCORES.c
    found: dict[tuple[str, str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for score in scores:
        found[score[c.model_id], score[c.dataset_id], score[c.source_id]].append(score)
    return [
        Numbers(
            model, f"{source}{GROUP_SEPARATOR}{dataset}",
            {kind_of(score): score[c.value] for score in rows},
            {kind_of(score): score[c.score_id] for score in rows},
        )
        for (model, dataset, source), rows in found.items()
    ]  # fmt: skip


def kind_of(score: Mapping[str, Any]) -> str:
    """What a score measures, as one word."""
    return "/".join(
        score[part] for part in (SCORES.c.family, SCORES.c.method, SCORES.c.setting, SCORES.c.metric)
    )


def headline_kind(column: str) -> str:
    """Of a column of the leaderboard."""
    (headline,) = (one for one in HEADLINES if one.column == column)
    return f"{headline.family}/{headline.method}/{headline.setting}/{headline.metric}"


def metric_range(column: str) -> tuple[float, float]:
    """Of a column of ``numbers_of_scores``: its metric's bounds."""
    metric = METRICS[column.rpartition("/")[2]]
    infinity = float("inf")
    return (
        -infinity if metric.minimum is None else metric.minimum,
        infinity if metric.maximum is None else metric.maximum,
    )


def outside(rows: Iterable[Numbers], bounds: Callable[[str], tuple[float, float]]) -> Iterator[Cell]:
    """Cells whose value is known and not within the bounds of its column."""
    for row in rows:
        for column, value in row.values.items():
            low, high = bounds(column)
            if value is not None and not low <= value <= high:
                yield row, column


def constant(rows: Iterable[Numbers]) -> Iterator[tuple[str, str, float]]:
    """Group, column and value, where at least ``MINIMUM_MODELS`` rows of the group have the column and all
    of them one value in it."""
    for group, members in _by_group(rows).items():
        for column, known in _columns(members).items():
            if len(known) >= MINIMUM_MODELS and len({row[column] for row in known}) == 1:
                yield group, column, known[0][column]


def equal(rows: Iterable[Numbers]) -> Iterator[tuple[str, str, str]]:
    """Group and two columns, where at least ``MINIMUM_MODELS`` rows of the group have both and all of them
    the same value in the two."""
    for group, members in _by_group(rows).items():
        for (first, here), (second, there) in combinations(_columns(members).items(), 2):
            if _equal(first, second, here if len(here) < len(there) else there):
                yield group, first, second


def _equal(first: str, second: str, rows: Iterable[Numbers]) -> bool:
    both = 0
    for row in rows:
        one, other = row[first], row[second]
        if one is not None and other is not None:
            if one != other:
                return False
            both += 1
    return both >= MINIMUM_MODELS


def _by_group(rows: Iterable[Numbers]) -> dict[str, list[Numbers]]:
    groups: dict[str, list[Numbers]] = defaultdict(list)
    for row in rows:
        groups[row.group].append(row)
    return groups


def _columns(rows: Iterable[Numbers]) -> dict[str, list[Numbers]]:
    """Rows that have it, by column."""
    found: dict[str, list[Numbers]] = defaultdict(list)
    for row in rows:
        for column, value in row.values.items():
            if value is not None:
                found[column].append(row)
    return found
