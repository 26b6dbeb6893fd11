"""From pytorchcv's rows to the catalogue's tables."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sngen.catalog.importers.pytorchcv.cleaning import weights_file
from sngen.catalog.importers.pytorchcv.preprocessing import columns
from sngen.catalog.importers.pytorchcv.readme import (
    ERROR,
    FLOPS,
    HEADING,
    IMG_SIZE,
    LOG,
    MODEL,
    ORIGIN,
    PARAMS,
    SCALE,
    SOURCE_ID,
    STORE_ENTRY,
    TOP1,
    TOP5,
)
from sngen.catalog.reported import complement_of_percent, reported_score, with_source_words
from sngen.catalog.rules import SourceRow
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.schema import MODELS

TITLE = "pytorchcv: computer vision models on PyTorch"
REPOSITORY = "https://github.com/osmr/imgclsmob"
README, STORE = "pytorch/README.md", "pytorch/pytorchcv/models/model_store.py"
OWNER = "osmr"
_KINDS = {
    TOP1: ("utility", "clean", "test", "accuracy"),
    ERROR: ("utility", "clean", "test", "accuracy"),
    TOP5: ("utility", "clean", "test", "top5_accuracy"),
}

Rows = list[dict[str, Any]]


def model_rows(rows: Sequence[SourceRow], vocabulary: Vocabulary) -> Rows:
    lookup = Lookup(vocabulary, [])
    publisher = lookup.publisher(OWNER, f"owner of {REPOSITORY}")
    lookup.refuse()
    return [_model(row, vocabulary, publisher) for row in rows]


def _model(row: SourceRow, vocabulary: Vocabulary, publisher: tuple[str, str | None]) -> dict[str, Any]:
    entry, size = row[STORE_ENTRY], row[IMG_SIZE]
    model = MODELS.row(
        model_id=row.row_id, name=entry.name, source_id=SOURCE_ID, source_file=README, source_row=row.number,
        task="classification", copy_kind=row[MODELS.c.copy_kind], architecture=row[MODELS.c.architecture],
        model_type=vocabulary.model_type(row[MODELS.c.architecture]),
        parameters=int(row[PARAMS].replace(",", "")), macs=_macs(row[FLOPS]),
        input_size=f"3x{size}x{size}" if size else None, crop_fraction=row[SCALE],
        dataset_id=row[MODELS.c.dataset_id], purpose="benchmark",
        publisher=publisher[0], publisher_type=publisher[1],
        paper_url=f"https://arxiv.org/abs/{entry.paper}" if entry.paper else None,
        weights_kind="archive", weights_url=row[MODELS.c.weights_url], weights_file=weights_file(row),
        weights_revision=entry.release, weights_checksum=f"sha1:{entry.sha1}", weights_format="torch",
        license="MIT", license_scope="repository", flags=row.flags or None,
        note=f"{_origin(row)}; training log: {row[LOG]}", **columns(row),
    )  # fmt: skip
    return with_source_words(model, architecture=row[MODEL], dataset_id=row[HEADING])


def _origin(row: SourceRow) -> str:
    return f"Weights of {row[ORIGIN]}" if row[ORIGIN] else "Trained in MXNet Gluon and converted"


def _macs(cell: str) -> float:
    """Of "1,132.33M"; the README's millions."""
    return float(Decimal(cell.removesuffix("M").replace(",", "")) * 10**6)


def score_rows(rows: Sequence[SourceRow]) -> Rows:
    """The README gives errors; the catalogue holds accuracies."""
    return [
        reported_score(
            SOURCE_ID, row.row_id, row[MODELS.c.dataset_id], kind, complement_of_percent(row[column]),
            source_file=README, source_row=row.number, source_column=column,
        )
        for row in rows
        for column, kind in _KINDS.items()
        if row[column] is not None
    ]  # fmt: skip
