"""Which numbers of a measured board are columns of its table, and which of them a reader sees first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sngen.leaderboard.budgets import budget_of
from sngen.leaderboard.comparable import Board, Quantity

#: More columns of scores than this are not shown before a reader asks for them.
MOST_SHOWN = 4

#: Attacks on the answers alone; all others of the family need gradients.
BLACK_BOX = ("square", "transfer")
CLEAN = "clean"
_MASKING = "masking"
#: Methods by which a membership board is read first, then those of which a column is shown as well.
_SHOWN_MEMBERSHIP = (
    ("modified-entropy", "default", "auc"),
    ("correctness", "default", "auc"),
    ("lira", "default", "auc"),
    ("rmia", "default", "auc"),
    ("rmia", "default-fpr-0.01", "true_positive_rate"),
)  # fmt: skip


#: Settings of the family ``backdoor`` that tell of canaries, single seeds or the making of a trigger.
_OF_OTHERS = ("canary-", "seed-", "recovered")
#: What is read first of a board of backdoor detection.
_SHOWN_BACKDOOR = (
    ("attack-success", "default", "attack_success_rate"),
    ("neural-cleanse", "default", "anomaly_index"),
    ("neural-cleanse", "norms", "p_value"),
    ("neural-cleanse", "default", "alarm"),
    ("mm-bd", "default", "alarm"),
    ("strip", "default", "true_positive_rate"),
)


def columns_of(board: Board) -> tuple[Quantity, ...]:
    """The quantities that are columns.

    Left to the models' pages: what follows from two columns (accuracy drops), the accuracy without attack of
    every method but one, since all have the same images, checks for masked gradients, the realised false
    positive rate beside each true positive rate, single seeds, and canaries.
    """
    if board.family == "adversarial" and board.origin == "measured":
        clean = clean_quantity(board)
        kept = [q for q in board.quantities if q == clean or not _is_apart(q)]
        return tuple(kept)
    if board.family == "membership" and board.origin == "measured":
        return tuple(q for q in board.quantities if q[2] != "false_positive_rate")
    if board.family == "backdoor" and board.origin == "measured":
        return tuple(q for q in board.quantities if not q[1].startswith(_OF_OTHERS))
    if board.family == "stealing" and board.origin == "measured":
        return tuple(q for q in board.quantities if "-seed-" not in q[1])
    return board.quantities


def _is_apart(quantity: Quantity) -> bool:
    method, setting, metric = quantity
    return metric == "accuracy_drop" or method == _MASKING or (setting, metric) == (CLEAN, "accuracy")


def clean_quantity(board: Board) -> Quantity | None:
    """Accuracy without attack on the attacked images: of the method that most models have it of."""
    counts = Counter(
        quantity
        for scores in board.scores.values()
        for quantity in scores
        if quantity[1:] == (CLEAN, "accuracy") and quantity[0] != _MASKING
    )
    return min(counts, key=lambda quantity: (-counts[quantity], quantity), default=None)


def compared(board: Board) -> set[Quantity]:
    """What a model's page says the standing in: everything, but of attacks with dozens of budgets only what a
    reader of the table sees first."""
    if board.origin == "measured" and board.family != "utility":
        return shown_first(board)
    return set(board.quantities)


def shown_first(board: Board) -> set[Quantity]:
    """The columns that a reader sees before asking for more."""
    columns = columns_of(board)
    if board.origin == "measured" and board.family == "adversarial":
        return set(_adversarial(board, columns))
    if board.origin == "measured" and board.family == "membership":
        chosen = {quantity for quantity in _SHOWN_MEMBERSHIP if quantity in columns}
        return chosen or most_numbers(columns, board.scores.values())
    if board.origin == "measured" and board.family == "backdoor":
        chosen = {quantity for quantity in _SHOWN_BACKDOOR if quantity in columns}
        return chosen or most_numbers(columns, board.scores.values())
    return most_numbers(columns, board.scores.values())


def _adversarial(board: Board, columns: tuple[Quantity, ...]) -> Iterable[Quantity]:
    """Clean accuracy, the ensemble at its customary budgets, Square at the same L-infinity budget, and the
    distance to the nearest example."""
    clean = clean_quantity(board)
    if clean is not None:
        yield clean
    ensemble = [q for q in columns if q[0] == "autoattack" and q[2] == "robust_accuracy" and _is_plain(q)]
    yield from ensemble
    customary = {setting for _, setting, _ in ensemble if setting.startswith("linf-")}
    yield from (q for q in columns if q[0] == "square" and q[1] in customary and q[2] == "robust_accuracy")
    yield from (q for q in columns if q[1:] == ("linf", "minimal_perturbation"))
    if not ensemble:
        yield from most_numbers([q for q in columns if q != clean], board.scores.values())


def _is_plain(quantity: Quantity) -> bool:
    budget = budget_of(quantity[1])
    return budget is not None and not budget.variant


def most_numbers(quantities: Iterable[Quantity], rows: Iterable[Iterable[Quantity]]) -> set[Quantity]:
    """Those with most numbers, the first where these are equal."""
    listed = list(quantities)
    counts = Counter(quantity for row in rows for quantity in row)
    by_count = sorted(listed, key=lambda quantity: (-counts[quantity], listed.index(quantity)))
    return set(by_count[:MOST_SHOWN])
