"""A table for people: columns aligned, numbers to the right, cut to the width of the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sngen.schema import MODELS
from sngen.search.fields import Field
from sngen.search.select import Selection

GAP = "  "
LEAST = 8
COUNTED = frozenset(("count", "images", "bytes"))


def write(selection: Selection, width: int | None) -> str:
    """``width`` None: nothing is cut."""
    fields = list(selection.columns)
    cells = [[_cell(field, value) for value in selection.values(field.name)] for field in fields]
    widths = [max([len(field.name), *map(len, column)]) for field, column in zip(fields, cells, strict=True)]
    if width is not None:
        widths = _fitted(fields, widths, width)
    heads = _line(fields, [field.name for field in fields], widths)
    rules = GAP.join("-" * size for size in widths if size)
    lines = [_line(fields, row, widths) for row in zip(*cells, strict=True)]
    hidden = [field.name for field, size in zip(fields, widths, strict=True) if not size]
    notes = [counted(selection)]
    if hidden:
        notes.append(f"Not shown for lack of room: {', '.join(hidden)}.")
    return "\n".join([heads, rules, *lines, "", *notes, ""]) if lines else f"{counted(selection)}\n"


def counted(selection: Selection) -> str:
    """How many rows were found, and how many of them are here."""
    rows, matched = len(selection.rows), selection.matched
    what = "row" if selection.query.every_dataset else "model"
    if matched == 0:
        return f"No {what} found."
    noun = what if matched == 1 else f"{what}s"
    shown = "" if rows == matched else f", {rows:,} shown; --limit 0 shows all"
    return f"{matched:,} {noun} found{shown}."


def _cell(field: Field, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return printable("; ".join(map(str, value)))
    if isinstance(value, (int, float)) and field.column.unit in COUNTED:
        return f"{value:,.0f}"
    if isinstance(value, float):
        return f"{value:.4f}" if field.column.unit == "fraction" else f"{value:.6g}"
    return printable(str(value))


def printable(text: str) -> str:
    """Without what moves a terminal's cursor or ends a line."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _fitted(fields: Sequence[Field], widths: list[int], width: int) -> list[int]:
    """Widths whose sum fits: the widest texts are cut first, ids and numbers never; then the last columns
    are left out (width 0)."""
    fitted = list(widths)

    def over() -> int:
        sizes = [size for size in fitted if size]
        return sum(sizes) + len(GAP) * (len(sizes) - 1) - width

    while over() > 0:
        cut = [
            number
            for number, field in enumerate(fields)
            if field.kind == "text" and field.name != MODELS.c.model_id and fitted[number] > LEAST
        ]
        if cut:
            fitted[max(cut, key=lambda number: fitted[number])] -= 1
            continue
        left = [number for number in range(1, len(fields)) if fitted[number]]
        if not left:
            break
        fitted[left[-1]] = 0
    return fitted


def _line(fields: Sequence[Field], cells: Sequence[str], widths: Sequence[int]) -> str:
    parts = []
    for field, cell, size in zip(fields, cells, widths, strict=True):
        if size:
            text = cell if len(cell) <= size else f"{cell[: size - 1]}…"
            parts.append(text.rjust(size) if field.kind == "number" else text.ljust(size))
    return GAP.join(parts).rstrip()
