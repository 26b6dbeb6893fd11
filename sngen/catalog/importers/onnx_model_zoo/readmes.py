"""The READMEs of the ONNX model zoo: tables of files, dataset and licence of each folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from sngen.catalog.markdown_tables import MarkdownTable, link_target, read_tables
from sngen.catalog.table_cells import Cells, header_problem
from sngen.catalog.upstream import UpstreamFile
from sngen.validation import show

MODEL, DOWNLOAD, OPSET, ONNX, DATASET = "Model", "Download", "Opset version", "ONNX version", "Dataset"
#: What a column of results holds: the metric, and whether the cell is the error rate instead.
RESULTS = {
    "Top-1 accuracy (%)": ("accuracy", False),
    "Top-5 accuracy (%)": ("top5_accuracy", False),
    "Top-1 error": ("accuracy", True),
    "Top-5 error": ("top5_accuracy", True),
    "TOP-1 ERROR": ("accuracy", True),
}
REQUIRED = (MODEL, DOWNLOAD, ONNX, OPSET)
COLUMNS = (*REQUIRED, "Download (with sample test data)", DATASET, *RESULTS)
#: Folders that do not classify into ImageNet's classes; their READMEs say so in prose.
TRAINED_ON = {"mnist": "MNIST", "emotion_ferplus": "FER+"}
IMAGENET = "ImageNet"
_IMAGENET = re.compile(r"imagenet|ILSVRC", re.IGNORECASE)
_LINKED = re.compile(r"\[(?P<text>[^\]]+)\]\(.*\)")
_PATH = re.compile(r"[\w.-]+(/[\w.-]+)*\.onnx")
_LICENSE = re.compile(r"^## License\s*\n\s*(?:\[(?P<linked>[^\]]+)\]\(|(?P<plain>[^\n<]+))", re.MULTILINE)
_PIPE = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Folder:
    """One README. ``dataset`` is null where its tables name the dataset row by row."""

    file: UpstreamFile
    name: str
    license: str
    rows: tuple[ListedFile, ...]


@dataclass(frozen=True)
class ListedFile:
    """A row of a table: ``path`` of the ONNX file within the repository, results as written, by column.
    ``completed`` says that the row had fewer cells than its table has columns; ``table`` counts from 0."""

    line: int
    path: str
    model: str
    size: str
    opset: str
    onnx: str
    dataset: str
    results: Mapping[str, str]
    completed: bool
    table: int


def read_folder(file: UpstreamFile, problems: list[str]) -> Folder | None:
    """The README's tables of files; None if it has none. What is malformed is added to ``problems``."""
    text, completed = complete_rows(file.text)
    tables = [t for t in read_tables(text, file.path) if {MODEL, DOWNLOAD} <= set(t.header)]
    cells = Cells(file.path, problems)
    name = PurePosixPath(file.path).parent.name
    license = _LICENSE.search(file.text)
    if not tables:
        return None
    if license is None:
        problems.append(f"{file.path}: found no section ## License with a name, expected one")
    rows: list[ListedFile] = []
    for number, table in enumerate(tables):
        if set(table.header) <= set(COLUMNS) and set(REQUIRED) <= set(table.header):
            rows += _rows(number, table, name, file, cells, completed)
        else:
            expected = (*REQUIRED, "and any of", *COLUMNS[len(REQUIRED) :])
            problems.append(header_problem(cells.place(table.line), table.header, expected))
    stated = "" if license is None else (license["linked"] or license["plain"]).strip()
    return Folder(file, name, stated, tuple(rows))


def complete_rows(text: str) -> tuple[str, set[int]]:
    """The text with empty cells at the end of rows that have fewer than their table, and these lines.

    GitHub Flavored Markdown, section 4.10: "If there are a number of cells fewer than the number of cells in
    the header row, empty cells are inserted."
    """
    lines, completed, width = text.splitlines(), set(), 0
    for number, line in enumerate(lines):
        pipes = len(_PIPE.findall(line))
        if not line.strip().startswith("|") or not line.strip().endswith("|"):
            width = 0
        elif width == 0:
            width = pipes
        elif pipes < width:
            lines[number] = line + " |" * (width - pipes)
            completed.add(number + 1)
    return "\n".join(lines), completed


def _rows(
    number: int, table: MarkdownTable, folder: str, file: UpstreamFile, cells: Cells, completed: set[int]
) -> list[ListedFile]:
    rows = []
    for line, row in table.rows:
        values = dict(zip(table.header, row, strict=True))
        path = link_target(values[DOWNLOAD])
        if path is None or not _PATH.fullmatch(path) or ".." in path:
            cells.wrong(line, DOWNLOAD, show(values[DOWNLOAD]), "a link [size](path/to/file.onnx)")
            continue
        rows.append(
            ListedFile(
                line=line, path=str(PurePosixPath(file.path).parent / path), model=_text(values[MODEL]),
                size=_text(values[DOWNLOAD]), opset=values[OPSET], onnx=values[ONNX],
                dataset=values.get(DATASET) or _dataset(folder, file, line, cells),
                results={column: values[column] for column in RESULTS if values.get(column)},
                completed=line in completed, table=number,
            )
        )  # fmt: skip
    return rows


def _dataset(folder: str, file: UpstreamFile, line: int, cells: Cells) -> str:
    """What the README's prose names; the tables of all but one folder do not say it."""
    dataset = TRAINED_ON.get(folder, IMAGENET)
    named = _IMAGENET.search(file.text) if dataset == IMAGENET else dataset in file.text
    if not named:
        cells.wrong(line, DATASET, "no such column", f"it, or {dataset} named in the text")
    return dataset


def _text(cell: str) -> str:
    match = _LINKED.fullmatch(cell)
    return match["text"] if match else cell
