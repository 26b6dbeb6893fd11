"""Ids of models, one a line, each once."""

from __future__ import annotations

from sngen.search.select import Selection


def write(selection: Selection) -> str:
    return "".join(f"{model_id}\n" for model_id in selection.model_ids)
