"""The tables of PaddleClas's model list, with its columns by plain names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sngen.catalog.identifiers import model_id, slug
from sngen.catalog.markdown_tables import MarkdownTable, read_tables
from sngen.catalog.rules import SourceRow
from sngen.catalog.upstream import UpstreamFile
from sngen.errors import DataProblem
from sngen.schema import MODELS
from sngen.validation import show

SOURCE_ID = "paddleclas"
MODEL, TOP1, TOP5, PARAMS = "模型", "Top-1 Acc", "Top-5 Acc", "Params(M)"
FLOPS_G, FLOPS_M = "FLOPs(G)", "FLOPs(M)"
PRETRAINED, INFERENCE = "预训练模型下载地址", "inference模型下载地址"
#: Where a row keeps the heading of its table, the footnote that its name refers to, and the name without it.
HEADING, FOOTNOTE, BARE_NAME = "heading", "footnote", "name without footnote"
_REQUIRED = (MODEL, TOP1, PARAMS, PRETRAINED, INFERENCE)
_READ = (*_REQUIRED, TOP5, FLOPS_G, FLOPS_M)
#: Columns that are not taken: times on the publisher's machines, file sizes, and what distillation gained.
_LEFT_OUT = re.compile(r".*time\(ms\).*|模型大小\(M\)|Reference Top-1 Acc|Acc gain")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_LINK = re.compile(r"\[[^\]]*\]\((?P<url>https?://[^()\s]+)\)")
_REFERENCES = re.compile(r"<sup>(\[\[\d+\]\(#ref\d+\)\])+</sup>")
_FOOTNOTE_MARK = re.compile(r"<sup>(?P<mark>\[\d+\])</sup>")
_FOOTNOTE = re.compile(r"^(?P<mark>\[\d+\])[：:]\s*(?P<text>\S.*)$", re.MULTILINE)
_BREAK = re.compile(r"<br\s*/?>")
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class Listing:
    """``left_out`` are the columns that were not read, as the source names them."""

    rows: list[SourceRow]
    left_out: list[str]


def read_listing(file: UpstreamFile) -> Listing:
    """Rows in order, numbered by line. Raises ``DataProblem`` with everything that is not as expected."""
    footnotes = {match["mark"]: match["text"].strip() for match in _FOOTNOTE.finditer(file.text)}
    rows: list[SourceRow] = []
    left_out: list[str] = []
    problems: list[str] = []
    for table in read_tables(file.text, file.path):
        columns = [plain(_BREAK.sub(" ", name)) for name in table.header]
        wrong = _column_problems(columns, f"{file.path}, line {table.line}")
        problems += wrong
        left_out += [name for name in columns if name not in _READ]
        if not wrong:
            rows += _rows(table, columns, file.path, footnotes, problems)
    if problems:
        raise DataProblem(problems)
    return Listing(rows, list(dict.fromkeys(left_out)))


def plain(text: str) -> str:
    """Without the tags of HTML; what they enclose stays."""
    return _TAG.sub("", text).replace("&emsp;", "").strip()


def _column_problems(columns: list[str], place: str) -> list[str]:
    problems = [
        f"{place}: found no column {name!r}, expected it" for name in _REQUIRED if name not in columns
    ]
    if len({FLOPS_G, FLOPS_M} & set(columns)) != 1:
        problems.append(f"{place}: found {', '.join(columns)}, expected {FLOPS_G} or {FLOPS_M} among them")
    problems += [
        f"{place}: found the column {name!r}, expected one of {', '.join(_READ)} or a time or size"
        for name in columns
        if name not in _READ and not _LEFT_OUT.fullmatch(name)
    ]
    return problems


def _rows(
    table: MarkdownTable, columns: list[str], path: str, footnotes: Mapping[str, str], problems: list[str]
) -> list[SourceRow]:
    heading = plain(_REFERENCES.sub("", table.heading))
    rows = []
    for line, cells in table.rows:
        place = f"{path}, line {line}"
        cells_by_name = {name: cell for name, cell in zip(columns, cells, strict=True) if name in _READ}
        row = SourceRow(place, line, {**cells_by_name, HEADING: heading})
        wrong = [*_name(row, footnotes), *_numbers(row), *_links(row)]
        problems += wrong
        rows += [] if wrong else [row]
    return rows


def _name(row: SourceRow, footnotes: Mapping[str, str]) -> list[str]:
    """Name, footnote and id. The mark of a footnote stays in the name: the same name without is another."""
    cell = row[MODEL]
    mark = _FOOTNOTE_MARK.search(cell)
    row.values |= {MODEL: plain(cell), BARE_NAME: plain(_FOOTNOTE_MARK.sub("", cell)), FOOTNOTE: None}
    row.values[MODELS.c.architecture] = row[MODEL]
    row.row_id = model_id(SOURCE_ID, slug(row[MODEL]))
    if not re.fullmatch(r"\w+(\[\d+\])?", row[MODEL]):
        return [f"{row.place}, column {MODEL!r}: found {show(cell)}, expected a name of one word"]
    if mark is not None and mark["mark"] not in footnotes:
        return [f"{row.place}, column {MODEL!r}: found {mark['mark']}, expected a line of that footnote"]
    if mark is not None:
        row.values[FOOTNOTE] = footnotes[mark["mark"]]
    return []


def _numbers(row: SourceRow) -> list[str]:
    """Numbers stay as they are written, for their digits count; a cell without one is None."""
    problems = []
    for column in (TOP1, TOP5, FLOPS_G, FLOPS_M, PARAMS):
        cell = row[column]
        if cell in ("", "-", None):
            row.values[column] = None
        elif not _NUMBER.fullmatch(cell):
            problems.append(f"{row.place}, column {column!r}: found {show(cell)}, expected a number")
    if row[TOP1] is None:
        problems.append(f"{row.place}, column {TOP1!r}: found nothing, expected a number")
    return problems


def _links(row: SourceRow) -> list[str]:
    problems = []
    for column in (PRETRAINED, INFERENCE):
        links = _LINK.findall(row[column])
        if len(links) == 1:
            row.values[column] = links[0]
        else:
            problems.append(f"{row.place}, column {column!r}: found {show(row[column])}, expected one link")
    return problems
