"""Every claim of the study with its verdict on this release's numbers."""

from __future__ import annotations

from itertools import groupby

from sngen.findings.claims import load_claims
from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.numbers import interval, number, p_value
from sngen.leaderboard.page import Body, Page, badge, plain_table
from sngen.leaderboard.pages.leaderboard import path_of
from sngen.leaderboard.snapshot import Row
from sngen.schema import FAMILIES, FINDINGS, VERDICTS

PATH = "findings.md"
_F = FINDINGS.c
_HEAD = (
    "Dataset", "Numbers", "Method", "Statistic", "Value", "n", "Groups of relatives", "p, adjusted",
    "Verdict", "What would flip it",
)  # fmt: skip


def findings_page(context: Context) -> Page:
    body = Body(PATH)
    rules, _ = load_claims()
    body.add(
        "Claims of the SecurityNet study (USENIX Security 2024), each tested again on the numbers of this "
        "release, reported and measured ones apart. Intervals treat related models as one group; p-values "
        "are adjusted over all findings (Benjamini-Hochberg), and a claim is decided only where the adjusted "
        f"one is at most {rules.false_discoveries:g} as well. The last line of each claim is the selection "
        "of rows of the table `scores` that it rests on."
    )
    verdicts = "\n".join(f"- **{name}**: {words}" for name, words in VERDICTS.items())
    body.add(verdicts)
    rows = sorted(
        context.snapshot.findings, key=lambda row: (list(FAMILIES).index(row[_F.family]), row[_F.claim_id])
    )
    for family, of_family in groupby(rows, key=lambda row: row[_F.family]):
        body.add(f"## {FAMILIES[family]}")
        for _, of_claim in groupby(of_family, key=lambda row: row[_F.claim_id]):
            _add_claim(body, list(of_claim), context)
    if not rows:
        body.add("This release has no findings.")
    return body.page("Findings")


def _add_claim(body: Body, rows: list[Row], context: Context) -> None:
    title = text(rows[0][_F.title])
    body.add(f"### {title}", f"<p>{text(rows[0][_F.statement])}</p>")
    body.add(plain_table(title, _HEAD, [_row(row, context, body.root) for row in rows]))
    body.add(_notes(rows, context))
    body.add(_left_out(rows, context))
    queries = dict.fromkeys(f"<li><code>{text(row[_F.query])}</code></li>" for row in rows)
    body.add(f"<details><summary>Rows behind it</summary><ul>{''.join(queries)}</ul></details>")


def _notes(rows: list[Row], context: Context) -> str:
    """What to know of a method, and why a case could not be tested."""
    remarks = dict.fromkeys((row[_F.method], row[_F.remark]) for row in rows if row[_F.remark])
    lines = [f"- {text(method)}: {text(remark)}" for method, remark in remarks]
    obstacles: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row[_F.value] is None:
            case = context.dataset_name(row[_F.dataset_id]), row[_F.ci_method].removeprefix("none: ")
            obstacles.setdefault(case, []).append(row[_F.method])
    lines += [
        f"- {text(name)} ({text(', '.join(methods))}) could not be tested: {text(reason)}."
        for (name, reason), methods in obstacles.items()
    ]
    return "\n".join(lines)


def _left_out(rows: list[Row], context: Context) -> str:
    """Models that have the numbers and do not count, once for each dataset and origin."""
    cases: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row[_F.left_out]:
            case = f"{context.dataset_name(row[_F.dataset_id])}, {row[_F.origin]}", row[_F.left_out]
            cases.setdefault(case, []).append(row[_F.method])
    items = "".join(
        f"<li>{text(where)} ({text(', '.join(dict.fromkeys(methods)))}): {text(words)}</li>"
        for (where, words), methods in cases.items()
    )
    return f"<details><summary>Models left out</summary><ul>{items}</ul></details>" if items else ""


def _row(row: Row, context: Context, root: str) -> list[str]:
    name = text(context.dataset_name(row[_F.dataset_id]))
    key = (row[_F.family], row[_F.dataset_id])
    address = path_of(*key).removesuffix(".md") + ".html"
    ends = interval(row[_F.ci_low], row[_F.ci_high], "fraction")
    return [
        f'<a href="{root}{address}">{name}</a>' if key in context.boards_of else name,
        badge(row[_F.origin]),
        text(row[_F.method]),
        text(row[_F.statistic]),
        f"{number(row[_F.value], 'fraction')} {ends}",
        number(row[_F.n], "count"),
        number(row[_F.clusters], "count"),
        text(p_value(row[_F.p_adjusted])),
        f"<strong>{text(row[_F.verdict])}</strong>",
        text(row[_F.would_flip] or ""),
    ]
