"""The data dictionary, generated from the data contract."""

from __future__ import annotations

from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.numbers import plural
from sngen.leaderboard.page import Body, Page, plain_table
from sngen.schema import FAMILIES, RELATIONS, TABLES, TIERS, VERDICTS, Table

PATH = "dictionary.md"


def dictionary_page(context: Context) -> Page:
    body = Body(PATH)
    body.add(
        "Every table of the dataset (a *config* of `load_dataset`) and every column. Unknown is null, "
        "fractions lie in [0, 1], perturbation sizes are in pixel space with pixels in [0, 1], dates are "
        "ISO 8601 in UTC."
    )
    for table in TABLES.values():
        _add_table(body, table, len(context.snapshot.tables[table.name]))
    for title, words in (
        ("Families", FAMILIES),
        ("Tiers", TIERS),
        ("Relations", RELATIONS),
        ("Verdicts", VERDICTS),
    ):
        rows = [(f"<code>{name}</code>", text(meaning)) for name, meaning in words.items()]
        body.add(f"## {title}", plain_table(title, ("Value", "Meaning"), rows))
    return body.page("Data dictionary")


def _add_table(body: Body, table: Table, rows: int) -> None:
    key = ", ".join(f"`{name}`" for name in table.key)
    body.add(
        f"## {table.name}", f"A row is {table.row_is}. Key: {key}. {plural(rows, 'row')} in this release."
    )
    cells = [
        (f"<code>{c.name}</code>", text(c.description), text(c.unit or ""), text(c.expectation))
        for c in table
    ]
    body.add(plain_table(f"Columns of {table.name}", ("Column", "Meaning", "Unit", "Holds"), cells))
