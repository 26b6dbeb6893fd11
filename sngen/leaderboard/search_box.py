"""What the search box of the models page needs to speak the language of ``sngen models``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sngen.schema import LEADERBOARD, MODELS
from sngen.search.fields import (
    ACCURACY,
    ACCURACY_ORIGIN,
    DATASET,
    EVALUATED_ON,
    FIELDS,
    ROBUST_ACCURACY,
    ROBUST_SETTING,
    SIZE,
)
from sngen.search.table import ACCURACIES, MILLION, ROBUST_ACCURACIES

#: The table has one row a model, on its own dataset: the command alone answers what asks for other rows.
_ELSEWHERE = (EVALUATED_ON.name, LEADERBOARD.c.own_dataset)


def search_box(spellings: Mapping[str, str]) -> dict[str, Any]:
    """Fields as ``sngen.search.fields`` defines them, spellings of datasets, how derived fields are made."""
    return {
        "command": "sngen models",
        "fields": [field.as_json() for field in FIELDS.values() if field.name not in _ELSEWHERE],
        "columns": {DATASET.name: MODELS.c.dataset_id},
        "elsewhere": list(_ELSEWHERE),
        "first": [
            {"value": ACCURACY.name, "word": ACCURACY_ORIGIN.name, "of": [list(pair) for pair in ACCURACIES]},
            {
                "value": ROBUST_ACCURACY.name, "word": ROBUST_SETTING.name,
                "of": [list(pair) for pair in ROBUST_ACCURACIES],
            },
        ],
        "size": {
            "name": SIZE.name, "exact": MODELS.c.parameters, "rounded": MODELS.c.parameters_rounded,
            "times": MILLION,
        },
        "spellings": dict(sorted(spellings.items())),
    }  # fmt: skip
