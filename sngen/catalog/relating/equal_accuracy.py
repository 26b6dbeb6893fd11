"""Entries that report the same numbers to the last digit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sngen.catalog.relating.distinct import standing_order
from sngen.catalog.relating.facts import Facts, Model, grouped, ids, runs
from sngen.catalog.relating.rules import Pair, relation_rule, star
from sngen.schema import MODELS, SCORES

_M = MODELS.c


@dataclass(frozen=True)
class _Result:
    """``numbers`` are dataset, norm, clean and robust accuracy in percent."""

    model: Model
    numbers: tuple[str, str, float, float]
    eps: float


@relation_rule("equal-clean-and-autoattack-accuracy", "same-weights")
def equal_clean_and_autoattack_accuracy(facts: Facts) -> Iterator[Pair]:
    """Entries of different sources with the same dataset, norm, perturbation size (within 2 %), clean
    accuracy and robust accuracy under AutoAttack, both to a hundredth of a percent. Strong, but not
    conclusive evidence. A robust accuracy of zero is shared by too many to mean anything."""
    for (dataset, norm, clean, robust), group in grouped(_results(facts), lambda one: one.numbers):
        for alike in runs(group, lambda one: one.eps):
            members = [one.model[_M.model_id] for one in alike]
            if len({one.model[_M.source_id] for one in alike}) > 1:
                ground = (
                    f"clean accuracy {clean:.2f} % and AutoAttack accuracy {robust:.2f} % on {dataset} under "
                    f"{norm} in both"
                )
                yield from star(members, min(members, key=standing_order), ground)


@relation_rule("same-paper-architecture-and-clean-accuracy", "same-weights")
def same_paper_architecture_and_clean_accuracy(facts: Facts) -> Iterator[Pair]:
    """RobustBench lists some models once per threat model: entries of one dataset, paper and architecture
    with the same clean accuracy, to a hundredth of a percent, under different threat models."""

    def key(model: Model) -> Any:
        clean = facts.clean_accuracy(model)
        paper = model[_M.paper_url] or model[_M.paper_title]
        if clean is None or paper is None or model[_M.architecture] is None:
            return None
        return model[_M.dataset_id], paper, _plain(model[_M.architecture]), _hundredths(clean)

    for (dataset, *_, clean), group in grouped(facts.of("robustbench"), key):
        threats = {model[_M.model_id].rsplit("/", 1)[0] for model in group}
        if len(threats) == len(group):
            ground = f"one paper and architecture, clean accuracy {clean:.2f} % on {dataset} in both"
            yield from star(ids(group), min(ids(group), key=standing_order), ground)


def _plain(architecture: str) -> str:
    return re.sub(r"[^a-z0-9]", "", architecture.lower())


def _hundredths(fraction: float) -> float:
    return round(100 * fraction, 2)


def _results(facts: Facts) -> Iterator[_Result]:
    for model in facts.models:
        clean = facts.clean_accuracy(model)
        for score in facts.autoattack(model) if clean is not None else ():
            norm, eps, robust = (score[one] for one in (SCORES.c.norm, SCORES.c.eps_value, SCORES.c.value))
            if clean is not None and norm is not None and eps is not None and robust > 0:
                numbers = (model[_M.dataset_id], norm, _hundredths(clean), _hundredths(robust))
                yield _Result(model, numbers, eps)
