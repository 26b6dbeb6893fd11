"""The rows of an HTML table in which a header cell may span several rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from sngen.errors import DataProblem


@dataclass
class HtmlRow:
    """``headers`` (th) are complete: those that span from an earlier row are repeated. ``line`` counts from
    1 and is that of the row's beginning."""

    line: int
    headers: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)


def read_rows(text: str, where: str) -> tuple[list[HtmlRow], list[HtmlRow]]:
    """Rows of the table's head and of its body.

    In the body, header cells come first in a row, and one that spans rows fills its place in each of them.
    Raises ``DataProblem`` for a text with no body, and for a span that is no number.
    """
    parser = _Parser()
    parser.feed(text)
    parser.close()
    problems = [f"{where}, {problem}" for problem in parser.problems]
    if not parser.body:
        problems.append(f"{where}: found no row of a table's body, expected an HTML table")
    if problems:
        raise DataProblem(problems)
    return parser.head, parser.body


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.head: list[HtmlRow] = []
        self.body: list[HtmlRow] = []
        self.problems: list[str] = []
        self._rows = self.head
        self._cell: list[str] | None = None
        self._span = 1
        self._spans: list[tuple[str, int]] = []  # of the row before: text and rows that it still fills

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tbody":
            self._rows, self._spans = self.body, []
        elif tag == "tr":
            self._rows.append(HtmlRow(self.getpos()[0]))
            self._begin_row()
        elif tag in ("th", "td"):
            self._cell = []
            span = dict(attrs).get("rowspan") or "1"
            if not span.isdecimal() or int(span) < 1:
                self.problems.append(f"line {self.getpos()[0]}: found rowspan {span!r}, expected a number")
            self._span = int(span) if span.isdecimal() else 1

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "td") and self._cell is not None and self._rows:
            text = "".join(self._cell).strip()
            if tag == "th":
                self._rows[-1].headers.append(text)
                self._spans.append((text, self._span - 1))
            else:
                self._rows[-1].cells.append(text)
            self._cell = None

    def _begin_row(self) -> None:
        """Header cells that are still open stand before those of the new row."""
        still = [(text, left) for text, left in self._spans if left > 0]
        self._rows[-1].headers = [text for text, _ in still]
        self._spans = [(text, left - 1) for text, left in still]
