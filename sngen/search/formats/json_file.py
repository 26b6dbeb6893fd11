"""JSON: a list of objects, one a row; unknown is null."""

from __future__ import annotations

import json

from sngen.search.select import Selection


def write(selection: Selection) -> str:
    rows = ",\n".join(
        f" {json.dumps(row, ensure_ascii=False, allow_nan=False)}" for row in selection.records()
    )
    return f"[\n{rows}\n]\n" if rows else "[]\n"
