"""OpenCLIP's table of zero-shot results, and the sizes of its models."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean

from sngen.catalog.table_cells import Cells, header_problem
from sngen.catalog.upstream import UpstreamFile
from sngen.errors import DataProblem
from sngen.validation import show

NAME, TAG, PARAMETERS, FLOPS = "name", "pretrained", "params (M)", "FLOPs (B)"
AVERAGE = "Average perf. on 38 datasets"
LEADING = (NAME, TAG, PARAMETERS, FLOPS, AVERAGE)
#: Sets in which an image is looked up by a text or the other way round: no classification.
RETRIEVAL = ("Flickr", "MSCOCO", "WinoGAViL")
PROFILE_COLUMNS = ("model", "embed_dim", "mparams", "image_mparams", "text_mparams")
#: An average of numbers with four digits, itself with four digits.
AVERAGE_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Result:
    """A row: parameters in millions, FLOPs in billions, scores (fractions) by the source's column."""

    line: int
    name: str
    tag: str
    parameters: Decimal | None
    flops: Decimal | None
    average: Decimal | None
    scores: Mapping[str, Decimal]

    @property
    def mean(self) -> float:
        return fmean(map(float, self.scores.values()))


@dataclass(frozen=True)
class Towers:
    """Of one model: parameters of image and text tower in millions, and the embedding's length."""

    image: str
    text: str
    embedding: str
    total: str


def read_results(file: UpstreamFile, problems: list[str]) -> list[Result]:
    """All rows; cells that are malformed are added to ``problems``. Raises ``DataProblem`` for a header that
    does not begin with the known columns."""
    cells = Cells(file.path, problems)
    lines = csv.reader(io.StringIO(file.text), strict=True)
    results = []
    try:
        header = next(lines, [])
        if tuple(header[: len(LEADING)]) != LEADING or not set(RETRIEVAL) <= set(header):
            expected = (*LEADING, "one per dataset", "among them", *RETRIEVAL)
            raise DataProblem([header_problem(f"{file.path}, line 1", header, expected)])
        for row in lines:
            if len(row) != len(header):
                found = f"found {len(row)} cells, expected {len(header)}, one per column"
                problems.append(f"{cells.place(lines.line_num)}: {found}")
            else:
                values = dict(zip(header, row, strict=True))
                results.append(_result(lines.line_num, values, cells))
    except csv.Error as error:
        raise DataProblem([f"{cells.place(lines.line_num)}: found malformed CSV ({error})"]) from error
    return results


def read_towers(file: UpstreamFile) -> dict[str, Towers]:
    """By model name. Raises ``DataProblem`` if a column is missing."""
    lines = csv.DictReader(io.StringIO(file.text))
    missing = [column for column in PROFILE_COLUMNS if column not in (lines.fieldnames or ())]
    if missing:
        found, expected = lines.fieldnames or (), PROFILE_COLUMNS
        raise DataProblem([header_problem(f"{file.path}, line 1", found, expected)])
    return {
        row["model"]: Towers(row["image_mparams"], row["text_mparams"], row["embed_dim"], row["mparams"])
        for row in lines
    }


def read_image_size(file: UpstreamFile, problems: list[str]) -> int | None:
    """Side of the square images of a model's configuration."""
    try:
        size = json.loads(file.text)["vision_cfg"]["image_size"]
    except (ValueError, LookupError, TypeError) as error:
        problems.append(f"{file.path}: found no vision_cfg.image_size ({error}), expected it")
        return None
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        problems.append(
            f"{file.path}, key vision_cfg.image_size: found {show(size)}, expected a whole number"
        )
        return None
    return size


def _result(line: int, values: dict[str, str], cells: Cells) -> Result:
    for column in (NAME, TAG):
        if not values[column]:
            cells.wrong(line, column, "nothing", "a name")
    scores = {}
    for column in list(values)[len(LEADING) :]:
        score = _fraction(values[column], line, column, cells)
        if score is not None:
            scores[column] = score
    return Result(
        line=line, name=values[NAME], tag=values[TAG],
        parameters=cells.number(values[PARAMETERS], line, PARAMETERS),
        flops=cells.number(values[FLOPS], line, FLOPS),
        average=_fraction(values[AVERAGE], line, AVERAGE, cells), scores=scores,
    )  # fmt: skip


def _fraction(cell: str, line: int, column: str, cells: Cells) -> Decimal | None:
    number = cells.number(cell, line, column)
    if number is not None and number > 1:
        cells.wrong(line, column, show(cell), "a fraction in [0, 1]")
        return None
    return number
