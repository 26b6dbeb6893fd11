"""chenyaofo/pytorch-cifar-models: 38 networks trained on CIFAR-10 and CIFAR-100, from the README's tables."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from sngen.catalog.identifiers import model_id, slug
from sngen.catalog.importers import Imported, Importer
from sngen.catalog.markdown_tables import MarkdownTable, read_tables
from sngen.catalog.reported import fraction_of_percent, reported_score, source_row, with_source_words
from sngen.catalog.table_cells import Cells, header_problem
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.errors import DataProblem
from sngen.schema import MODELS, SCORES, SOURCES
from sngen.validation import show

SOURCE_ID = "pytorch-cifar-models"
OWNER = "chenyaofo"
REPOSITORY = "https://github.com/chenyaofo/pytorch-cifar-models"
TITLE = "PyTorch CIFAR Models"
FILES = ("README.md",)
TOP1, TOP5, PARAMETERS, MADDS = "Top-1 Acc.(%)", "Top-5 Acc.(%)", "#Params.(M)", "#MAdds(M)"
HEADER = ("Model", TOP1, TOP5, PARAMETERS, MADDS, "")
METRICS = {TOP1: "accuracy", TOP5: "top5_accuracy"}
_CHECKPOINT = re.compile(r"\[model\]\((?P<url>https://\S+?)\)")
#: torch.hub's convention: the first digits of the file's SHA-256 end its name.
_FILE = re.compile(r".*/(?P<name>[a-z0-9_]+)-[0-9a-f]{8}\.pt")

Rows = list[dict[str, Any]]


def convert(upstream: Upstream, vocabulary: Vocabulary) -> Imported:
    """One model per row of the two tables. Raises ``DataProblem`` with all that is not as expected."""
    file = upstream.only()
    lookup = Lookup(vocabulary, [])
    cells = Cells(file.path, lookup.problems)
    publisher = lookup.publisher(OWNER, REPOSITORY)
    models: Rows = []
    scores: Rows = []
    for table in _zoo(read_tables(file.text, file.path), cells):
        dataset = lookup.dataset(table.heading, cells.place(table.line))
        for line, row in table.rows:
            values = dict(zip(HEADER, row, strict=True))
            model = _model(line, values, dataset, cells, vocabulary)
            model[MODELS.c.publisher], model[MODELS.c.publisher_type] = publisher
            models.append(with_source_words(model, dataset_id=table.heading, publisher=OWNER))
            scores += _scores(line, values, model, cells)
    lookup.refuse()
    source = source_row(
        SOURCE_ID, upstream, file.path, title=TITLE, url=REPOSITORY, license="BSD-3-Clause",
        citation=f"Yaofo Chen. {TITLE}. {REPOSITORY}.",
    )  # fmt: skip
    return Imported({SOURCES.name: [source], MODELS.name: models, SCORES.name: scores}, [])


def _zoo(tables: list[MarkdownTable], cells: Cells) -> list[MarkdownTable]:
    """The tables of models."""
    zoo = [table for table in tables if table.header[0] == HEADER[0]]
    if not zoo:
        raise DataProblem([f"{cells.path}: found no table of models, expected one with {', '.join(HEADER)}"])
    wrong = [
        header_problem(cells.place(table.line), table.header, HEADER)
        for table in zoo
        if table.header != HEADER
    ]
    if wrong:
        raise DataProblem(wrong)
    return zoo


def _model(
    line: int, values: dict[str, str], dataset: str, cells: Cells, vocabulary: Vocabulary
) -> dict[str, Any]:
    architecture = values["Model"]
    name = f"{dataset}_{architecture}"
    madds = cells.number(values[MADDS], line, MADDS)
    parameters = cells.number(values[PARAMETERS], line, PARAMETERS)
    return MODELS.row(
        model_id=model_id(SOURCE_ID, slug(name)), name=name, source_id=SOURCE_ID, source_file=cells.path,
        source_row=line, task="classification", dataset_id=dataset, purpose="benchmark",
        architecture=architecture, model_type=vocabulary.model_type(architecture),
        parameters_rounded=None if parameters is None else float(parameters),
        macs=None if madds is None else float(madds * Decimal(10) ** 6),
        weights_kind="file", weights_url=_weights(line, values[""], name, cells), weights_format="torch",
        license="BSD-3-Clause", license_scope="repository",
    )  # fmt: skip


def _weights(line: int, cell: str, name: str, cells: Cells) -> str | None:
    """The checkpoint's address; the file must be that of the row's model and dataset."""
    link = _CHECKPOINT.search(cell)
    file = _FILE.fullmatch(urlsplit(link["url"]).path) if link else None
    if link is None or file is None or file["name"] != name:
        cells.wrong(line, "", show(cell), f"a link [model](https://...) to {name}-<8 digits>.pt")
        return None
    return link["url"]


def _scores(line: int, values: dict[str, str], model: dict[str, Any], cells: Cells) -> Rows:
    scores = []
    for column, metric in METRICS.items():
        percent = cells.percent(values[column], line, column)
        if percent is not None:
            kind = ("utility", "clean", "test", metric)
            model_, dataset = model[MODELS.c.model_id], model[MODELS.c.dataset_id]
            scores.append(
                reported_score(
                    SOURCE_ID, model_, dataset, kind, fraction_of_percent(str(percent)),
                    source_file=cells.path, source_row=line, source_column=column,
                )
            )  # fmt: skip
    return scores


IMPORTER = Importer(TITLE, REPOSITORY, FILES, convert)
