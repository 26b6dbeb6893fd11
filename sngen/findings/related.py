"""Groups of models that are no independent evidence of each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sngen.schema import RELATIVES


def groups(relatives: Iterable[Mapping[str, Any]], related_by: Iterable[str]) -> dict[str, str]:
    """Model id -> the least id of its group, for every model that is related to another.

    Groups are the connected components of the given relations: relatives of relatives belong together.
    """
    wanted = frozenset(related_by)
    parent: dict[str, str] = {}

    def root(model: str) -> str:
        parent.setdefault(model, model)
        while parent[model] != model:
            parent[model] = parent[parent[model]]
            model = parent[model]
        return model

    for pair in relatives:
        if pair[RELATIVES.c.relation] in wanted:
            one, other = root(pair[RELATIVES.c.model_a]), root(pair[RELATIVES.c.model_b])
            parent[max(one, other)] = min(one, other)
    return {model: root(model) for model in sorted(parent)}
