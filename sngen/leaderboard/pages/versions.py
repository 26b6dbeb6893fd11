"""What changed from version to version of the dataset, as the release's own change log says."""

from __future__ import annotations

from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import link, text
from sngen.leaderboard.page import Body, Page, code_block, plain_table
from sngen.schema import ERRATA

PATH = "versions.md"
_E = ERRATA.c
DIFF = (
    "sngen release diff 1.0.0 1.1.0\n"
    "sngen release diff 1.0.0 1.1.0 --models my-models.csv\n"
    "sngen release diff 1.0.0 1.1.0 --format html > changes.html"
)


def versions_page(context: Context) -> Page:
    body = Body(PATH)
    body.add(
        "The first number counts changes of meaning (a column or a protocol), the second what is new, the "
        "third corrections. A published version never changes. Scores that changed say by how much and why; "
        "findings and rankings follow from scores and are not counted as changes.",
        "Between any two versions, for all models or for yours:",
        code_block(DIFF),
    )
    for entry in context.snapshot.changes:
        dated = f", {entry['date']}" if entry["date"] else ""
        body.add(f"## {text(entry['version'])}{text(dated)}", _lines(entry["summary"]))
        for section in entry["sections"]:
            more = [f"and {section['more']:,} more"] if section["more"] else []
            body.add(f"### {text(section['title'])}", _lines([*section["lines"], *more]))
    _add_errata(body, context)
    if not context.snapshot.changes:
        body.add("This release has no change log.")
    return body.page("Versions")


def _add_errata(body: Body, context: Context) -> None:
    if not context.snapshot.errata:
        return
    body.add("## Errata", "Numbers that were published and do not stand; they are kept and marked.")
    rows = [
        (
            f"<code>{text(row[_E.erratum_id])}</code>",
            text(row[_E.date]),
            f"<code>{text(row[_E.score_id] or row[_E.record_id])}</code>",
            text(row[_E.who]),
            text(row[_E.reason]),
            link(row[_E.issue_url]) if row[_E.issue_url] else "",
        )
        for row in context.snapshot.errata.values()
    ]
    body.add(plain_table("Errata", ("Erratum", "Date", "Score or record", "By", "Why", "Discussion"), rows))


def _lines(lines: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{text(line)}</li>" for line in lines) + "</ul>"
