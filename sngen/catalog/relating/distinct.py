"""Which models are the very same weights, and which entry stands for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sngen.findings.related import groups
from sngen.schema import MODELS

#: Sources that keep or convert weights which others published, the ones nearest to a publisher first. An
#: entry of a source that is named neither here nor below is taken for the publisher's own.
GATHERERS = ("timm", "mmpretrain", "vnn-comp", "robustbench")
#: Sources that only link to weights: their entry stands for them where nobody else has one.
LISTS = ("auto-attack", "securitynet")
SAME_WEIGHTS = "same-weights"


def distinct_weights(relatives: Iterable[Mapping[str, Any]], copies: Collection[str] = ()) -> dict[str, str]:
    """Model id -> id of the entry that stands for its weights, for every model that shares them.

    Models that share theirs with no other are not in it: use ``distinct.get(model_id, model_id)``. Entries
    that share weights are the connected components of the relation ``same-weights``. The one that stands
    for them is, in this order: not from a source that only links (``LISTS``); no copy (``copies`` holds the
    ids of models with a ``copy_kind``); the publisher's own sooner than a gatherer's (``GATHERERS``); the
    one with the first id.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for model, group in groups(relatives, (SAME_WEIGHTS,)).items():
        members[group].append(model)
    return {
        model: standing
        for group in members.values()
        for standing in (min(group, key=lambda one: standing_order(one, one in copies)),)
        for model in group
    }


def copies(models: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Ids of the models that are versions of weights published elsewhere."""
    return frozenset(model[MODELS.c.model_id] for model in models if model[MODELS.c.copy_kind])


def standing_order(model_id: str, copy: bool = False) -> tuple[int, bool, int, str]:
    """The entry with the least of these stands for its weights."""
    source = model_id.partition("/")[0]
    listed = LISTS.index(source) + 1 if source in LISTS else 0
    gathered = GATHERERS.index(source) + 1 if source in GATHERERS else 0
    return listed, copy, gathered, model_id
