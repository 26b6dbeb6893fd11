"""Numbers of a model that an erratum withdrew: shown apart, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import link, text
from sngen.leaderboard.numbers import score_value
from sngen.leaderboard.page import plain_table
from sngen.leaderboard.snapshot import Row
from sngen.schema import ERRATA, SCORES

_S, _E = SCORES.c, ERRATA.c
_HEAD = ("Number", "Value", "Withdrawn on", "By", "Why", "Discussion")


def withdrawn_scores(scores: Sequence[Row], context: Context) -> Iterable[str]:
    """Heading and table; nothing where there are none."""
    if not scores:
        return
    yield "## Withdrawn"
    yield "<p>Numbers that were published and do not stand. No ranking, chart or finding uses them.</p>"
    yield plain_table(
        "Errata", _HEAD, [_row(score, context.snapshot.errata[score[_S.withdrawn]]) for score in scores]
    )


def _row(score: Row, erratum: Row) -> tuple[str, ...]:
    name = f'<span id="{text(score[_S.score_id])}"><code>{text(score[_S.score_id])}</code></span>'
    return (
        name,
        score_value(score),
        text(erratum[_E.date]),
        text(erratum[_E.who]),
        text(erratum[_E.reason]),
        link(erratum[_E.issue_url]) if erratum[_E.issue_url] else "",
    )
