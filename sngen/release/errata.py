"""Errata: what was wrong is marked, and never deleted.

An erratum names a score, or a result record with all its scores. These stay in the table ``scores`` with the
erratum's id in the column ``withdrawn``; leaderboards, rankings, findings and charts leave them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sngen.errors import DataProblem
from sngen.schema import ERRATA, SCORES

Row = Mapping[str, Any]
Rows = list[dict[str, Any]]


def with_errata(scores: Iterable[Row], errata: Sequence[Row]) -> Rows:
    """Scores with ``withdrawn`` set where an erratum names them.

    Raises ``DataProblem`` for an erratum that names nothing, or a score and a record at once.
    """
    rows = [dict(score) for score in scores]
    if not errata:
        return rows
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        for name in (row[SCORES.c.score_id], row[SCORES.c.record_id]):
            if name is not None:
                by_name.setdefault(name, []).append(row)
    problems = []
    for erratum in errata:
        names = [
            erratum[part] for part in (ERRATA.c.score_id, ERRATA.c.record_id) if erratum[part] is not None
        ]
        found = by_name.get(names[0], []) if len(names) == 1 else []
        if not found:
            said = " and ".join(names) or "nothing"
            problems.append(
                f"errata {erratum[ERRATA.c.erratum_id]}: names {said}, expected the id of one score, or of "
                f"one record, that is there"
            )
        for row in found:
            row[SCORES.c.withdrawn] = erratum[ERRATA.c.erratum_id]
    if problems:
        raise DataProblem(problems)
    return rows


def standing(scores: Iterable[Row]) -> list[Row]:
    """Without the withdrawn ones."""
    return [score for score in scores if score[SCORES.c.withdrawn] is None]
