"""CSV as in RFC 4180 with LF: a header, unknown empty, lists joined by ``; ``, numbers in full."""

from __future__ import annotations

import csv
import io
from typing import Any

from sngen.search.select import Selection

#: Text that a spreadsheet would take for a formula; an apostrophe before it makes it text again.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(selection: Selection) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in selection.columns])
    columns = [selection.values(field.name) for field in selection.columns]
    writer.writerows([_cell(value) for value in row] for row in zip(*columns, strict=True))
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    text = "; ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
