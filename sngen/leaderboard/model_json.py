"""Every model as JSON beside its page, and an index of all: what a program reads instead of the pages.

Fields are the columns of the data contract under their own names. A field that is not there is unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sngen.leaderboard.context import Context
from sngen.leaderboard.snapshot import Row
from sngen.schema import (
    ALIASES,
    ARRAYS,
    DATASETS,
    MODELS,
    OUTCOMES,
    PICTURES,
    RELATIVES,
    SCORES,
    SOURCES,
    Table,
)

INDEX = "models/index.json"
#: What is evidence and not a fact about it: it is in the release alone, under the id that is here.
_LEFT_OUT = {
    OUTCOMES.name: {OUTCOMES.c.image_ids, OUTCOMES.c.bits},
    ARRAYS.name: {ARRAYS.c.x, ARRAYS.c.y},
    PICTURES.name: {PICTURES.c.pixels},
}
#: Field of the JSON -> the table whose columns it holds, and what it is.
PARTS: dict[str, tuple[Table, str]] = {
    "model": (MODELS, "the model's row"),
    "dataset": (DATASETS, "the row of the dataset it was made for"),
    "source": (SOURCES, "the row of the source that lists it"),
    "scores": (SCORES, "a list of all scores, measured, reported and withdrawn"),
    "relatives": (RELATIVES, "a list of pairs in which it is one of the two"),
    "outcomes": (OUTCOMES, "a list of bit strings, one bit an image, that the release holds"),
    "arrays": (ARRAYS, "a list of curves and series that the release holds"),
    "pictures": (PICTURES, "a list of pictures that the release holds"),
    "aliases": (ALIASES, "a list of ids that it had in earlier releases"),
}


def fields_of(part: str) -> list[str]:
    """Names of the columns in one part."""
    table, _ = PARTS[part]
    return [name for name in table.names if name not in _LEFT_OUT.get(table.name, ())]


def model_json(model: Row, context: Context) -> str:
    """One object on one line; the same release gives the same bytes."""
    snapshot = context.snapshot
    model_id = model[MODELS.c.model_id]
    rows: dict[str, Row | Iterable[Row] | None] = {
        "model": model,
        "dataset": snapshot.datasets.get(model[MODELS.c.dataset_id]),
        "source": snapshot.sources[model[MODELS.c.source_id]],
        "scores": [*snapshot.scores_of.get(model_id, ()), *snapshot.withdrawn_of.get(model_id, ())],
        "relatives": snapshot.relatives_of.get(model_id, ()),
        "outcomes": snapshot.outcomes_of.get(model_id, ()),
        "arrays": snapshot.arrays_of.get(model_id, ()),
        "pictures": snapshot.pictures_of.get(model_id, ()),
        "aliases": snapshot.aliases_of.get(model_id, ()),
    }
    content = {"release": _release(context)} | {part: _known(part, found) for part, found in rows.items()}
    return _written(content)


def index_json(context: Context) -> str:
    """All models: id, name, dataset, and where page and JSON are, relative to the index."""
    models = [
        {
            "model_id": model_id,
            "name": model[MODELS.c.name],
            "dataset_id": model[MODELS.c.dataset_id],
            "json": f"{model_id}.json",
            "page": f"{model_id}.html",
        }
        for model_id, model in context.snapshot.models.items()
    ]
    lines = ",\n".join(_written(model).rstrip() for model in models)
    return f'{{"release":{_written(_release(context)).rstrip()},"models":[\n{lines}\n]}}\n'


def _release(context: Context) -> dict[str, Any]:
    snapshot = context.snapshot
    return {"version": snapshot.version, "fingerprint": snapshot.fingerprint, "date": snapshot.date}


def _known(part: str, found: Row | Iterable[Row] | None) -> Any:
    names = _FIELDS[part]
    if found is None:
        return None
    if isinstance(found, Mapping):
        return {name: found[name] for name in names if found[name] is not None}
    return [{name: row[name] for name in names if row[name] is not None} for row in found]


_FIELDS = {part: fields_of(part) for part in PARTS}


def _written(content: Any) -> str:
    return (
        json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=list) + "\n"
    )
