"""The lists of PULC models, and what stands below the English one."""

from __future__ import annotations

import re
from typing import Any

from sngen.catalog.identifiers import model_id, slug
from sngen.catalog.markdown_tables import MarkdownTable, link_target, read_tables
from sngen.catalog.rules import SourceRow
from sngen.catalog.upstream import UpstreamFile
from sngen.catalog.vocabulary import Lookup
from sngen.errors import DataProblem
from sngen.schema import MODELS
from sngen.validation import show

SOURCE_ID = "paddleclas-pulc"
LIST = "docs/en/PULC/PULC_model_list_en.md"
CHINESE_LIST = "docs/zh_CN/models/PULC/model_list.md"
NAME, DESCRIPTION, METRICS, ADDRESS = "Model name", "Model Description", "Metrics", "Download Address"
_HEADER = (NAME, DESCRIPTION, METRICS, "Storage Size", "Latency", ADDRESS)
_CHINESE_NAME, _CHINESE_METRICS = "模型名称", "模型精度"
#: Where a row keeps what the list says elsewhere.
METRIC, INFERENCE, PRETRAINED = "metric", "inference model", "pretrained model"
#: Metric and task, by the list's name of the metric.
KINDS = {
    "TprAtFpr": ("true_positive_rate", "classification"),
    "ma": ("mean_label_accuracy", "multi-label"),
    "Top-1 Acc": ("accuracy", "classification"),
}
_TITLE = re.compile(r"\[(?P<title>[^\]]+)\]\([^)]*\)")
_ADDRESSES = re.compile(
    rf"\[{INFERENCE}\]\((?P<inference>https?://[^()\s]+)\)\s*/\s*\[{PRETRAINED}\]\((?P<pretrained>https?://[^()\s]+)\)"
)
_INDICATORS = re.compile(
    r"evaluation indicators of (?P<names>[\w ,]+?) are (?P<metric>TprAtFpr|ma|Top-1 Acc)\."
)
_BACKBONE = re.compile(r"The backbone of all the above models is (?P<backbone>\w+)\.")


def read_list(file: UpstreamFile, lookup: Lookup) -> list[SourceRow]:
    """Rows numbered by line. What is not as expected goes to ``lookup``."""
    table = _only_table(file, _HEADER)
    metrics = {
        name: match["metric"]
        for match in _INDICATORS.finditer(file.text)
        for name in re.split(r",\s*(?:and\s+)?|\s+and\s+", match["names"])
        if name
    }
    backbone = _BACKBONE.search(file.text)
    if backbone is None:
        raise DataProblem([f"{file.path}: expected a sentence 'The backbone of all the above models is ...'"])
    rows = []
    for line, cells in table.rows:
        place = f"{file.path}, line {line}"
        row = SourceRow(place, line, dict(zip(table.header, cells, strict=True)))
        row.row_id = model_id(SOURCE_ID, slug(row[NAME]))
        row.values[MODELS.c.architecture] = backbone["backbone"]
        wrong = [*_cells(row), *_metric(row, metrics)]
        lookup.problems += wrong
        if not wrong:
            title = row[DESCRIPTION]
            row.values[MODELS.c.dataset_id] = lookup.dataset(title, f"{place}, column {DESCRIPTION!r}")
            rows.append(row)
    return rows


def read_chinese_list(file: UpstreamFile, problems: list[str]) -> dict[str, str]:
    """The number of each model, by its name."""
    for table in read_tables(file.text, file.path):
        if {_CHINESE_NAME, _CHINESE_METRICS} <= set(table.header):
            cells = [dict(zip(table.header, row, strict=True)) for _, row in table.rows]
            return {cell[_CHINESE_NAME]: cell[_CHINESE_METRICS] for cell in cells}
    problems.append(f"{file.path}: found no table with the columns {_CHINESE_NAME} and {_CHINESE_METRICS}")
    return {}


def _only_table(file: UpstreamFile, header: tuple[str, ...]) -> MarkdownTable:
    tables = [table for table in read_tables(file.text, file.path) if table.header == header]
    if len(tables) != 1:
        expected = f"one with the columns {', '.join(header)}"
        raise DataProblem([f"{file.path}: found {len(tables)} such tables, expected {expected}"])
    return tables[0]


def _cells(row: SourceRow) -> list[str]:
    """Take the cells apart. ``Model Description`` becomes its title, without the link to the page."""
    title, addresses = _TITLE.fullmatch(row[DESCRIPTION]), _ADDRESSES.fullmatch(row[ADDRESS])
    problems = []
    for column, fits, expected in (
        (NAME, bool(re.fullmatch(r"[a-z_]+", row[NAME])), "a name of letters and _"),
        (DESCRIPTION, title is not None and link_target(row[DESCRIPTION]), "a link to the model's page"),
        (METRICS, bool(re.fullmatch(r"\d{1,3}(\.\d+)?", row[METRICS])), "a percentage"),
        (ADDRESS, addresses is not None, f"the links [{INFERENCE}] and [{PRETRAINED}]"),
    ):
        if not fits:
            problems.append(f"{row.place}, column {column!r}: found {show(row[column])}, expected {expected}")
    if title and addresses:
        values: dict[str, Any] = {
            DESCRIPTION: title["title"], INFERENCE: addresses["inference"],
            PRETRAINED: addresses["pretrained"],
        }  # fmt: skip
        row.values |= values
    return problems


def _metric(row: SourceRow, metrics: dict[str, str]) -> list[str]:
    if row[NAME] not in metrics:
        expected = "a sentence below the table that names its evaluation indicator"
        return [f"{row.place}, column {NAME!r}: found {show(row[NAME])}, expected {expected}"]
    row.values[METRIC] = metrics[row[NAME]]
    return []
