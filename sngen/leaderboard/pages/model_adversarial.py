"""A model under attack: robust accuracy by norm, budget and method, and what the checks say."""

from __future__ import annotations

from collections.abc import Iterator

from sngen.leaderboard.board_quantities import BLACK_BOX, CLEAN
from sngen.leaderboard.budgets import NORM_MEANINGS, NORM_WORDS, Budget, budget_of
from sngen.leaderboard.charts.curves import attacks_in_order
from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.measured_flags import check_words, flag_words, of_masking
from sngen.leaderboard.numbers import DASH, in_sentence, metric_title, number, plural, score_value
from sngen.leaderboard.page import flags, plain_table
from sngen.leaderboard.pages.model_records import (
    anchor,
    common_n,
    list_of_scores,
    repeating,
    section_title,
    value_cell,
)
from sngen.leaderboard.snapshot import Row
from sngen.schema import MODELS, SCORES

_S = SCORES.c
MASKING = "masking"
#: Loader of networks that are run as the published graph.
BLACK_BOX_LOADER = "black-box"


def adversarial_tables(scores: list[Row], context: Context) -> str:
    """``scores``: of one dataset, protocol and tier. Every one of them is in exactly one table."""
    checks = [score for score in scores if score[_S.method] == MASKING]
    attacks = [score for score in scores if score[_S.method] != MASKING]
    clean = [s for s in attacks if (s[_S.setting], s[_S.metric]) == (CLEAN, "accuracy")]
    by_budget = [(score, budget) for score in attacks if (budget := budget_of(score[_S.setting])) is not None]
    placed = {id(score) for score, _ in by_budget} | {id(score) for score in clean}
    others = [score for score in attacks if id(score) not in placed]
    parts = [
        f"<p><strong>{section_title(scores[0], context)}.</strong> {_lead(clean)}</p>",
        _black_box_note(scores, context),
        *_matrices(by_budget, "robust_accuracy"),
        list_of_scores("Distances and other numbers", others) if others else "",
        *_matrices(by_budget, "queries_per_success"),
        _checks(checks),
        _folded("Accuracy drops: accuracy without the attack minus accuracy under it", by_budget),
        repeating(scores),
    ]
    return "\n\n".join(part for part in parts if part)


def _lead(clean: list[Row]) -> str:
    """Accuracy without attack, once where all attacks had the same images."""
    words = (
        "Share of images that stay rightly classified when an attack may change each within the budget, with "
        "95 % intervals. An attack that fails proves nothing: every number is an upper bound."
    )
    if not clean:
        return words
    first = clean[0]
    same = all((s[_S.value], s[_S.n]) == (first[_S.value], first[_S.n]) for s in clean)
    if same:
        marks = "".join(anchor(score, "") for score in clean)
        shown = f"{score_value(first)} of {plural(first[_S.n], 'image')}{marks}"
    else:
        shown = ", ".join(
            anchor(s, f"{text(s[_S.method])} {score_value(s)} of {plural(s[_S.n], 'image')}") for s in clean
        )
    return f"Without attack: {shown}. {words}"


def _black_box_note(scores: list[Row], context: Context) -> str:
    """What it means that no attack with gradients was run."""
    model = context.snapshot.models[scores[0][_S.model_id]]
    methods = {score[_S.method] for score in scores}
    only_asked = methods <= {*BLACK_BOX, MASKING} and not methods.isdisjoint(BLACK_BOX)
    if model[MODELS.c.loader] != BLACK_BOX_LOADER and not only_asked:
        return ""
    why = (
        "The published graph of this network is run as it is and gives no gradients"
        if model[MODELS.c.loader] == BLACK_BOX_LOADER
        else "Only attacks without gradients were run on this model"
    )
    return (
        f'<p class="sn-note">{why}: these are the numbers of black-box attacks alone. Attacks with gradients '
        "take more from most models, so they are not to be compared with AutoAttack accuracies of others.</p>"
    )


def _matrices(by_budget: list[tuple[Row, Budget]], metric: str) -> Iterator[str]:
    """A table per norm: budgets down, methods across."""
    for norm, name in NORM_WORDS.items():
        chosen = [(s, b) for s, b in by_budget if s[_S.metric] == metric and b.norm == norm]
        if not chosen:
            continue
        n = common_n([score for score, _ in chosen])
        images = f"; n = {number(n, 'count')} images" if n is not None else ""
        caption = f"{metric_title(metric)}, {name} ({NORM_MEANINGS[norm]}){images}"
        yield _matrix(caption, chosen, with_n=n is None)


def _matrix(caption: str, chosen: list[tuple[Row, Budget]], *, with_n: bool) -> str:
    methods = attacks_in_order([score[_S.method] for score, _ in chosen])
    budgets = sorted({budget for _, budget in chosen})
    cells = {(budget, score[_S.method]): score for score, budget in chosen}
    rows = [
        (_budget_words(budget), *(_cell(cells.get((budget, method)), with_n) for method in methods))
        for budget in budgets
    ]
    return plain_table(text(caption), ("Budget ε", *(text(method) for method in methods)), rows)


def _budget_words(budget: Budget) -> str:
    variants = {"": "", "rounded": ", whole pixel values"}
    return text(budget.written) + text(variants.get(budget.variant, f", {budget.variant}"))


def _cell(score: Row | None, with_n: bool) -> str:
    if score is None:
        return DASH
    n = f" <small>n = {number(score[_S.n], 'count')}</small>" if with_n else ""
    raised = f" {flags(score[_S.flags])}" if score[_S.flags] else ""
    return f"{value_cell(score)}{n}{raised}"


def _folded(summary: str, by_budget: list[tuple[Row, Budget]]) -> str:
    tables = [*_matrices(by_budget, "accuracy_drop"), *_further(by_budget)]
    return f"<details><summary>{summary}</summary>{''.join(tables)}</details>" if tables else ""


def _further(by_budget: list[tuple[Row, Budget]]) -> Iterator[str]:
    """Metrics at budgets that have no table of their own."""
    known = {"robust_accuracy", "queries_per_success", "accuracy_drop"}
    for metric in sorted({score[_S.metric] for score, _ in by_budget} - known):
        yield from _matrices(by_budget, metric)


def _checks(checks: list[Row]) -> str:
    """The checks for masked gradients, with what they ask, their numbers, and whether they raise a flag."""
    if not checks:
        return ""
    rows = [
        (
            anchor(score, text(_check_name(score))),
            text(_meaning(score)),
            text(_number_words(score)),
            score_value(score),
            number(score[_S.n], "count"),
            flags(score[_S.flags]) or "not raised",
        )
        for score in checks
    ]
    raised = sum(bool(of_masking(score[_S.flags])) for score in checks)
    verdict = (
        f"{plural(raised, 'sign')} of masked gradients: the accuracies above may say less about robustness "
        "than about the attacks."
        if raised
        else "No sign of masked gradients among them."
    )
    head = ("Check", "What it asks", "Its number", "Value", "n", "Flag")
    table = plain_table("Checks whether gradients are masked", head, rows)
    return f"{table}<p>{plural(len(checks), 'check')}. {verdict}</p>"


def _check_name(score: Row) -> str:
    return str(score[_S.setting]).replace("-", " ")


def _meaning(score: Row) -> str:
    """What a check asks or, where it is not known, what the flag that it raised says."""
    check = check_words(score[_S.setting])
    if check is not None:
        return check[0]
    return next((words for flag in score[_S.flags] or () if (words := flag_words(flag))), "")


def _number_words(score: Row) -> str:
    check = check_words(score[_S.setting])
    return check[1] if check is not None else in_sentence(metric_title(score[_S.metric]))
