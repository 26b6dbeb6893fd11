"""The evaluations: one file per set of images, one line per model and input size."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from decimal import Decimal

from sngen.catalog.table_cells import Cells, header_problem
from sngen.catalog.upstream import Upstream, UpstreamFile
from sngen.errors import DataProblem

#: The dataset that each file evaluates on.
DATASETS_OF_FILES = {
    "results/results-imagenet.csv": "imagenet-1k",
    "results/results-imagenet-real.csv": "imagenet-real",
    "results/results-imagenetv2-matched-frequency.csv": "imagenet-v2",
    "results/results-imagenet-a.csv": "imagenet-a",
    "results/results-imagenet-r.csv": "imagenet-r",
    "results/results-sketch.csv": "imagenet-sketch",
}
FILES = tuple(DATASETS_OF_FILES)
CLEAN = "imagenet-1k"
MODEL, SIZE, PARAMETERS = "model", "img_size", "param_count"
TOP1, TOP1_ERROR, TOP5, TOP5_ERROR = "top1", "top1_err", "top5", "top5_err"
CROP, INTERPOLATION = "crop_pct", "interpolation"
_EXPECTED = (MODEL, SIZE, TOP1, TOP1_ERROR, TOP5, TOP5_ERROR, PARAMETERS, CROP, INTERPOLATION)


@dataclass(frozen=True)
class Result:
    """One line. Accuracies and errors are in percent, parameters in millions rounded to two decimals; the
    line counts from 1."""

    file: str
    line: int
    dataset_id: str
    model: str
    size: int
    percent: dict[str, Decimal]
    parameters: Decimal


def read_results(upstream: Upstream) -> list[Result]:
    """Every line of every file. Raises ``DataProblem`` with all malformed cells and repeated lines."""
    problems: list[str] = []
    results = [
        result
        for path, dataset_id in DATASETS_OF_FILES.items()
        for result in _read(upstream.files[path], dataset_id, problems)
    ]
    if problems:
        raise DataProblem(problems)
    return results


def _read(file: UpstreamFile, dataset_id: str, problems: list[str]) -> list[Result]:
    cells = Cells(file.path, problems)
    lines = csv.reader(io.StringIO(file.text))
    header = next(lines, [])
    if not set(_EXPECTED) <= set(header):
        problems.append(header_problem(cells.place(1), header, (*_EXPECTED, "perhaps others")))
        return []
    results: list[Result] = []
    places: dict[tuple[str, int], int] = {}
    for row in lines:
        result = _result(dict(zip(header, row, strict=False)), lines.line_num, dataset_id, cells)
        if result is None:
            continue
        first = places.setdefault((result.model, result.size), result.line)
        if first != result.line:
            found = f"{result.model!r} at {result.size} again"
            cells.wrong(result.line, MODEL, found, f"one line per model and size; line {first} has it")
            continue
        results.append(result)
    return results


def _result(row: dict[str, str], line: int, dataset_id: str, cells: Cells) -> Result | None:
    """None where a cell is malformed, which is said in ``cells.problems``."""
    before = len(cells.problems)
    missing = [column for column in _EXPECTED if column not in row]
    if missing:
        cells.wrong(line, missing[0], f"only {len(row)} cells", "one per column of the first line")
        return None
    size = row[SIZE]
    if not size.isdecimal():
        cells.wrong(line, SIZE, repr(size), "a whole number of pixels")
    percent = {
        column: cells.percent(row[column], line, column) for column in (TOP1, TOP1_ERROR, TOP5, TOP5_ERROR)
    }
    parameters = cells.number(row[PARAMETERS].replace(",", ""), line, PARAMETERS)
    known = {column: value for column, value in percent.items() if value is not None}
    for column in (*(set(percent) - set(known)), *([PARAMETERS] if parameters is None else [])):
        if not row[column]:
            cells.wrong(line, column, "nothing", "a number")
    if len(cells.problems) > before or parameters is None:
        return None
    return Result(cells.path, line, dataset_id, row[MODEL], int(size), known, parameters)
