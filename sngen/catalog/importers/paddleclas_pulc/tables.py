"""From PULC's rows to the catalogue's tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sngen.catalog.importers.paddleclas_pulc.listing import (
    DESCRIPTION,
    INFERENCE,
    KINDS,
    LIST,
    METRIC,
    METRICS,
    NAME,
    PRETRAINED,
    SOURCE_ID,
)
from sngen.catalog.importers.paddleclas_pulc.pages import DATA, RATE
from sngen.catalog.reported import fraction_of_percent, reported_score, with_source_words
from sngen.catalog.rules import SourceRow
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.schema import MODELS

TITLE = "PaddleClas PULC: practical ultra lightweight image classification"
REPOSITORY = "https://github.com/PaddlePaddle/PaddleClas"
OWNER = "PaddlePaddle"
LICENSE = "Apache-2.0"

Rows = list[dict[str, Any]]


def model_rows(rows: Sequence[SourceRow], vocabulary: Vocabulary) -> Rows:
    lookup = Lookup(vocabulary, [])
    publisher = lookup.publisher(OWNER, f"owner of {REPOSITORY}")
    lookup.refuse()
    return [_model(row, vocabulary, publisher) for row in rows]


def _model(row: SourceRow, vocabulary: Vocabulary, publisher: tuple[str, str | None]) -> dict[str, Any]:
    architecture = row[MODELS.c.architecture]
    model = MODELS.row(
        model_id=row.row_id, name=row[NAME], source_id=SOURCE_ID, source_file=LIST, source_row=row.number,
        task=KINDS[row[METRIC]][1], architecture=architecture, model_type=vocabulary.model_type(architecture),
        dataset_id=row[MODELS.c.dataset_id], purpose="other", publisher=publisher[0],
        publisher_type=publisher[1], weights_kind="file", weights_url=row[PRETRAINED], license=LICENSE,
        license_scope="repository", flags=row.flags or None,
        note=f"Inference model: {row[INFERENCE]}. Data, in the words of the model's page: {row[DATA]}",
    )  # fmt: skip
    return with_source_words(model, dataset_id=row[DESCRIPTION])


def score_rows(rows: Sequence[SourceRow]) -> Rows:
    """One number per model, of the metric that the list names below its table."""
    return [_score(row) for row in rows]


def _score(row: SourceRow) -> dict[str, Any]:
    metric = KINDS[row[METRIC]][0]
    setting = f"fpr-{row[RATE].replace('/', '-')}" if row[RATE] else "test"
    return reported_score(
        SOURCE_ID, row.row_id, row[MODELS.c.dataset_id], ("utility", "clean", setting, metric),
        fraction_of_percent(row[METRICS]), source_file=LIST, source_row=row.number, source_column=METRICS,
        note=f"{row[METRIC]}, false positive rate {row[RATE]}" if row[RATE] else row[METRIC],
    )  # fmt: skip
