"""Budgets of perturbations as settings name them (``linf-8-255``, ``l2-0.5``), and in words."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Norm as settings write it -> as a reader expects it.
NORM_WORDS = {"linf": "L∞", "l2": "L2"}
NORM_MEANINGS = {"linf": "largest change of any pixel", "l2": "Euclidean length of the change"}

_BUDGET = re.compile(r"(linf|l2)-(\d+(?:\.\d+)?)(?:-(255))?(?:-([a-z][a-z-]*))?")


@dataclass(frozen=True, order=True)
class Budget:
    """``eps`` in pixel space with pixels in [0, 1]; ``written`` as the protocol has it, such as ``8/255``.

    ``variant`` is what a setting adds to its budget, such as ``rounded``; empty where it adds nothing.
    """

    norm: str
    eps: float
    written: str
    variant: str = ""

    @property
    def words(self) -> str:
        return f"{NORM_WORDS[self.norm]} {self.written}" + (f", {self.variant}" if self.variant else "")


def budget_of(setting: str) -> Budget | None:
    """The budget that a setting names; None if it names none."""
    match = _BUDGET.fullmatch(setting)
    if match is None:
        return None
    norm, size, levels, variant = match.groups()
    eps = float(size) / float(levels or 1)
    return Budget(norm, eps, f"{size}/{levels}" if levels else size, variant or "")


def setting_words(setting: str) -> str:
    """A setting as a reader expects it: ``linf-8-255`` becomes ``L∞ 8/255``."""
    budget = budget_of(setting)
    return NORM_WORDS.get(setting, setting) if budget is None else budget.words
