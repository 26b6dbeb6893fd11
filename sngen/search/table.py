"""The table that is searched: one row per model and dataset, column by column, read when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sngen.schema import LEADERBOARD, MODELS
from sngen.search.fields import (
    ACCURACY,
    ACCURACY_ORIGIN,
    DATASET,
    EVALUATED_ON,
    NAMES_IN_TABLE,
    ROBUST_ACCURACY,
    ROBUST_SETTING,
    SIZE,
)
from sngen.search.names import TableNames

Row = Mapping[str, Any]
Column = Sequence[Any]

_B = LEADERBOARD.c
#: Accuracies of a row, the first that is known counts: column, and the word that says which it was.
ACCURACIES = ((_B.measured_test_accuracy, "measured"), (_B.reported_test_accuracy, "reported"))
ROBUST_ACCURACIES = (
    (_B.reported_autoattack_linf_8_255, "linf-8-255"),
    (_B.reported_autoattack_linf_4_255, "linf-4-255"),
    (_B.reported_autoattack_l2_0_5, "l2-0.5"),
)
MILLION = 1e6


class SearchTable:
    """``read(name)`` gives a stored column: those of leaderboard and models, with ``dataset`` for the model's
    own dataset and ``evaluated_on`` for the row's. ``spellings``: spelling -> dataset id."""

    def __init__(self, rows: int, read: Callable[[str], Column], spellings: Mapping[str, str]) -> None:
        self._rows, self._read, self._spellings = rows, read, spellings
        self._columns: dict[str, Column] = {}

    def __len__(self) -> int:
        return self._rows

    def column(self, name: str) -> Column:
        """Values of a field in the order of rows; unknown is None."""
        if name not in self._columns:
            derive = _DERIVED.get(name)
            self._columns[name] = derive(self) if derive else self._read(name)
        return self._columns[name]

    @cached_property
    def main_rows(self) -> list[int]:
        """Rows with the model's own dataset, and those of models that have none."""
        own, on = self.column(_B.own_dataset), self.column(EVALUATED_ON.name)
        return [row for row in range(self._rows) if own[row] or on[row] is None]

    @cached_property
    def names(self) -> TableNames:
        occurring = {
            name: {word for word in self.column(name) if word is not None} for name in NAMES_IN_TABLE
        }
        return TableNames(occurring, self._spellings)


def table_of(models: Iterable[Row], board: Iterable[Row], spellings: Mapping[str, str]) -> SearchTable:
    """From rows of the tables models and leaderboard. A model without a dataset of its own has one row more,
    without dataset and scores, so that it is found as well. Rows are in the order of ids."""
    by_id = {model[MODELS.c.model_id]: model for model in models}
    pairs: list[tuple[Row, Row | None]] = [(by_id[row[_B.model_id]], row) for row in board]
    pairs += [(model, None) for model in by_id.values() if model[MODELS.c.dataset_id] is None]
    pairs.sort(key=lambda pair: (pair[0][MODELS.c.model_id], _row_dataset(pair[1]) or ""))

    def read(name: str) -> Column:
        if name == DATASET.name:
            return [model[MODELS.c.dataset_id] for model, _ in pairs]
        if name == EVALUATED_ON.name:
            return [_row_dataset(row) for _, row in pairs]
        if name == _B.own_dataset:
            return [row is not None and row[name] for _, row in pairs]
        if name in MODELS.by_name:
            return [
                model[name] or None if MODELS.by_name[name].is_list else model[name] for model, _ in pairs
            ]
        return [None if row is None else row[name] for _, row in pairs]

    return SearchTable(len(pairs), read, spellings)


def _row_dataset(row: Row | None) -> str | None:
    return None if row is None else row[_B.dataset_id]


def _first_known(table: SearchTable, columns: Sequence[tuple[str, str]]) -> list[tuple[Any, str | None]]:
    found: list[tuple[Any, str | None]] = [(None, None)] * len(table)
    for name, word in reversed(columns):
        for row, value in enumerate(table.column(name)):
            if value is not None:
                found[row] = (value, word)
    return found


def _size(table: SearchTable) -> Column:
    exact, rounded = table.column(MODELS.c.parameters), table.column(MODELS.c.parameters_rounded)
    return [
        float(count) if count is not None else None if millions is None else millions * MILLION
        for count, millions in zip(exact, rounded, strict=True)
    ]


_DERIVED: dict[str, Callable[[SearchTable], Column]] = {
    ACCURACY.name: lambda table: [value for value, _ in _first_known(table, ACCURACIES)],
    ACCURACY_ORIGIN.name: lambda table: [word for _, word in _first_known(table, ACCURACIES)],
    ROBUST_ACCURACY.name: lambda table: [value for value, _ in _first_known(table, ROBUST_ACCURACIES)],
    ROBUST_SETTING.name: lambda table: [word for _, word in _first_known(table, ROBUST_ACCURACIES)],
    SIZE.name: _size,
}
