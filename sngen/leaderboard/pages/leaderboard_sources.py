"""The reported part of a leaderboard: which sources there are, their numbers in one table, their charts."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from urllib.parse import urlencode

from sngen.leaderboard.board_charts import FEWEST_POINTS, board_pictures
from sngen.leaderboard.board_quantities import MOST_SHOWN
from sngen.leaderboard.board_table import quantity_title
from sngen.leaderboard.comparable import Board
from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import link, text
from sngen.leaderboard.numbers import number, plural
from sngen.leaderboard.page import Body, badge, plain_table
from sngen.leaderboard.reported_table import REPORTED_BY, by_size, reported_table, shared_quantities
from sngen.schema import FAMILIES, METRICS, SOURCES

SEVERAL = (
    "The table holds all sources, and its column <em>Reported by</em> says whose a number is. Numbers of "
    "different sources can be compared only as far as both mean the same: sources differ in preprocessing, "
    "input size, choice of test images and rounding, and attacks of one name in steps and restarts. They are "
    "therefore not ranked; the order is that of the sources, and within one that of its first quantity. A "
    "column that you sort by mixes the sources; a source's name above keeps its rows alone."
)
#: More sources without a chart than this are counted.
MOST_NAMED = 3
ONE = (
    "Not ranked: nothing in the source tells whether neighbouring values differ by more than chance. The "
    "order is that of the first column of scores."
)


def add_sources(body: Body, boards: Sequence[Board], context: Context, *, alone: bool) -> None:
    """``boards``: one a source, none empty. ``alone``: the page has no other table."""
    boards = by_size(boards)
    family = boards[0].family
    models = {model for board in boards for model in board.scores}
    table = reported_table(boards, context, f"{FAMILIES[family]}, reported")
    prefix = "" if alone else f"{table.name}."
    body.add(
        f"<p>{badge('reported')} {plural(len(models), 'model')}, {context.distinct(models):,} distinct "
        f"weights, {plural(len(boards), 'source')}.</p>",
        _overview(boards, context, body.path, prefix),
        f'<p class="sn-note">{SEVERAL if len(boards) > 1 else ONE}</p>',
    )
    body.table(table)
    more = len(shared_quantities(boards)) - MOST_SHOWN
    if more > 0:
        body.add(
            f'<p class="sn-note">{plural(more, "further quantity", "further quantities")} under Columns.</p>'
        )
    _add_charts(body, boards, context)


def _overview(boards: Sequence[Board], context: Context, path: str, prefix: str) -> str:
    here = path.rpartition("/")[2].removesuffix(".md") + ".html"
    rows = [
        _row(board, context, f"{here}?{urlencode({prefix + REPORTED_BY: board.basis})}") for board in boards
    ]
    head = (
        "Source",
        "Models",
        "Distinct weights",
        "First quantity",
        "Lowest",
        "Median",
        "Highest",
        "Read from",
    )
    return plain_table("Sources", head, rows)


def _row(board: Board, context: Context, address: str) -> list[str]:
    values = [float(value) for value in context.values_of(board, board.main)]
    unit = METRICS[board.main[2]].unit
    source = context.snapshot.sources[board.basis]
    revision = source[SOURCES.c.revision]
    at = f" <code>{text(str(revision)[:12])}</code>" if revision else ""
    where = link(source[SOURCES.c.url], "upstream") if source[SOURCES.c.url] else ""
    return [
        f'<a href="{text(address)}">{text(source[SOURCES.c.title])}</a>',
        number(len(board.scores), "count"),
        number(context.distinct(board.scores), "count"),
        text(quantity_title(board.origin, board.family, board.main)),
        *(number(value, unit) for value in (min(values), median(values), max(values))),
        f"{where}{at}",
    ]


def _add_charts(body: Body, boards: Sequence[Board], context: Context) -> None:
    drawn = [(board, board_pictures(board, context)) for board in boards]
    for position, (board, pictures) in enumerate(entry for entry in drawn if entry[1]):
        title = text(context.snapshot.sources[board.basis][SOURCES.c.title])
        body.add(f"<details{' open' if position == 0 else ''}><summary>Charts: {title}</summary>")
        for picture in pictures:
            body.picture(picture)
        body.add("</details>")
    without = [board for board, pictures in drawn if not pictures]
    if without:
        names = [str(context.snapshot.sources[board.basis][SOURCES.c.title]) for board in without]
        which = ", ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} of these sources"
        body.add(
            f'<p class="sn-note">No chart of {text(which)}: fewer than {FEWEST_POINTS} comparable models '
            "have both quantities, or one is constant, or there is no chart for this family.</p>"
        )
