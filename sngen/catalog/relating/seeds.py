"""Runs of one recipe with different seeds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sngen.catalog.relating.facts import Facts, Model, grouped, ids
from sngen.catalog.relating.rules import Pair, relation_rule, star
from sngen.schema import MODELS

_M = MODELS.c
_RUN = re.compile(r"(?<![a-z])(seed|run)[-_ ]?\d+(?![a-z0-9])")


@relation_rule("names-differ-only-in-seed-or-run", "same-recipe-other-seed")
def names_differ_in_seed(facts: Facts) -> Iterator[Pair]:
    """Entries of one source, dataset and architecture whose names differ only in the number after the word
    seed or run. Each is linked to the first."""
    for (_, name, _, _), group in grouped(facts.models, _recipe):
        members = sorted(ids(group))
        if len(members) > 1:
            yield from star(members, members[0], f"the names differ only in the number of {name}")


def _recipe(model: Model) -> tuple[str, str, str | None, str | None] | None:
    name = str(model[_M.name]).lower()
    if not _RUN.search(name):
        return None
    return model[_M.source_id], _RUN.sub(r"\1", name), model[_M.dataset_id], model[_M.architecture]
