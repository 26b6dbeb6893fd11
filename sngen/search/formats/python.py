"""A Python script that loads exactly these models."""

from __future__ import annotations

import json

from sngen.schema import CONTROL, MODELS
from sngen.search.select import Selection

HEAD = '''\
"""{count} of SecurityNet: sngen models {query}"""

import sngen

IDS = [
{ids}
]
# Facts and headline scores, a pandas DataFrame with one row per model.
models = sngen.models(id=IDS, columns="all").set_index("{model_id}").loc[IDS]
print(models[["dataset", "accuracy", "accuracy_origin"]])
'''
#: Networks that this project builds from published files.
NETWORKS = """
# Networks that take pixels in [0, 1]: sngen.load_model(ID) of one of these, with the extra [evaluate].
LOADABLE = [
{ids}
]
"""


def write(selection: Selection) -> str:
    """A comment alone where nothing was found."""
    ids = selection.model_ids
    if not ids:
        return "# No model found: there is nothing to load.\n"
    loaders = selection.values(MODELS.c.loader)
    purposes = selection.values(MODELS.c.purpose)
    loadable = [
        model_id
        for model_id, loader, purpose in zip(
            selection.values(MODELS.c.model_id), loaders, purposes, strict=True
        )
        if loader is not None and purpose != CONTROL
    ]
    count = f"{len(ids)} model{'' if len(ids) == 1 else 's'}"
    query = selection.query.text.replace("\\", "").replace('"', "'")
    text = HEAD.format(count=count, query=query, ids=_lines(ids), model_id=MODELS.c.model_id)
    return text + NETWORKS.format(ids=_lines(list(dict.fromkeys(loadable)))) if loadable else text


def _lines(ids: list[str]) -> str:
    return "\n".join(f"    {json.dumps(model_id)}," for model_id in ids)
