"""What a page generator returns: Markdown, and the tables and charts that lie beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sngen.leaderboard.escape import text
from sngen.leaderboard.pictures import Picture
from sngen.leaderboard.tables import DataTable


@dataclass(frozen=True)
class Page:
    """One Markdown file. ``path`` is relative to the docs folder; ``title`` is plain, unescaped text.

    A part that is a function is asked when the page is written: pictures are drawn in the background.
    """

    path: str
    title: str
    parts: tuple[str | Callable[[], str], ...]
    tables: tuple[DataTable, ...] = ()
    pictures: tuple[Picture, ...] = ()
    searchable: bool = True

    @property
    def body(self) -> str:
        return "\n\n".join(part if isinstance(part, str) else part() for part in self.parts)

    def markdown(self) -> str:
        # JSON strings are YAML strings; the title is escaped because the theme puts it into HTML as it is.
        lines = ["---", f"title: {json.dumps(text(self.title))}"]
        if not self.searchable:
            lines += ["search:", "  exclude: true"]
        return "\n".join([*lines, "---", "", f"# {text(self.title)}", "", self.body.strip(), ""])


def root_of(path: str) -> str:
    """The way from a page's folder to the site's root: ``../`` once per folder in ``path``."""
    return "../" * path.count("/")


@dataclass
class Body:
    """Markdown under construction, together with the tables and pictures placed in it."""

    path: str
    parts: list[str | Callable[[], str]] = field(default_factory=list)
    tables: list[DataTable] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)

    @property
    def root(self) -> str:
        return root_of(self.path)

    def add(self, *blocks: str) -> None:
        """Blocks of Markdown or HTML that are already escaped, each a paragraph of its own."""
        self.parts += [block for block in blocks if block]

    def table(self, table: DataTable) -> None:
        self.tables.append(table)
        self.parts.append(table.html(self.root))

    def picture(self, picture: Picture) -> None:
        self.pictures.append(picture)
        self.parts.append(lambda: picture.html(self.root))

    def page(self, title: str, *, searchable: bool = True) -> Page:
        return Page(self.path, title, tuple(self.parts), tuple(self.tables), tuple(self.pictures), searchable)


def key_values(pairs: Iterable[tuple[str, str | None]]) -> str:
    """A definition list of escaped values; pairs without a value are left out."""
    items = [f"<dt>{name}</dt><dd>{value}</dd>" for name, value in pairs if value]
    return f'<dl class="sn-kv">{"".join(items)}</dl>' if items else ""


def plain_table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """An HTML table of escaped cells; the first cell of a row is its header."""
    names = "".join(f'<th scope="col">{name}</th>' for name in head)
    lines = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return f"<table><caption>{caption}</caption><thead><tr>{names}</tr></thead><tbody>{lines}</tbody></table>"


def code_block(code: str) -> str:
    """A block of code, whatever it contains."""
    return "<pre><code>" + "".join(f"{_code_line(line)}\n" for line in code.split("\n")) + "</code></pre>"


def _code_line(line: str) -> str:
    body = line.lstrip(" ")
    return " " * (len(line) - len(body)) + text(body)


def badge(origin: str) -> str:
    return f'<span class="sn-badge sn-{text(origin)}">{text(origin)}</span>'


def flags(names: Iterable[Any]) -> str:
    return " ".join(f'<span class="sn-flag">{text(name)}</span>' for name in names or ())


def model_link(root: str, model_id: str, name: Any) -> str:
    """A link to a model's page; ids are safe path segments by the contract's pattern."""
    return f'<a href="{root}models/{text(model_id)}.html">{text(name)}</a>'
