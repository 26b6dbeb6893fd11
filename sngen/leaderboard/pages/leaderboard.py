"""One leaderboard: a family of evaluations on one dataset, measured and reported numbers apart."""

from __future__ import annotations

from sngen.leaderboard.board_charts import FEWEST_POINTS, board_pictures
from sngen.leaderboard.board_table import board_table, quantity_title
from sngen.leaderboard.comparable import Board, LeftOut
from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import link, text
from sngen.leaderboard.numbers import in_sentence, plural
from sngen.leaderboard.page import Body, Page, badge, model_link
from sngen.schema import DATASETS, FAMILIES, FINDINGS, METRICS, MODELS, SOURCES, TIERS

#: More models than this are counted, and the rest of their names left to the model pages.
MOST_NAMED = 12


def path_of(family: str, dataset_id: str) -> str:
    return f"leaderboards/{family}/{dataset_id}.md"


def leaderboard_page(family: str, dataset_id: str, context: Context) -> Page:
    body = Body(path_of(family, dataset_id))
    name = context.dataset_name(dataset_id)
    boards = context.boards_of[family, dataset_id]
    body.add(_lead(family, dataset_id, context, body.root))
    for origin in ("measured", "reported"):
        chosen = [board for board in boards if board.origin == origin]
        heading = "Measured by this project" if origin == "measured" else "Reported by publications"
        body.add(f"## {heading}")
        if not chosen:
            body.add(f"No {origin} numbers of this family on {text(name)} in this release.")
        for board in chosen:
            _add_board(body, board, context)
    _add_findings(body, family, dataset_id, context)
    return body.page(f"{FAMILIES[family]}: {name}")


def _lead(family: str, dataset_id: str, context: Context, root: str) -> str:
    dataset = context.snapshot.datasets[dataset_id]
    facts = [
        f"{dataset[column]:,} {words}"
        for column, words in (
            (DATASETS.c.num_classes, "classes"),
            (DATASETS.c.train_size, "training images"),
            (DATASETS.c.test_size, "test images"),
        )
        if dataset[column] is not None
    ]
    about = f" ({', '.join(facts)})" if facts else ""
    return (
        f"{text(FAMILIES[family])} of public models on **{text(dataset[DATASETS.c.name])}**{about}. "
        f'What the numbers mean: <a href="{root}methods.html">methods</a>. '
        f'Other datasets and families: <a href="{root}leaderboards/index.html">all leaderboards</a>.'
    )


def _add_board(body: Body, board: Board, context: Context) -> None:
    body.add(f"### {text(_basis(board, context))}", f"{badge(board.origin)} {_board_words(board, context)}")
    ranking = context.ranking_of(board)
    if ranking is not None:
        first = quantity_title(board, board.main)
        tied = plural(ranking.tied_with_first, "model")
        body.add(
            f'<p class="sn-note">Ranked by {text(in_sentence(first))}. {text(ranking.method)} '
            f"Here {tied} can claim rank 1.</p>"
        )
    elif board.origin == "reported":
        body.add(
            '<p class="sn-note">Not ranked: nothing in the source tells whether neighbouring values '
            "differ by more than chance. The order is that of the first column of scores.</p>"
        )
    body.table(
        board_table(board, context, f"{FAMILIES[board.family]}, {board.origin}: {_basis(board, context)}")
    )
    pictures = board_pictures(board, context)
    for drawn in pictures:
        body.picture(drawn)
    if not pictures:
        body.add(
            f"No chart: fewer than {FEWEST_POINTS} comparable models have both quantities, or one is "
            "constant."
            if board.origin == "reported"
            else "No chart for this family yet."
            if board.family != "utility"
            else "No chart: it takes at least two measured models."
        )
    left_out = list(board.left_out)
    if ranking is not None and ranking.degenerate:
        left_out.append(
            LeftOut("not ranked: degenerate answers", len(ranking.degenerate), ranking.degenerate)
        )
    body.add(_left_out(left_out, context, body.root))


def _basis(board: Board, context: Context) -> str:
    if board.origin == "measured":
        return f"Protocol {board.basis}, tier {board.tier}"
    return str(context.snapshot.sources[board.basis][SOURCES.c.title])


def _board_words(board: Board, context: Context) -> str:
    count = plural(len(board.scores), "model")
    quantities = ", ".join(
        dict.fromkeys(text(in_sentence(METRICS[metric].title)) for _, _, metric in board.quantities)
    )
    if board.origin == "measured":
        return f"{count}; tier: {text(TIERS[board.tier or ''])}. Columns: {quantities}."
    source = context.snapshot.sources[board.basis]
    revision = source[SOURCES.c.revision]
    at = f", revision {text(revision)}" if revision else ""
    return f"{count}, from {link(source[SOURCES.c.url], source[SOURCES.c.title])}{at}. Columns: {quantities}."


def _left_out(entries: list[LeftOut], context: Context, root: str) -> str:
    if not entries:
        return ""
    items = "".join(
        f"<li>{text(entry.reason)}: {plural(entry.scores, 'score')} of "
        f"{_named(entry.models, context, root)}</li>"
        for entry in entries
    )
    return (
        '<div class="sn-note"><p>Left out, because only like is compared with like (every score stays on its '
        f"model's page):</p><ul>{items}</ul></div>"
    )


def _named(models: tuple[str, ...], context: Context, root: str) -> str:
    names = [model_link(root, m, context.snapshot.models[m][MODELS.c.name]) for m in models[:MOST_NAMED]]
    more = f" and {len(models) - MOST_NAMED} more" if len(models) > MOST_NAMED else ""
    return ", ".join(names) + more


def _add_findings(body: Body, family: str, dataset_id: str, context: Context) -> None:
    c = FINDINGS.c
    rows = [r for r in context.snapshot.findings if (r[c.family], r[c.dataset_id]) == (family, dataset_id)]
    if rows:
        items = "\n".join(
            f"- {text(row[c.title])} ({text(row[c.method])}, {row[c.origin]}, n = {row[c.n]}): "
            f"**{text(row[c.verdict])}**"
            for row in rows
        )
        body.add(
            "## Findings",
            items,
            f'<p><a href="{body.root}findings.html">All findings, with statistics</a></p>',
        )
