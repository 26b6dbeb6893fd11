"""The data dictionary, generated from the data contract."""

from __future__ import annotations

from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.numbers import plural
from sngen.leaderboard.page import Body, Page, plain_table
from sngen.schema import (
    COPY_KINDS,
    FAMILIES,
    LICENSE_SCOPES,
    NORMS,
    ORIGINS,
    PROJECT_KINDS,
    PUBLISHER_TYPES,
    RELATIONS,
    SECURITY_ROLES,
    TABLES,
    TASKS,
    TIERS,
    TRAINING_KINDS,
    VERDICTS,
    WEIGHTS_KINDS,
    Table,
)

PATH = "dictionary.md"
_VOCABULARIES = {
    "Families": FAMILIES, "Origins": ORIGINS, "Tiers": TIERS, "Tasks": TASKS, "Copies": COPY_KINDS,
    "Kinds of training": TRAINING_KINDS, "Parts in research on security": SECURITY_ROLES, "Norms": NORMS,
    "Publishers": PUBLISHER_TYPES, "Links to weights": WEIGHTS_KINDS, "What a licence covers": LICENSE_SCOPES,
    "Relations": RELATIONS, "Projects": PROJECT_KINDS, "Verdicts": VERDICTS,
}  # fmt: skip


def dictionary_page(context: Context) -> Page:
    body = Body(PATH)
    body.add(
        "Every table of the dataset (a *config* of `load_dataset`) and every column. Unknown is null, "
        "fractions lie in [0, 1], perturbation sizes are in pixel space with pixels in [0, 1], dates are "
        "ISO 8601 in UTC."
    )
    for table in TABLES.values():
        _add_table(body, table, len(context.snapshot.tables[table.name]))
    for title, words in _VOCABULARIES.items():
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
