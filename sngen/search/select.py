"""A search from beginning to end: query, distinct weights, order, columns, limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sngen.errors import UsageError
from sngen.schema import MODELS, RELATIVES
from sngen.search.conditions import matching
from sngen.search.fields import (
    ACCURACY,
    ACCURACY_ORIGIN,
    DATASET,
    EVALUATED_ON,
    FIELDS,
    ROBUST_ACCURACY,
    ROBUST_SETTING,
    Field,
    field_named,
    folded,
)
from sngen.search.library import Library
from sngen.search.query import Query, parse
from sngen.search.table import SearchTable

#: A column that says nothing without another.
TOGETHER = {ACCURACY.name: ACCURACY_ORIGIN.name, ROBUST_ACCURACY.name: ROBUST_SETTING.name}
EVERY_COLUMN = "all"


@dataclass(frozen=True)
class Selection:
    """What was found. ``rows`` are positions in ``table`` in the order asked for, at most ``limit``;
    ``matched`` counts them before the limit; ``sharing`` counts rows whose weights another row has."""

    table: SearchTable
    query: Query
    rows: Sequence[int]
    columns: Sequence[Field]
    matched: int
    sharing: int
    distinct: bool

    def values(self, name: str) -> list[Any]:
        """A field's values, in order; unknown is None. Any field, not only one of ``columns``."""
        column = self.table.column(name)
        return [column[row] for row in self.rows]

    @property
    def model_ids(self) -> list[str]:
        """Ids in order, each once."""
        return list(dict.fromkeys(self.values(MODELS.c.model_id)))

    def records(self) -> list[dict[str, Any]]:
        columns = [self.values(field.name) for field in self.columns]
        names = [field.name for field in self.columns]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def select(
    library: Library,
    query: str,
    sort: Sequence[str] = (),
    columns: Sequence[str] = (),
    limit: int | None = None,
    distinct: bool = False,
) -> Selection:
    """``sort``: names of fields, ``-`` before one that descends. ``columns``: names that replace the usual
    ones, or, with ``+`` before the first, are added to them; ``all`` is every field. Both may hold several
    names in one text, separated by commas. Raises ``UsageError``."""
    keys = [_sort_key(name.strip()) for text in sort for name in text.split(",") if name.strip()]
    if limit is not None and limit < 1:
        raise UsageError(f"limit is {limit}, expected at least 1.")
    # Whether other datasets' rows are asked for is known for certain once the words are; this is faster.
    table = library.search_table("evaluated" in folded(query))
    parsed = parse(query, table.names)
    found = matching(table, parsed)
    kept = _one_of_each(table, found, library.rows(RELATIVES)) if found else []
    rows = kept if distinct else found
    for field, descending in reversed(keys):
        rows = _sorted(rows, table.column(field.name), descending)
    return Selection(
        table=table,
        query=parsed,
        rows=rows[:limit],
        columns=_columns(columns, parsed, [field for field, _ in keys]),
        matched=len(rows),
        sharing=len(found) - len(kept),
        distinct=distinct,
    )


def names_in(text: str) -> list[str]:
    """Names separated by commas. A ``+`` before the first is meant for all: they are added, not put in place
    of others."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    return [f"+{name.lstrip('+')}" for name in names] if text.strip().startswith("+") else names


def _sort_key(name: str) -> tuple[Field, bool]:
    return field_named(name.removeprefix("-").removeprefix("+")), name.startswith("-")


def _sorted(rows: list[int], column: Sequence[Any], descending: bool) -> list[int]:
    """Stable; unknown comes last either way; texts without regard to letter case."""

    def key(row: int) -> Any:
        value = column[row]
        return value.lower() if isinstance(value, str) else value

    known = [row for row in rows if column[row] is not None]
    return sorted(known, key=key, reverse=descending) + [row for row in rows if column[row] is None]


def _one_of_each(table: SearchTable, rows: list[int], relatives: Sequence[Mapping[str, Any]]) -> list[int]:
    """Per weights and dataset one row: of the entry that stands for them if it was found, else the first."""
    from sngen.catalog.relating.distinct import distinct_weights  # noqa: PLC0415

    ids, on = table.column(MODELS.c.model_id), table.column(EVALUATED_ON.name)
    kinds = table.column(MODELS.c.copy_kind)
    copies = {ids[row] for row in range(len(table)) if kinds[row] is not None}
    standing = distinct_weights(relatives, copies)
    chosen: dict[tuple[Any, Any], int] = {}
    for row in rows:
        weights = standing.get(ids[row], ids[row])
        if (weights, on[row]) not in chosen or ids[row] == weights:
            chosen[weights, on[row]] = row
    kept = set(chosen.values())
    return [row for row in rows if row in kept]


def _columns(asked: Sequence[str], query: Query, sorted_by: Sequence[Field]) -> list[Field]:
    names = [name for text in asked for name in names_in(text)]
    added = [name[1:] for name in names if name.startswith("+")]
    replacing = [name for name in names if not name.startswith("+")]
    if EVERY_COLUMN in replacing:
        return list(FIELDS.values())
    if replacing:
        first = [field_named(name) for name in replacing]
    else:
        dataset = EVALUATED_ON if query.every_dataset else DATASET
        usual = (
            MODELS.c.model_id, dataset.name, ACCURACY.name, MODELS.c.model_type, MODELS.c.purpose,
            MODELS.c.year,
        )  # fmt: skip
        first = [*(FIELDS[name] for name in usual), *query.fields, *sorted_by]
    chosen: dict[str, Field] = {}
    for field in [*first, *(field_named(name) for name in added)]:
        chosen[field.name] = field
        other = TOGETHER.get(field.name)
        if other is not None:
            chosen[other] = FIELDS[other]
    return list(chosen.values())
