"""Models that the list names twice become one row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sngen.catalog.importers.paddleclas.listing import (
    FLOPS_G,
    FLOPS_M,
    HEADING,
    INFERENCE,
    PARAMS,
    PRETRAINED,
    TOP1,
    TOP5,
)
from sngen.catalog.rules import SourceRow
from sngen.validation import show

#: Where the merged row keeps the rows that it was made of, in the source's order.
LISTED = "rows of the list"


def merge_repeated(rows: Sequence[SourceRow]) -> tuple[list[SourceRow], list[str]]:
    """A row per id, and a problem for each that names one id with different files.

    The numbers are those of the row that says most: it has the top-5 accuracy, or its top-1 accuracy more
    digits. Place and line are those of the first.
    """
    groups: dict[str, list[SourceRow]] = defaultdict(list)
    for row in rows:
        groups[row.row_id].append(row)
    problems = [
        f"{row.place}, column {column!r}: found {show(row[column])}, expected the address of line "
        f"{same[0].number}, which has the same name"
        for same in groups.values()
        for row in same[1:]
        for column in (PRETRAINED, INFERENCE)
        if row[column] != same[0][column]
    ]
    return [_merged(same) for same in groups.values()], problems


def fullest(rows: Sequence[SourceRow]) -> SourceRow:
    return max(rows, key=lambda row: (row[TOP5] is not None, len(row[TOP1])))


def _merged(same: Sequence[SourceRow]) -> SourceRow:
    first, best = same[0], fullest(same)
    values = {**best.values, LISTED: same, HEADING: "; ".join(dict.fromkeys(row[HEADING] for row in same))}
    for column in (PARAMS, FLOPS_G, FLOPS_M):
        values[column] = next((row[column] for row in (best, *same) if row[column] is not None), None)
    return SourceRow(first.place, first.number, values, first.row_id, rules=list(best.rules))
