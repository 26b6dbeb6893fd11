"""The first page: what this is, how much there is, a search box, findings, how to load and cite."""

from __future__ import annotations

from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.numbers import number
from sngen.leaderboard.page import Body, Page, badge, code_block
from sngen.leaderboard.pages.load_and_cite import LOAD
from sngen.leaderboard.snapshot import Row
from sngen.schema import CONTROL, FINDINGS, MODELS, SCORES

PATH = "index.md"
MOST_FINDINGS = 4
_F = FINDINGS.c

_SEARCH = (
    '<form class="sn-search" action="models.html" method="get" role="search">'
    '<label for="sn-home-search">Find your next model</label>'
    '<input id="sn-home-search" type="search" name="q" '
    'placeholder="dataset=cifar10 accuracy&gt;=0.9 purpose=security">'
    '<button type="submit">Search the catalogue</button></form>'
)


def home_page(context: Context) -> Page:
    body = Body(PATH)
    body.add(
        "SecurityNet is a catalogue of image classifiers that somebody else trained and published, with "
        "their measured and reported weaknesses: how well they work, and how they stand up to adversarial "
        "examples, membership inference, model stealing and backdoors. Every number says where it comes "
        "from and can be checked.",
        _figures(context),
        _SEARCH,
        _ways(),
        "## Findings",
        _findings(context),
        "## Load and cite",
        code_block(LOAD),
        f"Cite the release by version and fingerprint: SecurityNet {text(context.snapshot.version)}, "
        f"<code>sha256:{text(context.snapshot.fingerprint)}</code>. [BibTeX and other ways to "
        "load](data.md).",
    )
    return body.page("SecurityNet")


def _figures(context: Context) -> str:
    snapshot = context.snapshot
    origins = [score[SCORES.c.origin] for score in snapshot.scores]
    used = context.made_for
    public = sum(model[MODELS.c.purpose] != CONTROL for model in snapshot.models.values())
    figures = (
        (number(public, "count"), "public models"),
        (number(len(snapshot.models) - public, "count"), "control models"),
        (number(len(used), "count"), "datasets"),
        (number(origins.count("measured"), "count"), "measured numbers"),
        (number(origins.count("reported"), "count"), "reported numbers"),
        (text(snapshot.version), "release"),
    )
    items = "".join(
        f'<li class="sn-figure"><strong>{value}</strong> {words}</li>' for value, words in figures
    )
    return f'<ul class="sn-figures">{items}</ul>'


def _ways() -> str:
    cards = (
        (
            "leaderboards/index.html",
            "Leaderboards",
            "One per family of evaluations and dataset, with charts.",
        ),
        ("models.html", "Models", "Every model with every fact; filter and take the selection along."),
        ("datasets/index.html", "Datasets", "What the models classify, by what the images show."),
        ("methods.html", "Methods", "What exactly was measured, and what may be compared."),
        ("contribute.html", "Contribute", "Add a model or an attack, or correct a number."),
    )
    items = "".join(
        f'<li class="sn-card"><p><strong><a href="{address}">{title}</a></strong></p><p>{words}</p></li>'
        for address, title, words in cards
    )
    return f'<ul class="sn-cards">{items}</ul>'


def _findings(context: Context) -> str:
    decided = [row for row in context.snapshot.findings if row[_F.verdict] in {"supported", "contradicted"}]

    # What contradicts the study first, then the findings on most models; one per claim.
    def place(row: Row) -> tuple[bool, int, str]:
        return row[_F.verdict] != "contradicted", -row[_F.n], row[_F.finding_id]

    chosen = {row[_F.claim_id]: row for row in sorted(decided, key=place, reverse=True)}
    rows = sorted(chosen.values(), key=place)[:MOST_FINDINGS]
    if not rows:
        return "No claim is decided by the numbers of this release. [All claims](findings.md)."
    items = "\n".join(
        f"- **{text(row[_F.title])}**: {text(row[_F.statement])} On "
        f"{text(context.dataset_name(row[_F.dataset_id]))} {badge(row[_F.origin])}: "
        f"**{text(row[_F.verdict])}** ({text(row[_F.statistic])} {number(row[_F.value], 'fraction')}, n = "
        f"{row[_F.n]} models)."
        for row in rows
    )
    return f"{items}\n\n[All claims, with intervals and p-values](findings.md)."
