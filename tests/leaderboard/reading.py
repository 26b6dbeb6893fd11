"""Reading back what was written: elements and text of HTML, the data of a table's or chart's script."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import markdown


@dataclass
class Read(HTMLParser):
    """Elements with their attributes, and all text, of a piece of HTML."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())

    def attributes(self, name: str) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get(name)) is not None]


def read_html(html: str) -> Read:
    reader = Read()
    reader.feed(html)
    reader.close()
    return reader


def read_page(page: str) -> Read:
    """A generated Markdown file without its front matter, as MkDocs' extensions turn it into HTML."""
    body = page.split("\n---\n", 1)[1]
    return read_html(markdown.markdown(body, extensions=["tables", "toc", "fenced_code", "attr_list"]))


def script_value(script: str) -> Any:
    """The JSON value that a generated script assigns."""
    return json.loads(script[script.index("]=") + 2 :].rstrip().removesuffix(";"))


def unpacked(column: Any) -> list[Any]:
    """A column of a table's data file as it is meant: the inverse of ``tables.packed``."""
    if isinstance(column, list):
        return column
    if "which" in column:
        return [column["different"][place] for place in column["which"]]
    values = [None] * column["length"]
    for row, value in zip(column["at"], column["known"], strict=True):
        values[row] = value
    return values
