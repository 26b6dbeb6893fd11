"""From MMPreTrain's rows to the catalogue's tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sngen.catalog.importers.mmpretrain.cleaning import SEPARATOR
from sngen.catalog.importers.mmpretrain.metafiles import (
    ARCHITECTURE,
    CODE,
    CONFIG,
    CONVERTED,
    DATASET,
    DOWNSTREAM,
    FLOPS,
    IN_COLLECTION,
    NAME,
    PAPER,
    PARAMETERS,
    PRETRAIN,
    SOURCE_ID,
    TECHNIQUES,
    TRAINING_DATA,
    WEIGHTS,
    MetafileEntry,
    texts,
)
from sngen.catalog.importers.mmpretrain.selection import (
    ENTRY,
    MAP,
    RESULT_DATASET,
    RESULT_METRICS,
    TOP1,
    TOP5,
)
from sngen.catalog.reported import fraction_of_percent, reported_score, with_source_words
from sngen.catalog.rules import SourceRow
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.schema import MODELS

TITLE = "MMPreTrain: OpenMMLab pre-training toolbox and benchmark"
REPOSITORY = "https://github.com/open-mmlab/mmpretrain"
OWNER = "open-mmlab"
_METRICS = {TOP1: "accuracy", TOP5: "top5_accuracy", MAP: "mean_average_precision"}

Rows = list[dict[str, Any]]


def model_rows(rows: Sequence[SourceRow], vocabulary: Vocabulary) -> Rows:
    lookup = Lookup(vocabulary, [])
    publisher = lookup.publisher(OWNER, f"owner of {REPOSITORY}")
    lookup.refuse()
    return [_model(row, vocabulary, publisher) for row in rows]


def _model(row: SourceRow, vocabulary: Vocabulary, publisher: tuple[str, str | None]) -> dict[str, Any]:
    entry: MetafileEntry = row[ENTRY]
    paper = (entry.collection or {}).get(PAPER) or {}
    techniques = texts(entry.metadata.get(TECHNIQUES) or entry.common.get(TECHNIQUES))
    flops, weights, chain = row[FLOPS], row[WEIGHTS], row[MODELS.c.pretrained_on]
    model = MODELS.row(
        model_id=row.row_id, name=row[NAME], source_id=SOURCE_ID, source_file=entry.path,
        source_row=entry.number, task=row[MODELS.c.task], copy_kind=row[MODELS.c.copy_kind],
        architecture=row[MODELS.c.architecture],
        model_type=vocabulary.model_type(row[MODELS.c.architecture]), parameters=row[PARAMETERS],
        parameters_rounded=row[MODELS.c.parameters_rounded], macs=None if flops is None else float(flops),
        dataset_id=row[MODELS.c.dataset_id], pretrained_on=chain.split(SEPARATOR) if chain else None,
        purpose="benchmark" if entry.results else "other",
        training_method=", ".join(techniques) or None,
        publisher=publisher[0] if weights else None, publisher_type=publisher[1] if weights else None,
        paper_title=paper.get("Title"), paper_url=paper.get("URL"),
        weights_kind="file" if weights else "none", weights_url=weights or None,
        weights_format="torch" if weights else None,
        license="Apache-2.0" if weights else None, license_scope="repository" if weights else None,
        flags=row.flags or None, note=". ".join(_notes(entry)),
    )  # fmt: skip
    return with_source_words(
        model, dataset_id=row[DATASET], model_type=entry.model[IN_COLLECTION],
        architecture=_joined(entry.common.get(ARCHITECTURE)),
        pretrained_on=_joined(entry.metadata.get(TRAINING_DATA) or entry.common.get(TRAINING_DATA)),
    )  # fmt: skip


def _joined(value: Any) -> str | None:
    return "; ".join(texts(value)) or None


def _notes(entry: MetafileEntry) -> Iterator[str]:
    """Parts of the note, each with the source's key before its value."""
    yield f"{CONFIG}: {entry.model[CONFIG]}"
    converted = entry.model.get(CONVERTED) or {}
    for key in (WEIGHTS, CODE):
        if converted.get(key):
            yield f"{CONVERTED}, {key}: {converted[key]}"
    for key in (PRETRAIN, DOWNSTREAM):
        if entry.model.get(key):
            yield f"{key}: {', '.join(texts(entry.model[key]))}"


def score_rows(rows: Sequence[SourceRow]) -> Rows:
    return [
        _score(row, metric, value)
        for row in rows
        for metric, value in (row[RESULT_METRICS] or {}).items()
        if metric in _METRICS and value is not None
    ]


def _score(row: SourceRow, metric: str, value: float) -> dict[str, Any]:
    method = "zero-shot" if row[MODELS.c.task] == "zero-shot" else "clean"
    others = [f"{name} {number} %" for name, number in row[RESULT_METRICS].items() if name not in _METRICS]
    return reported_score(
        SOURCE_ID, row.row_id, row[RESULT_DATASET], ("utility", method, "test", _METRICS[metric]),
        fraction_of_percent(value), source_file=row[ENTRY].path, source_row=row.number, source_column=metric,
        note=f"Also: {', '.join(others)}" if others else None,
    )  # fmt: skip
