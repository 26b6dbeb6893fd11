"""A model under membership inference: attacks down, numbers across."""

from __future__ import annotations

from collections import defaultdict

from sngen.leaderboard.charts.curves import attacks_in_order
from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.numbers import DASH, number
from sngen.leaderboard.page import flags, plain_table
from sngen.leaderboard.pages.model_records import (
    common_n,
    list_of_scores,
    repeating,
    section_title,
    value_cell,
)
from sngen.leaderboard.snapshot import Row
from sngen.schema import SCORES

_S = SCORES.c
_TPR, _FPR = "true_positive_rate", "false_positive_rate"

#: Columns: heading, what the setting adds to the attack's own name, metric.
_COLUMNS = (
    ("AUC", "", "auc"),
    ("TPR at 1 % FPR", "-fpr-0.01", _TPR),
    ("TPR at 0.1 % FPR", "-fpr-0.001", _TPR),
    ("Balanced accuracy", "", "balanced_accuracy"),
    ("Balanced accuracy, best threshold", "-best-threshold", "balanced_accuracy"),
)
_ENDINGS = ("-fpr-0.01", "-fpr-0.001", "-best-threshold")
_SHOWN = {(ending, metric) for _, ending, metric in _COLUMNS} | {("-fpr-0.01", _FPR), ("-fpr-0.001", _FPR)}

LEAD = (
    "How well attacks tell images that the model was trained on from others, with 95 % intervals. Chance is "
    "an AUC or a balanced accuracy of 0.5, and a true positive rate that equals the false positive rate. "
    "TPR at a low false positive rate is what an attacker finds who may hardly ever be wrong; below it is "
    "the rate that was realised."
)


def membership_tables(scores: list[Row], context: Context) -> str:
    """``scores``: of one dataset, protocol and tier. Every one of them is in exactly one table."""
    attacks: dict[tuple[str, str], dict[tuple[str, str], Row]] = defaultdict(dict)
    others = []
    for score in scores:
        base, ending = _split(score[_S.setting])
        place = (ending, score[_S.metric])
        if place in _SHOWN:
            attacks[score[_S.method], base][place] = score
        else:
            others.append(score)
    parts = [
        f"<p><strong>{section_title(scores[0], context)}.</strong> {LEAD}</p>",
        _table(attacks) if attacks else "",
        list_of_scores("Other numbers", others) if others else "",
        repeating(scores),
    ]
    return "\n\n".join(part for part in parts if part)


def _split(setting: str) -> tuple[str, str]:
    """``default-fpr-0.01`` is ``default`` and ``-fpr-0.01``."""
    for ending in _ENDINGS:
        if setting.endswith(ending):
            return setting.removesuffix(ending), ending
    return setting, ""


def _table(attacks: dict[tuple[str, str], dict[tuple[str, str], Row]]) -> str:
    columns = [column for column in _COLUMNS if any(column[1:] in found for found in attacks.values())]
    order = attacks_in_order([method for method, _ in attacks])
    rows = []
    for method, base in sorted(attacks, key=lambda attack: (order.index(attack[0]), attack[1])):
        found = attacks[method, base]
        names = sorted({flag for score in found.values() for flag in score[_S.flags] or ()})
        rows.append(
            (
                text(method if base == "default" else f"{method}, {base}"),
                *(_cell(found, ending, metric) for _, ending, metric in columns),
                flags(names),
            )
        )
    aucs = [found["", "auc"] for found in attacks.values() if ("", "auc") in found]
    n = common_n(aucs) if aucs else None
    images = f"; AUC of {number(n, 'count')} images, members and others" if n is not None else ""
    head = ("Attack", *(text(heading) for heading, _, _ in columns), "Flags")
    return plain_table(text(f"Membership attacks{images}"), head, rows)


def _cell(found: dict[tuple[str, str], Row], ending: str, metric: str) -> str:
    score = found.get((ending, metric))
    realised = found.get((ending, _FPR)) if metric == _TPR else None
    below = f"<br><small>realised FPR {value_cell(realised)}</small>" if realised is not None else ""
    return (value_cell(score) if score is not None else DASH) + below
