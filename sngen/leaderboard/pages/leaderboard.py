"""One leaderboard: a family of evaluations on one dataset, measured and reported numbers apart."""

from __future__ import annotations

from sngen.leaderboard.board_charts import FEWEST_POINTS, board_pictures
from sngen.leaderboard.board_quantities import columns_of, shown_first
from sngen.leaderboard.board_table import board_table, quantity_title
from sngen.leaderboard.comparable import Board, LeftOut
from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.measured_flags import of_masking
from sngen.leaderboard.numbers import in_sentence, plural
from sngen.leaderboard.page import Body, Page, badge, model_link
from sngen.leaderboard.pages.detector_summary import detector_summary
from sngen.leaderboard.pages.leaderboard_sources import add_sources
from sngen.leaderboard.pictures import Picture
from sngen.schema import DATASETS, FAMILIES, FINDINGS, METRICS, MODELS, SCORES, TIERS

#: More models than this are counted, and the rest of their names left to the model pages.
MOST_NAMED = 12
#: More charts than this are folded.
MOST_OPEN = 3


def path_of(family: str, dataset_id: str) -> str:
    return f"leaderboards/{family}/{dataset_id}.md"


def leaderboard_page(family: str, dataset_id: str, context: Context) -> Page:
    body = Body(path_of(family, dataset_id))
    name = context.dataset_name(dataset_id)
    boards = context.boards_of[family, dataset_id]
    body.add(_lead(family, dataset_id, context, body.root))
    measured, reported = ([b for b in boards if b.origin == kind] for kind in ("measured", "reported"))
    body.add("## Measured by this project")
    if not measured:
        body.add(f"No measured numbers of this family on {text(name)} in this release.")
    for board in measured:
        _add_measured(body, board, context)
    body.add("## Reported by publications")
    filled = [board for board in reported if board.scores]
    if not filled:
        body.add(f"No reported numbers of this family on {text(name)} in this release.")
    else:
        add_sources(body, filled, context, alone=not measured)
    body.add(left_out([entry for board in reported for entry in board.left_out], context, body.root))
    _add_findings(body, family, dataset_id, context)
    return body.page(f"{FAMILIES[family]}: {name}")


def _lead(family: str, dataset_id: str, context: Context, root: str) -> str:
    dataset = context.snapshot.datasets[dataset_id]
    models = {model for board in context.boards_of[family, dataset_id] for model in board.scores}
    distinct = context.distinct(models)
    weights = (
        "no two of them known to have the same weights"
        if distinct == len(models)
        else f"{distinct:,} distinct weights, as far as it is known which are the same"
    )
    about = f'<a href="{root}datasets/{text(dataset_id)}.html">{text(dataset[DATASETS.c.name])}</a>'
    return (
        f"<p>{text(FAMILIES[family])} of public models on <strong>{about}</strong>: "
        f"{plural(len(models), 'model')}, {weights}. "
        f'What the numbers mean: <a href="{root}methods.html">methods</a>. '
        f'Other datasets and families: <a href="{root}leaderboards/index.html">all leaderboards</a>.</p>'
    )


def _add_measured(body: Body, board: Board, context: Context) -> None:
    basis = f"Protocol {board.basis}, tier {board.tier}"
    body.add(f"### {text(basis)}")
    if not board.scores:
        body.add("Every model is left out.", left_out(list(board.left_out), context, body.root))
        return
    body.add(f"{badge(board.origin)} {_board_words(board)}")
    body.add(detector_summary(board, context))
    ranking = context.ranking_of(board)
    if ranking is not None:
        first = quantity_title(board.origin, board.family, board.main)
        tied = plural(ranking.tied_with_first, "model")
        body.add(
            f'<p class="sn-note">Ranked by {text(in_sentence(first))}. {text(ranking.method)} '
            f"Here {tied} can claim rank 1.</p>"
        )
    body.table(board_table(board, context, f"{FAMILIES[board.family]}, measured: {basis}"))
    body.add(_elsewhere(board), _masked(board, context, body.root), _without_main(board, context, body.root))
    pictures = board_pictures(board, context)
    _add_pictures(body, pictures)
    if not pictures:
        body.add(_no_chart(board))
    entries = list(board.left_out)
    if ranking is not None and ranking.degenerate:
        entries.append(LeftOut("not ranked: degenerate answers", len(ranking.degenerate), ranking.degenerate))
    if ranking is not None and ranking.unsure:
        words = "not ranked: these need not have been trained on the images that are taken for members"
        entries.append(LeftOut(words, len(ranking.unsure), ranking.unsure))
    body.add(left_out(entries, context, body.root))


def _add_pictures(body: Body, pictures: list[Picture]) -> None:
    """The first ones open, further ones folded: every open chart is loaded as a reader comes near."""
    for drawn in pictures[:MOST_OPEN]:
        body.picture(drawn)
    if len(pictures) > MOST_OPEN:
        body.add(f"<details><summary>{plural(len(pictures) - MOST_OPEN, 'further chart')}</summary>")
        for drawn in pictures[MOST_OPEN:]:
            body.picture(drawn)
        body.add("</details>")


def _no_chart(board: Board) -> str:
    if board.family in {"utility", "adversarial"}:
        return "No chart: it takes at least two measured models."
    if board.family == "membership":
        return f"No chart: it takes {FEWEST_POINTS} models with a measured overfitting level."
    if board.family == "stealing" and board.origin == "measured":
        return f"No chart: it takes {FEWEST_POINTS} models with a measured test accuracy."
    return ""


def _elsewhere(board: Board) -> str:
    """What is not in the table though it was measured."""
    more = len(columns_of(board)) - len(shown_first(board))
    apart = {METRICS[metric].title for _, _, metric in {*board.quantities} - {*columns_of(board)}}
    words = [f"{plural(more, 'further quantity', 'further quantities')} under Columns."] if more > 0 else []
    if apart:
        names = ", ".join(in_sentence(title) for title in sorted(apart))
        words.append(f"On the models' pages alone: {names}, as far as they repeat or check other numbers.")
    return f'<p class="sn-note">{text(" ".join(words))}</p>' if words and board.family != "utility" else ""


def _masked(board: Board, context: Context, root: str) -> str:
    """Models with signs of masked gradients, by name."""
    found = {
        model: {flag for score in scores.values() for flag in of_masking(score[SCORES.c.flags])}
        for model, scores in board.scores.items()
    }
    models = sorted(model for model, names in found.items() if names)
    if not models:
        return ""
    return (
        f'<p class="sn-note">{plural(len(models), "model")} with signs of masked gradients, counted in '
        "the column Signs of masking: attacks with gradients may have been stopped by something other than "
        "robustness, so read their numbers, and their ranks, as upper bounds: "
        f"{_named(models, context, root)}.</p>"
    )


def _without_main(board: Board, context: Context, root: str) -> str:
    """Models that have numbers and no rank."""
    models = sorted(model for model, scores in board.scores.items() if board.main not in scores)
    if not models or board.family == "utility":
        return ""
    title = text(in_sentence(quantity_title(board.origin, board.family, board.main)))
    return (
        f'<p class="sn-note">Last and without a rank, since there is no {title} of them: '
        f"{_named(models, context, root)}. Networks that can only be asked for answers get attacks without "
        "gradients alone.</p>"
    )


def _board_words(board: Board) -> str:
    quantities = ", ".join(
        dict.fromkeys(text(in_sentence(METRICS[metric].title)) for _, _, metric in columns_of(board))
    )
    return (
        f"{plural(len(board.scores), 'model')}; tier: {text(TIERS[board.tier or ''])}. Columns: {quantities}."
    )


def left_out(entries: list[LeftOut], context: Context, root: str) -> str:
    """What is not in the tables above: counted and named, equal reasons together."""
    together: dict[str, tuple[int, set[str]]] = {}
    for entry in entries:
        scores, models = together.get(entry.reason, (0, set()))
        together[entry.reason] = scores + entry.scores, models | set(entry.models)
    if not together:
        return ""
    items = "".join(
        f"<li>{text(reason)}: {plural(scores, 'score')} of {_named(sorted(models), context, root)}</li>"
        for reason, (scores, models) in together.items()
    )
    return (
        '<div class="sn-note"><p>Left out, because only like is compared with like (every score stays on its '
        f"model's page):</p><ul>{items}</ul></div>"
    )


def _named(models: list[str], context: Context, root: str) -> str:
    names = [model_link(root, m, context.snapshot.models[m][MODELS.c.name]) for m in models[:MOST_NAMED]]
    more = f" and {len(models) - MOST_NAMED:,} more" if len(models) > MOST_NAMED else ""
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
