"""Rows of a table of facts that came, went or hold other cells now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Cell:
    """One cell that changed; lists as JSON."""

    row: str
    column: str
    before: Any
    after: Any


@dataclass(frozen=True)
class RowChanges:
    """By key; the parts of a key of several columns are joined by colons."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    cells: tuple[Cell, ...]


def row_changes(old: pd.DataFrame, new: pd.DataFrame, ignored: Collection[str]) -> RowChanges:
    """Both frames are indexed by key. Only columns that both have are compared, without the ``ignored``."""
    both = old.index.intersection(new.index, sort=False)
    columns = [name for name in new.columns if name in old.columns and name not in ignored]
    cells = [cell for name in columns for cell in _cells(name, old.loc[both, name], new.loc[both, name])]
    return RowChanges(
        tuple(sorted(new.index.difference(old.index))),
        tuple(sorted(old.index.difference(new.index))),
        tuple(sorted(cells, key=lambda cell: (cell.row, cell.column))),
    )


def differing(old: pd.Series, new: pd.Series) -> pd.Series:
    """Where two series of one index differ; two unknowns do not."""
    unknown = old.isna() & new.isna()
    return ~(unknown | (old.astype(object) == new.astype(object)))


def _cells(name: str, old: pd.Series, new: pd.Series) -> list[Cell]:
    other = differing(old, new)
    return [
        Cell(key, name, plain(before), plain(after))
        for key, before, after in zip(old.index[other], old[other], new[other], strict=True)
    ]


def plain(value: Any) -> Any:
    """As JSON has it: unknown is None, numbers are Python's."""
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value
