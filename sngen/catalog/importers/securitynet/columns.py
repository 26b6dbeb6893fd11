"""The source's three tables: their headings, columns and how a cell is read."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sngen.catalog.markdown_tables import MarkdownTable, link_target, read_tables
from sngen.catalog.rules import SourceRow
from sngen.errors import DataProblem
from sngen.schema import LEADERBOARD
from sngen.validation import show

MODEL_NAME, MODEL_TYPE, DATA_NAME, DATA_CATEGORY = "Model Name", "Model Type", "Data Name", "Data Category"
NUM_CLASS, TRAINING_SIZE = "Num Class", "Training Size"
TRAIN_ACCURACY, TEST_ACCURACY, OVERFIT_GAP = "Train Accuracy", "Test Accuracy", "Overfit Gap"
STEALING_ACCURACY, STEALING_AGREEMENT = "Model Stealing Accuracy", "Model Stealing Agreement"
CORRECTNESS_AUC, ENTROPY_AUC = "Correct Auc", "M_entropy AUC"
WRN_ACCURACY, WRN_AGREEMENT = "Wrn Accuracy", "Wrn Agree"
IMAGENET_ACCURACY, IMAGENET_AGREEMENT = "ImgNet Accuracy", "ImgNet Agree"
CONFERENCE, CONFERENCE_TYPE, YEAR = "Conference", "Conference Type", "Year"
COUNTRY, NUM_AUTHORS, PURPOSE = "Country", "Num Authors", "Purpose"
PAPER_LINK, WEIGHTS = "Paper Link", "Weights"
TITLE, NOTE = "Title", "Note"

#: The leaderboard's column that each column of scores is.
SCORE_COLUMNS = {
    TRAIN_ACCURACY: LEADERBOARD.c.reported_train_accuracy,
    TEST_ACCURACY: LEADERBOARD.c.reported_test_accuracy,
    OVERFIT_GAP: LEADERBOARD.c.reported_overfitting_level,
    STEALING_ACCURACY: LEADERBOARD.c.reported_stealing_accuracy,
    STEALING_AGREEMENT: LEADERBOARD.c.reported_stealing_agreement,
    CORRECTNESS_AUC: LEADERBOARD.c.reported_mia_correctness_auc,
    ENTROPY_AUC: LEADERBOARD.c.reported_mia_modified_entropy_auc,
    WRN_ACCURACY: LEADERBOARD.c.reported_stealing_wrn_accuracy,
    WRN_AGREEMENT: LEADERBOARD.c.reported_stealing_wrn_agreement,
    IMAGENET_ACCURACY: LEADERBOARD.c.reported_stealing_imagenet_accuracy,
    IMAGENET_AGREEMENT: LEADERBOARD.c.reported_stealing_imagenet_agreement,
}

Kind = Literal["text", "optional text", "whole number", "number", "number or nan", "link"]
_PURPOSE_TO_WEIGHTS: dict[str, Kind] = {
    CONFERENCE: "text", CONFERENCE_TYPE: "text", YEAR: "whole number", COUNTRY: "text",
    NUM_AUTHORS: "whole number", PURPOSE: "text", PAPER_LINK: "link", WEIGHTS: "link",
}  # fmt: skip
_NAME_TO_TEST: dict[str, Kind] = {
    MODEL_NAME: "text", MODEL_TYPE: "text", DATA_NAME: "text", DATA_CATEGORY: "text",
    NUM_CLASS: "whole number", TRAINING_SIZE: "whole number", TRAIN_ACCURACY: "number",
    TEST_ACCURACY: "number", OVERFIT_GAP: "number",
}  # fmt: skip


@dataclass(frozen=True)
class Section:
    heading: str
    columns: dict[str, Kind]


BENCHMARK = Section(
    "Benchmark Models",
    {
        **_NAME_TO_TEST, STEALING_ACCURACY: "number", STEALING_AGREEMENT: "number",
        CORRECTNESS_AUC: "number", ENTROPY_AUC: "number", WRN_ACCURACY: "number", WRN_AGREEMENT: "number",
        IMAGENET_ACCURACY: "number", IMAGENET_AGREEMENT: "number", **_PURPOSE_TO_WEIGHTS,
    },
)  # fmt: skip
SECURITY = Section(
    "Security Research Models",
    {
        **_NAME_TO_TEST, STEALING_ACCURACY: "number or nan", STEALING_AGREEMENT: "number or nan",
        CORRECTNESS_AUC: "number", ENTROPY_AUC: "number", **_PURPOSE_TO_WEIGHTS,
    },
)  # fmt: skip
PROJECTS = Section(
    "New Models",
    {
        TITLE: "text", CONFERENCE: "text", CONFERENCE_TYPE: "text", YEAR: "whole number", PAPER_LINK: "link",
        WEIGHTS: "link", NOTE: "optional text",
    },
)  # fmt: skip
SECTIONS = (BENCHMARK, SECURITY, PROJECTS)

_WHOLE = re.compile(r"\d+")
_NUMBER = re.compile(r"-?\d+(\.\d*)?([eE][+-]?\d+)?")


def read_sections(text: str, where: str) -> tuple[list[SourceRow], list[SourceRow], list[SourceRow]]:
    """Rows of benchmark models, security research models and projects, cells as Python values.

    Raises ``DataProblem`` with every heading, column and cell that is not as expected.
    """
    tables = read_tables(text, where)
    problems = _unexpected_tables(tables, where)
    rows: list[list[SourceRow]] = []
    for section in SECTIONS:
        found = [table for table in tables if table.heading == section.heading]
        if len(found) != 1:
            headings = ", ".join(repr(table.heading) for table in tables) or "none"
            problems.append(
                f"{where}: found {len(found)} tables under the heading {section.heading!r}, expected 1 "
                f"(tables are under {headings})"
            )
            continue
        wrong = _wrong_columns(found[0], section, where)
        problems += wrong
        if not wrong:
            read, bad_cells = _rows(found[0], section, where)
            rows.append(read)
            problems += bad_cells
    if problems:
        raise DataProblem(problems)
    benchmark, security, projects = rows
    return benchmark, security, projects


def _unexpected_tables(tables: Sequence[MarkdownTable], where: str) -> list[str]:
    headings = [section.heading for section in SECTIONS]
    return [
        f"{where}, line {table.line}: found a table under the heading {table.heading!r}, expected tables "
        f"only under {', '.join(headings)}"
        for table in tables
        if table.heading not in headings
    ]


def _wrong_columns(table: MarkdownTable, section: Section, where: str) -> list[str]:
    place = f"{where}, line {table.line}, table {section.heading!r}"
    problems = []
    for name in dict.fromkeys(table.header):
        if name not in section.columns:
            nearest = difflib.get_close_matches(name, section.columns, n=1)
            hint = f" (nearest: {nearest[0]!r})" if nearest else ""
            expected = ", ".join(section.columns)
            problems.append(f"{place}: found a column {name!r}, expected one of {expected}{hint}")
        elif table.header.count(name) > 1:
            problems.append(f"{place}: found the column {name!r} twice, expected it once")
    missing = [name for name in section.columns if name not in table.header]
    problems += [f"{place}: found no column {name!r}, expected it" for name in missing]
    return problems


def _rows(table: MarkdownTable, section: Section, where: str) -> tuple[list[SourceRow], list[str]]:
    rows, problems = [], []
    for number, (line, cells) in enumerate(table.rows, start=1):
        place = f"{where}, line {line}"
        values: dict[str, Any] = {}
        for name, cell in zip(table.header, cells, strict=True):
            kind = section.columns[name]
            try:
                values[name] = _value(cell, kind)
            except ValueError:
                expected = "a link [text](address)" if kind == "link" else f"a {kind}"
                problems.append(f"{place}, column {name!r}: found {show(cell)}, expected {expected}")
        rows.append(SourceRow(place, number, values))
    return rows, problems


def _value(cell: str, kind: Kind) -> Any:
    """Raises ``ValueError`` if the cell is none of its kind. A link is its target, verbatim."""
    if kind == "optional text":
        return cell or None
    if kind == "text" and cell:
        return cell
    if kind == "whole number" and _WHOLE.fullmatch(cell):
        return int(cell)
    if kind == "number or nan" and cell == "nan":
        return math.nan
    if kind in ("number", "number or nan") and _NUMBER.fullmatch(cell):
        return float(cell)
    target = link_target(cell)
    if kind == "link" and target:
        return target
    raise ValueError(cell)
