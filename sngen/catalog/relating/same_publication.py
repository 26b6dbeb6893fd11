"""RobustBench's entries and those of the publications' own repositories."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sngen.catalog.relating.facts import Facts, Model, grouped, paper, runs
from sngen.catalog.relating.rules import Pair, relation_rule
from sngen.schema import MODELS

_M = MODELS.c
#: Sources that list other people's models: an entry there is not the publisher's.
_LISTS = frozenset({"robustbench", "auto-attack", "securitynet"})
#: RobustBench evaluates ImageNet models on 5,000 images, their publishers on 50,000.
ACCURACY_TOLERANCE = 0.015


@relation_rule("same-paper-architecture-and-threat-model", "same-weights")
def same_paper_architecture_and_threat_model(facts: Facts) -> Iterator[Pair]:
    """RobustBench's entry and the publisher's have the same dataset, paper (or page), architecture, norm and
    perturbation size (within 2 %), and there is exactly one such file on either side. Where both state a
    clean accuracy it agrees within 1.5 percentage points."""
    for (dataset, work, _, norm), group in grouped(facts.models, _threat):
        for alike in runs(group, lambda model: model[_M.threat_eps_value]):
            listed = [model for model in alike if model[_M.source_id] == "robustbench"]
            own = [model for model in alike if model[_M.source_id] not in _LISTS]
            files = {model[_M.weights_url] for model in listed}
            if len(files) == len(own) == 1 and _agree(facts, listed[0], own[0]):
                ground = (
                    f"{work}, {own[0][_M.architecture]}, {norm} {own[0][_M.threat_eps]} on {dataset} in both"
                )
                yield Pair(listed[0][_M.model_id], own[0][_M.model_id], ground)


def _threat(model: Model) -> tuple[Any, ...] | None:
    work, norm, eps = paper(model), model[_M.threat_norm], model[_M.threat_eps_value]
    architecture = model[_M.architecture]
    if None in (work, norm, eps, architecture) or model[_M.security_role] == "standard-reference":
        return None
    return model[_M.dataset_id], work, _plain(architecture), norm


def _plain(architecture: str) -> str:
    """Letters and digits, the wide ResNet by one name, a torchvision name by its network's."""
    plain = re.sub(r"[^a-z0-9]", "", architecture.lower())
    return re.sub(r"^(wideresnet|wresnet|wrn)", "wrn", plain)


def _agree(facts: Facts, one: Model, other: Model) -> bool:
    first, second = facts.clean_accuracy(one), facts.clean_accuracy(other)
    return first is None or second is None or abs(first - second) <= ACCURACY_TOLERANCE
