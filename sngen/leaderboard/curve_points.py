"""Points of curves over growing budgets, from rows of scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sngen.leaderboard.budgets import Budget, budget_of
from sngen.leaderboard.charts.curves import ATTACK, BUDGET, COUNT, EPS, HIGH, LOW, VALUE
from sngen.leaderboard.snapshot import Row
from sngen.schema import SCORES

_S = SCORES.c
#: Fewer budgets make no curve.
FEWEST_BUDGETS = 2


def curve_point(score: Row, budget: Budget) -> Row:
    """One point of a curve, as the charts take it."""
    return {
        ATTACK: score[_S.method], BUDGET: budget.written, EPS: budget.eps, VALUE: score[_S.value],
        LOW: score[_S.ci_low], HIGH: score[_S.ci_high], COUNT: score[_S.n],
    }  # fmt: skip


def of_curves(scores: Iterable[Row]) -> Iterator[tuple[Row, Budget]]:
    """The robust accuracies at plain budgets, and these."""
    for score in scores:
        budget = budget_of(score[_S.setting])
        if score[_S.metric] == "robust_accuracy" and budget is not None and not budget.variant:
            yield score, budget
