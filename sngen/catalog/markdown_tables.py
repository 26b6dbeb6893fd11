"""Pipe tables of a Markdown file (GitHub Flavored Markdown, section 4.10), with the line of every row."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sngen.errors import DataProblem

_DELIMITER = re.compile(r":?-+:?")
_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<target>.*)\)")
_PIPE = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class MarkdownTable:
    """``rows`` are (line, cells), as many cells as ``header`` has; lines count from 1."""

    heading: str
    line: int
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_tables(text: str, where: str) -> list[MarkdownTable]:
    """Every pipe table in order, with the heading that it stands under ("" before the first).

    Stricter than the format: a row with fewer or more cells than the header has is an error, because
    nothing says which cell is missing. Raises ``DataProblem`` with all such rows; ``where`` names the file.
    """
    tables: list[MarkdownTable] = []
    problems: list[str] = []
    heading, fence = "", ""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        line = lines[number].strip()
        mark = line[:3] if line[:3] in ("```", "~~~") else ""
        if mark and fence in ("", mark):
            fence = "" if fence else mark
        elif not fence and line.startswith("#"):
            heading = line.strip("#").strip()
        elif not fence and _is_header(lines, number):
            table, wrong = _table(lines, number, heading, where)
            tables.append(table)
            problems += wrong
            number += 1 + len(table.rows) + len(wrong)
        number += 1
    if problems:
        raise DataProblem(problems)
    return tables


def link_target(cell: str) -> str | None:
    """What ``[text](target)`` points to, verbatim; None if the cell is not exactly one link."""
    match = _LINK.fullmatch(cell)
    return None if match is None else match["target"].strip()


def _table(lines: list[str], first: int, heading: str, where: str) -> tuple[MarkdownTable, list[str]]:
    header = _cells(lines[first])
    rows, problems = [], []
    for number in range(first + 2, len(lines)):
        if not lines[number].strip().startswith("|"):
            break
        cells = _cells(lines[number])
        if len(cells) == len(header):
            rows.append((number + 1, cells))
        else:
            problems.append(
                f"{where}, line {number + 1}: found {len(cells)} cells, expected {len(header)}, one per "
                f"column of the table {heading!r}; the row begins {' | '.join(cells[:3])!r}"
            )
    return MarkdownTable(heading, first + 1, header, tuple(rows)), problems


def _is_header(lines: list[str], number: int) -> bool:
    """A line of cells over a line of dashes with as many cells."""
    if number + 1 >= len(lines) or not lines[number].strip().startswith("|"):
        return False
    delimiters = _cells(lines[number + 1])
    return all(_DELIMITER.fullmatch(cell) for cell in delimiters) and len(delimiters) == len(
        _cells(lines[number])
    )


def _cells(line: str) -> tuple[str, ...]:
    """Split at pipes that are not escaped; the outer pipes are no cells."""
    inner = line.strip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return tuple(cell.strip().replace("\\|", "|") for cell in _PIPE.split(inner))
