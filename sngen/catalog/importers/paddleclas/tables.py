"""From PaddleClas's rows to the catalogue's tables."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sngen.catalog.importers.paddleclas.listing import (
    FLOPS_G,
    FLOPS_M,
    FOOTNOTE,
    HEADING,
    INFERENCE,
    MODEL,
    PARAMS,
    PRETRAINED,
    SOURCE_ID,
    TOP1,
    TOP5,
)
from sngen.catalog.importers.paddleclas.merging import LISTED, fullest
from sngen.catalog.reported import reported_score, with_source_words
from sngen.catalog.rules import SourceRow
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.schema import MODELS

TITLE = "PaddleClas: ImageNet models"
REPOSITORY = "https://github.com/PaddlePaddle/PaddleClas"
MODEL_LIST = "docs/zh_CN/models/ImageNet1k/model_list.md"
OWNER = "PaddlePaddle"
LICENSE = "Apache-2.0"
#: The whole list is one of models for this dataset.
DATASET = "imagenet-1k"
_METRICS = {TOP1: "accuracy", TOP5: "top5_accuracy"}
_SCALES = {FLOPS_G: 10**9, FLOPS_M: 10**6}

Rows = list[dict[str, Any]]


def model_rows(rows: Sequence[SourceRow], vocabulary: Vocabulary) -> Rows:
    lookup = Lookup(vocabulary, [])
    publisher = lookup.publisher(OWNER, f"owner of {REPOSITORY}")
    lookup.refuse()
    return [_model(row, vocabulary, publisher) for row in rows]


def _model(row: SourceRow, vocabulary: Vocabulary, publisher: tuple[str, str | None]) -> dict[str, Any]:
    before = row[MODELS.c.pretrained_on]
    model = MODELS.row(
        model_id=row.row_id, name=row[MODEL], source_id=SOURCE_ID, source_file=MODEL_LIST,
        source_row=row.number, task="classification", architecture=row[MODELS.c.architecture],
        model_type=vocabulary.model_type(row[MODELS.c.architecture]),
        parameters_rounded=None if row[PARAMS] is None else float(row[PARAMS]), macs=_macs(row),
        dataset_id=DATASET, pretrained_on=None if before is None else [before], purpose="benchmark",
        training_method=row[MODELS.c.training_method], publisher=publisher[0], publisher_type=publisher[1],
        weights_kind="file", weights_url=row[PRETRAINED], license=LICENSE, license_scope="repository",
        flags=row.flags or None, note=f"Inference model: {row[INFERENCE]}",
    )  # fmt: skip
    return with_source_words(model, model_type=row[HEADING], pretrained_on=row[FOOTNOTE])


def _macs(row: SourceRow) -> float | None:
    for column, scale in _SCALES.items():
        if row[column] is not None:
            return float(Decimal(row[column]) * scale)
    return None


def score_rows(rows: Sequence[SourceRow]) -> Rows:
    """``source_row`` is the line that the number stands in, of two that name the model."""
    return [
        reported_score(
            SOURCE_ID, row.row_id, DATASET, ("utility", "clean", "test", metric), float(row[column]),
            source_file=MODEL_LIST, source_row=fullest(row[LISTED]).number, source_column=column,
        )
        for row in rows
        for column, metric in _METRICS.items()
        if row[column] is not None
    ]  # fmt: skip
