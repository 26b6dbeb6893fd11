"""The audit report: which rules cleaned or flagged which rows."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.numbers import plural
from sngen.leaderboard.page import Body, Page, plain_table

PATH = "audit.md"
#: Rows listed on the page; the release's audit file has all.
MOST_ROWS = 50


def audit_page(context: Context) -> Page:
    body = Body(PATH)
    body.add(
        "Facts are taken from their sources by code. Where a source's value cannot be what it says (a zero "
        "that means “not measured”, a name that occurs twice), a named rule cleans or flags it. Every rule "
        "that touched a row is listed here with the rows; nothing was dropped silently. A flag alters "
        "nothing."
    )
    entries = context.snapshot.audit
    if not entries:
        body.add("No rule touched a row of this release.")
        return body.page("Audit report")
    head = ("Rule", "Table", "Column", "Rows")
    body.add(plain_table("Rules", head, [_summary(entry) for entry in entries]))
    for (rule, explanation), group in groupby(
        entries, key=lambda entry: (entry["rule"], entry["explanation"])
    ):
        body.add(f"## {text(rule)}", text(explanation), *(_rows(entry) for entry in group))
    return body.page("Audit report", searchable=False)  # half of the index otherwise


def _summary(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return text(entry["rule"]), text(entry["table"]), text(entry["column"]), f"{len(entry['rows']):,}"


def _rows(entry: Mapping[str, Any]) -> str:
    rows = entry["rows"]
    where = f"{text(entry['table'])}, {text(entry['column'])}"
    shown = [
        (f"<code>{text(row['row_id'])}</code>", _cell(row["before"]), _cell(row["after"]))
        for row in rows[:MOST_ROWS]
    ]
    more = f" (the first {MOST_ROWS} are listed)" if len(rows) > MOST_ROWS else ""
    table = plain_table(where, ("Row", "In the source", "In the release"), shown)
    return f"<details><summary>{plural(len(rows), 'row')} of {where}{more}</summary>{table}</details>"


def _cell(value: Any) -> str:
    return "<em>null</em>" if value is None else text(value)
