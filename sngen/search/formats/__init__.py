"""A selection as text: one format per file."""

from __future__ import annotations

import importlib

from sngen.search.select import Selection

#: Format -> module with a function ``write(selection) -> str``.
FORMATS = {
    name: f"sngen.search.formats.{module}"
    for name, module in {
        "table": "table", "csv": "csv_file", "json": "json_file", "bibtex": "bibtex", "python": "python",
        "ids": "ids",
    }.items()
}  # fmt: skip


def formatted(selection: Selection, name: str, width: int | None = None) -> str:
    """The selection in the format of this name. ``width``: columns of the terminal, for the table."""
    module = importlib.import_module(FORMATS[name])
    text: str = module.write(selection, width) if name == "table" else module.write(selection)
    return text
