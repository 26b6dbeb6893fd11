"""AiTLAS: Benchmark Arena: ten architectures on 22 remote-sensing datasets, from the README's two tables.

I. Dimitrovski et al., "Current Trends in Deep Learning for Earth Observation: An Open-source Benchmark Arena
for Image Classification", ISPRS Journal of Photogrammetry and Remote Sensing 197, 2023. Top-1 accuracy on
multi-class datasets, mean average precision on multi-label ones; the number of classes is in the configs.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sngen.catalog.audit import Audit, touched
from sngen.catalog.identifiers import model_id, slug
from sngen.catalog.importers import Imported, Importer
from sngen.catalog.markdown_tables import MarkdownTable, read_tables
from sngen.catalog.reported import fraction_of_percent, reported_score, source_row, with_source_words
from sngen.catalog.table_cells import Cells, record_left_out
from sngen.catalog.upstream import Upstream, UpstreamFile
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.errors import DataProblem
from sngen.schema import MODELS, SCORES, SOURCES
from sngen.validation import show

SOURCE_ID = "aitlas-arena"
OWNER = "biasvariancelabs"
REPOSITORY = "https://github.com/biasvariancelabs/aitlas-arena"
TITLE = "AiTLAS: Benchmark Arena"
README = "README.md"
FILES = (README, "configs/*/pretrained_imagenet1K/*.json")
PATTERNS = ", ".join(FILES)
LICENSE = "MIT"

PAPER = (
    "Current Trends in Deep Learning for Earth Observation: An Open-source Benchmark Arena for Image "
    "Classification"
)
PAPER_URL = "https://www.sciencedirect.com/science/article/pii/S0924271623000205"
VENUE, YEAR = "ISPRS Journal of Photogrammetry and Remote Sensing", 2023
AUTHORS = "Ivica Dimitrovski, Ivan Kitanovski, Dragi Kocev, Nikola Simidjievski"

SECTION, PRETRAINING = "Pretrained [ImageNet-1K]", "ImageNet-1K"
CORNER = "Dataset\\Model"
#: By the heading over a table: the task, and what its numbers are (the line between them says so).
TABLES = {
    "Multi-class datasets": ("classification", "accuracy", "Top-1 Accuracy"),
    "Multi-label datasets": ("multi-label", "mean_average_precision", "Mean Average Precision mAP"),
}
FOLDER_FLAG = "one-folder-for-all-models"
FOLDER = "The weights link leads to one folder that holds all models; which file is whose is not stated."
PERFECT_FLAG = "no-image-wrong"
PERFECT = "100 %: not one test image is wrong. The dataset is too easy, or too small, to rank models by it."
SHARING = "The query that only says that a folder was shared (usp=sharing) is removed from the weights link."
SCRATCH = (
    "Models trained from scratch, which the source publishes too, in the same folder and without a result in "
    "its README."
)
_BOLD = re.compile(r"\*\*(?P<inner>.+)\*\*")  # bold marks the best of a row
_WEIGHTS = re.compile(r"\*\*\[here\]\((?P<url>https://drive\.google\.com/\S+?)\)\*\*")

Row = dict[str, Any]
Rows = list[Row]


def convert(upstream: Upstream, vocabulary: Vocabulary) -> Imported:
    """One model per cell of the two tables. Raises ``DataProblem`` with all that is not as expected."""
    file = upstream.files[README]
    lookup = Lookup(vocabulary, [])
    cells = Cells(file.path, lookup.problems)
    outputs = _outputs(upstream, lookup)
    shared = _shared(file, lookup)
    found = [
        pair
        for table in _result_tables(file)
        for line, row in table.rows
        for pair in _row(line, table, row, shared, outputs, cells, lookup)
    ]
    lookup.refuse()
    models, scores = [model for model, _ in found], [score for _, score in found]
    tables = {SOURCES.name: [_source(upstream)], MODELS.name: models, SCORES.name: scores}
    return Imported(tables, _audit(file, models, scores))


def _row(
    line: int, table: MarkdownTable, row: tuple[str, ...], shared: Row, outputs: dict[str, int],
    cells: Cells, lookup: Lookup,
) -> Iterator[tuple[Row, Row]]:  # fmt: skip
    """Model and score of every cell of a dataset's row that holds a number."""
    task, metric, words = TABLES[table.heading]
    dataset = lookup.dataset(row[0], cells.place(line))
    if dataset and dataset not in outputs:
        cells.wrong(line, CORNER, show(row[0]), "a dataset with a folder of configs")
    for column, cell in zip(table.header[1:], row[1:], strict=True):
        architecture = _unbold(column)
        percent = cells.percent(_unbold(cell), line, architecture)
        if percent is None:
            continue
        own = MODELS.row(
            task=task, dataset_id=dataset, architecture=architecture, source_row=line,
            model_id=model_id(SOURCE_ID, slug(f"{dataset} {architecture}")),
            name=f"{architecture} {row[0]}", num_outputs=outputs.get(dataset),
            model_type=lookup.vocabulary.model_type(architecture),
        )  # fmt: skip
        model = with_source_words(own | shared, dataset_id=row[0], pretrained_on=PRETRAINING, publisher=OWNER)
        value = fraction_of_percent(str(percent))
        score = reported_score(
            SOURCE_ID, model[MODELS.c.model_id], dataset, ("utility", "clean", "test", metric), value,
            source_file=cells.path, source_row=line, source_column=architecture, note=words,
            flags=[PERFECT_FLAG] if value == 1 else None,
        )  # fmt: skip
        yield model, score


def _result_tables(file: UpstreamFile) -> list[MarkdownTable]:
    """The two tables, in the section on pretrained models."""
    tables = [t for t in read_tables(file.text, file.path) if _unbold(t.header[0]) == CORNER]
    lines = file.text.splitlines()
    problems = []
    for table in tables:
        sections = [line[3:].strip() for line in lines[: table.line] if line.startswith("## ")]
        found = f"{sections[-1] if sections else ''} / {table.heading}"
        if not sections or sections[-1] != SECTION or table.heading not in TABLES:
            expected = " or ".join(f"{SECTION} / {heading}" for heading in TABLES)
            problems.append(
                f"{file.path}, line {table.line}: found a table under {found!r}, expected {expected}"
            )
        elif TABLES[table.heading][2] != (above := _line_above(lines, table.line)).lstrip("*"):
            expected = f"*{TABLES[table.heading][2]}, what the numbers are"
            problems.append(
                f"{file.path}, line {table.line}: found a table under {show(above)}, expected {expected}"
            )
    if sorted(table.heading for table in tables) != sorted(TABLES):
        found = f"{len(tables)} tables with the corner {CORNER!r}"
        problems.append(f"{file.path}: found {found}, expected one each under {' and '.join(TABLES)}")
    if problems:
        raise DataProblem(problems)
    return tables


def _line_above(lines: list[str], line: int) -> str:
    """The last line with something in it before ``line``, which counts from 1."""
    return next((text.strip() for text in reversed(lines[: line - 1]) if text.strip()), "")


def _outputs(upstream: Upstream, lookup: Lookup) -> dict[str, int]:
    """Classes by dataset, from the training configs, which must agree and must start from pretraining."""
    found: dict[str, dict[Any, str]] = defaultdict(dict)
    for path, file in upstream.files.items():
        if path == README:
            continue
        try:
            config = json.loads(file.text)["model"]["config"]
            classes, pretrained = config["num_classes"], config["pretrained"]
        except (ValueError, LookupError, TypeError) as error:
            lookup.problems.append(
                f"{path}: found no model.config.num_classes and pretrained ({error}), expected both"
            )
            continue
        if pretrained is not True or not isinstance(classes, int):
            lookup.problems.append(
                f"{path}: found pretrained {show(pretrained)} and num_classes {show(classes)}, expected true "
                f"and a whole number"
            )
            continue
        found[lookup.dataset(path.split("/")[1], path)][classes] = path
    for dataset, by_classes in found.items():
        if len(by_classes) > 1:
            places = ", ".join(f"{classes} in {path}" for classes, path in by_classes.items())
            lookup.problems.append(f"configs of {dataset}: found num_classes {places}; expected one number")
    return {dataset: next(iter(by_classes)) for dataset, by_classes in found.items()}


def _shared(file: UpstreamFile, lookup: Lookup) -> Row:
    """Columns of a model that are the same for all of them."""
    publisher, publisher_type = lookup.publisher(OWNER, REPOSITORY)
    venue, venue_type = lookup.venue(VENUE, file.path)
    for expected in (PAPER_URL, VENUE):
        if expected not in file.text:
            lookup.problems.append(f"{file.path}: found no {expected!r}, expected the paper's link and venue")
    m = MODELS.c
    return {
        m.source_id: SOURCE_ID, m.source_file: file.path, m.purpose: "benchmark", m.license: LICENSE,
        m.license_scope: "repository", m.weights_kind: "folder",
        m.weights_url: _weights_link(file).split("?")[0],
        m.pretrained_on: [lookup.dataset(PRETRAINING, file.path)],
        m.publisher: publisher, m.publisher_type: publisher_type, m.venue: venue, m.venue_type: venue_type,
        m.year: YEAR, m.paper_title: PAPER, m.paper_url: PAPER_URL, m.authors: AUTHORS,
        m.num_authors: AUTHORS.count(",") + 1, m.flags: [FOLDER_FLAG],
    }  # fmt: skip


def _weights_link(file: UpstreamFile) -> str:
    found = _WEIGHTS.findall(file.text)
    if len(found) != 1:
        raise DataProblem([f"{file.path}: found {len(found)} links **[here](https://drive.google.com/...)**, "
                           f"expected the one to the folder of trained models"])  # fmt: skip
    return str(found[0])


def _unbold(cell: str) -> str:
    match = _BOLD.fullmatch(cell)
    return match["inner"] if match else cell


def _audit(file: UpstreamFile, models: Rows, scores: Rows) -> list[dict[str, Any]]:
    audit = Audit()
    m, s = MODELS.c, SCORES.c
    link = _weights_link(file)
    if "?" in link:
        rows = audit.open("sharing-query-removed", "cleaning", SHARING, MODELS.name, m.weights_url)
        rows.extend(touched(row[m.model_id], link, row[m.weights_url]) for row in models)
    flagged = audit.open(FOLDER_FLAG, "flag", FOLDER, MODELS.name, m.weights_url)
    flagged.extend(touched(row[m.model_id], row[m.weights_url], row[m.weights_url]) for row in models)
    perfect = audit.open(PERFECT_FLAG, "flag", PERFECT, SCORES.name, s.value)
    perfect.extend(touched(row[s.score_id], 1.0, 1.0) for row in scores if row[s.value] == 1)
    listed = [
        f"{cells[0]}, line {line}"
        for table in read_tables(file.text, file.path)
        if "from scratch" in table.header
        for line, cells in table.rows
        if cells[table.header.index("from scratch")]
    ]
    record_left_out(audit, SOURCE_ID, "trained-from-scratch-left-out", SCRATCH, listed)
    return audit.entries


def _source(upstream: Upstream) -> dict[str, Any]:
    return source_row(
        SOURCE_ID, upstream, PATTERNS, title=TITLE, url=REPOSITORY, license=LICENSE,
        citation=f"{AUTHORS}. {PAPER}. {VENUE} 197, pages 18-35, {YEAR}.",
    )  # fmt: skip


IMPORTER = Importer(TITLE, REPOSITORY, FILES, convert)
