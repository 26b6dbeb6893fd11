"""Tables: columnar data for the script, and a plain HTML table of the first rows for everyone else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sngen.leaderboard.escape import script_json, text, web_address
from sngen.leaderboard.numbers import DASH, interval, number

FALLBACK_ROWS = 25
PROLOGUE = "window.SecurityNet=window.SecurityNet||{tables:{},charts:{}};"


@dataclass(frozen=True)
class DataColumn:
    """One column of a table; ``values`` are in row order, unknown is None. ``low``, ``high`` and ``n`` name
    the columns with the interval's ends and the number of images."""

    name: str
    title: str
    kind: Literal["text", "number", "tags", "url"]
    values: Sequence[Any]
    description: str = ""
    unit: str | None = None
    facet: bool = False
    visible: bool = True
    digits: int | None = None
    origin: str | None = None
    low: str | None = None
    high: str | None = None
    n: str | None = None

    def header(self) -> dict[str, Any]:
        names = (
            "name", "title", "kind", "description", "unit", "facet", "visible", "digits", "origin", "low",
            "high", "n",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class DataTable:
    """A table as the front end takes it. ``link`` is (column shown as link, folder, column with the id);
    ``search`` makes its search box one for queries (``sngen.leaderboard.search_box``); ``noun`` is what rows
    are called."""

    name: str
    title: str
    id_column: str
    columns: tuple[DataColumn, ...]
    link: tuple[str, str, str] | None = None
    search: dict[str, Any] | None = None
    noun: str = "models"
    by_name: dict[str, DataColumn] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {column.name: column for column in self.columns}
        if len(by_name) != len(self.columns) or len({len(column.values) for column in self.columns}) > 1:
            raise ValueError(f"table {self.name}: a column named twice, or columns of different lengths")
        object.__setattr__(self, "by_name", by_name)

    def __len__(self) -> int:
        return len(self.by_name[self.id_column].values)

    @property
    def file(self) -> str:
        return f"tables/{self.name}.js"

    def script(self) -> str:
        """The data file: an assignment, because pages opened from a disk may not fetch."""
        content: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "idColumn": self.id_column,
            "noun": self.noun,
            "columns": [column.header() for column in self.columns],
            "data": {column.name: packed(column.values) for column in self.columns},
        }
        if self.search:
            content["search"] = self.search
        if self.link:
            column, folder, source = self.link
            content["links"] = {"column": column, "prefix": folder, "suffix": ".html", "from": source}
        return f"{PROLOGUE}window.SecurityNet.tables[{script_json(self.name)}]={script_json(content)};\n"

    def html(self, root: str) -> str:
        """The place of the table in a page whose way to the site's root is ``root``."""
        shown = [column for column in self.columns if column.visible]
        head = "".join(f'<th scope="col">{text(column.title)}{_origin(column)}</th>' for column in shown)
        count = min(len(self), FALLBACK_ROWS)
        body = "".join(f"<tr>{self._row(shown, row, root)}</tr>" for row in range(count))
        more = f", first {count} of {len(self):,} rows" if count < len(self) else ""
        return (
            f'<div class="sn-table" data-search-exclude data-src="{root}{text(self.file)}" '
            f'data-name="{text(self.name)}" data-root="{root}"><table>'
            f"<caption>{text(self.title)}{more}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def _row(self, shown: Sequence[DataColumn], row: int, root: str) -> str:
        cells = [self._cell(column, row, root) for column in shown]
        return f'<th scope="row">{cells[0]}</th>' + "".join(f"<td>{cell}</td>" for cell in cells[1:])

    def _cell(self, column: DataColumn, row: int, root: str) -> str:
        words = self._words(column, row)
        if self.link and self.link[0] == column.name:
            _, folder, source = self.link
            identifier = text(self.by_name[source].values[row])
            return f'<a href="{root}{folder}{identifier}.html">{words}</a>'
        return words

    def _words(self, column: DataColumn, row: int) -> str:
        value = column.values[row]
        if value is None or value == []:
            return DASH
        if column.kind == "number":
            return f"{number(value, column.unit)} {self._interval(column, row)}".strip()
        if column.kind == "tags":
            return " ".join(f'<span class="sn-tag">{text(tag)}</span>' for tag in value)
        address = web_address(value) if column.kind == "url" else None
        return f'<a href="{address}" rel="noopener">{text(value)}</a>' if address else text(value)

    def _interval(self, column: DataColumn, row: int) -> str:
        if column.low is None or column.high is None:
            return ""
        low, high = (self.by_name[name].values[row] for name in (column.low, column.high))
        return interval(low, high, column.unit)


def packed(values: Sequence[Any]) -> Any:
    """Values in the shortest of three forms: all of them; the different ones and for each row which one it
    is; the known ones and their rows. The script undoes it (``rows.js``)."""
    plain = list(values)
    known = [row for row, value in enumerate(plain) if value is not None]
    forms: list[Any] = [plain, {"at": known, "known": [plain[row] for row in known], "length": len(plain)}]
    keys = [(type(value), tuple(value) if isinstance(value, list) else value) for value in plain]
    different = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    if len(different) < len(plain):
        first = dict(zip(reversed(keys), reversed(plain), strict=True))
        forms.append({"different": [first[key] for key in different], "which": [different[k] for k in keys]})
    return min(forms, key=lambda form: len(json.dumps(form)))


def _origin(column: DataColumn) -> str:
    return f' <span class="sn-badge sn-{column.origin}">{column.origin}</span>' if column.origin else ""


def folder_safe(identifier: str) -> str:
    """An id as one path segment: ``a/b`` becomes ``a--b``."""
    return identifier.replace("/", "--")
