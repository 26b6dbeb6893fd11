"""Two BiT ResNet-50x1 distilled from a larger BiT model, from google-research/big_transfer.

L. Beyer et al., "Knowledge distillation: A good teacher is patient and consistent", arXiv:2106.05237.
"""

from __future__ import annotations

import re
from typing import Any

from sngen.catalog.audit import Audit
from sngen.catalog.big_transfer import (
    FILES,
    OWNER,
    REPOSITORY,
    architecture,
    line_of,
    shared_columns,
    source,
)
from sngen.catalog.identifiers import model_id, slug
from sngen.catalog.importers import Imported, Importer
from sngen.catalog.markdown_tables import MarkdownTable, link_target, read_tables
from sngen.catalog.reported import fraction_of_percent, reported_score, with_source_words
from sngen.catalog.table_cells import Cells, header_problem, record_left_out
from sngen.catalog.upstream import Upstream, UpstreamFile
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.errors import DataProblem
from sngen.schema import MODELS, SCORES, SOURCES
from sngen.validation import show

SOURCE_ID = "bit-distilled"
TITLE = "Big Transfer (BiT): distilled models"
PAPER = "Knowledge distillation: A good teacher is patient and consistent"
PAPER_URL = "https://arxiv.org/abs/2106.05237"
HEADING = "Distilled models"
MODEL, LINK, RESOLUTION, TOP1 = "Model", "Download link", "Resolution", "ImageNet top-1 acc. (paper)"
HEADER = (MODEL, LINK, RESOLUTION, TOP1)
DATASET = "ImageNet"
_TEACHER = re.compile(r"we distill the (?P<teacher>BiT-\S+) model")
_TEACHER_FILE = re.compile(r"\((https://storage\.googleapis\.com/bit_models/distill/R\S+_T_\S+\.npz)\)")
_FILE = re.compile(r"https://storage\.googleapis\.com/bit_models/distill/(?P<name>R\d+x\d+_\d+)\.npz")
TEACHERS = (
    "The teachers that the students were distilled from: released for reproducing the training, without a "
    "stated accuracy."
)

Row = dict[str, Any]


def convert(upstream: Upstream, vocabulary: Vocabulary) -> Imported:
    """One model per row of the table. Raises ``DataProblem`` with all that is not as expected."""
    file = upstream.only()
    lookup = Lookup(vocabulary, [])
    cells = Cells(file.path, lookup.problems)
    table = _table(file)
    teacher = line_of(file, _TEACHER, '"we distill the BiT-... model"')[1]["teacher"]
    shared = shared_columns(SOURCE_ID, file, lookup) | {
        MODELS.c.dataset_id: lookup.dataset(DATASET, cells.place(table.line)),
        MODELS.c.training_kind: "compressed",
        MODELS.c.training_method: f"distilled from {teacher}",
    }
    rows = [(line, dict(zip(HEADER, row, strict=True))) for line, row in table.rows]
    models = [_model(line, values, shared, cells, vocabulary) for line, values in rows]
    scores = [
        score
        for (line, values), model in zip(rows, models, strict=True)
        if (score := _score(line, values, model, cells)) is not None
    ]
    lookup.refuse()
    audit = Audit()
    record_left_out(audit, SOURCE_ID, "teachers-left-out", TEACHERS, _TEACHER_FILE.findall(file.text))
    citation = f"{PAPER}. 2021. {PAPER_URL}"
    tables = {
        SOURCES.name: [source(SOURCE_ID, TITLE, upstream, citation)],
        MODELS.name: models,
        SCORES.name: scores,
    }
    return Imported(tables, audit.entries)


def _table(file: UpstreamFile) -> MarkdownTable:
    tables = [table for table in read_tables(file.text, file.path) if table.heading == HEADING]
    if len(tables) != 1:
        raise DataProblem([f"{file.path}: found {len(tables)} tables under {HEADING!r}, expected one"])
    if tables[0].header != HEADER:
        raise DataProblem([header_problem(f"{file.path}, line {tables[0].line}", tables[0].header, HEADER)])
    return tables[0]


def _model(line: int, values: dict[str, str], shared: Row, cells: Cells, vocabulary: Vocabulary) -> Row:
    target = link_target(values[LINK]) or ""
    match = _FILE.fullmatch(target)
    network = architecture(values[MODEL])
    if match is None:
        cells.wrong(line, LINK, show(values[LINK]), "a link to .../distill/R<depth>x<width>_<size>.npz")
    if network is None:
        cells.wrong(line, MODEL, show(values[MODEL]), "BiT-R<depth>x<width>")
    size = cells.number(values[RESOLUTION], line, RESOLUTION)
    name = match["name"] if match else target
    model = MODELS.row(
        **shared, model_id=model_id(SOURCE_ID, slug(name)), name=name, source_row=line,
        architecture=network, model_type=vocabulary.model_type(network or name),
        input_size=None if size is None else f"3x{size}x{size}", weights_url=target,
        paper_title=PAPER, paper_url=PAPER_URL, year=2021,
    )  # fmt: skip
    return with_source_words(model, dataset_id=DATASET, architecture=values[MODEL], publisher=OWNER)


def _score(line: int, values: dict[str, str], model: Row, cells: Cells) -> Row | None:
    percent = cells.percent(values[TOP1], line, TOP1)
    if percent is None:
        return None
    return reported_score(
        SOURCE_ID, model[MODELS.c.model_id], model[MODELS.c.dataset_id],
        ("utility", "clean", "test", "accuracy"), fraction_of_percent(str(percent)),
        source_file=cells.path, source_row=line, source_column=TOP1,
    )  # fmt: skip


IMPORTER = Importer(TITLE, REPOSITORY, FILES, convert)
