"""From entries and results to the catalogue's tables."""

from __future__ import annotations

import re
from typing import Any

from sngen.catalog.importers.timm.checks import NO_CLEAN_RESULT
from sngen.catalog.importers.timm.results import TOP1, TOP5, Result
from sngen.catalog.importers.timm.rules import (
    LICENSE_WORD,
    NAME,
    OWNER,
    PUBLISHER_TYPE,
    SOURCE_ID,
    arxiv,
)
from sngen.catalog.reported import fraction_of_percent, reported_score, source_row, with_source_words
from sngen.catalog.rules import SourceRow
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Vocabulary
from sngen.schema import MODELS

TITLE = "PyTorch Image Models (timm)"
REPOSITORY = "https://github.com/huggingface/pytorch-image-models"
CITATION = "Ross Wightman. PyTorch Image Models. GitHub, 2019. https://doi.org/10.5281/zenodo.4414861"
_METRICS = {TOP1: "accuracy", TOP5: "top5_accuracy"}
_HUB = "https://huggingface.co/"
#: torch.hub's convention, which timm follows: the name ends in the first digits of the file's SHA-256.
_PREFIX = re.compile(r"-(?P<digits>[0-9a-f]{8,})\.pth$")
#: Ending of a file's name -> weights_format.
_FORMATS = {
    ".safetensors": "safetensors", ".pth": "torch", ".pth.tar": "torch", ".pt": "torch", ".bin": "torch",
    ".npz": "npz",
}  # fmt: skip
#: Columns that rules fill in under the contract's names.
_DERIVED = (
    MODELS.c.task, MODELS.c.parameters, MODELS.c.crop_fraction, MODELS.c.dataset_id, MODELS.c.pretrained_on,
    MODELS.c.training_kind, MODELS.c.publisher, MODELS.c.year, MODELS.c.license,
)  # fmt: skip

Row = dict[str, Any]


def provenance(upstream: Upstream) -> Row:
    """The row of the table sources."""
    return source_row(
        SOURCE_ID, upstream, "timm/models/*.py, results/results-*.csv", title=TITLE, url=REPOSITORY,
        license="Apache-2.0", citation=CITATION,
    )  # fmt: skip


def model_row(row: SourceRow, vocabulary: Vocabulary) -> Row:
    model = MODELS.row(
        **{column: row[column] for column in _DERIVED}, **_weights(row),
        model_id=row.row_id, name=row[NAME], source_id=SOURCE_ID, source_file=row["source_file"],
        source_row=row["line"], architecture=row["architecture"],
        model_type=vocabulary.model_type(row["architecture"]), input_size=_size(row["input_size"]),
        interpolation=row["interpolation"], mean=list(row["mean"]), std=list(row["std"]),
        num_outputs=row["num_classes"] or None, purpose="benchmark", training_method=row["tag"] or None,
        publisher_type=row[PUBLISHER_TYPE], paper_title=row["paper_name"],
        paper_url=row["paper_ids"] and arxiv(row["paper_ids"])[0],
        license_scope="weights" if row[MODELS.c.license] else None, flags=row.flags or None, note=_note(row),
        loader=_loader(row),
    )  # fmt: skip
    crop = row["crop_pct"]
    return with_source_words(
        model, publisher=row[OWNER] and (row["origin_url"] or row["hf_hub_id"]), license=row[LICENSE_WORD],
        paper_url=row["paper_ids"], weights_url=row["url"],
        crop_fraction=str(crop) if row[MODELS.c.crop_fraction] is None else None,
    )  # fmt: skip


def _loader(row: SourceRow) -> str | None:
    """Classifiers are built by the whole name: the tag can decide on the network's image size."""
    is_classifier = row[MODELS.c.task] == "classification"
    return f"{SOURCE_ID}/{row[NAME]}" if is_classifier and (row["hf_hub_id"] or row["url"]) else None


def _weights(row: SourceRow) -> Row:
    """The hub's repository; the file's own address where there is none."""
    url, file = row["url"], row["hf_hub_filename"]
    if row["hf_hub_id"]:
        return {
            MODELS.c.weights_kind: "hub", MODELS.c.weights_url: _HUB + row["hf_hub_id"],
            MODELS.c.weights_hub_id: row["hf_hub_id"], MODELS.c.weights_file: file,
            MODELS.c.weights_format: _format(file),
        }  # fmt: skip
    if not url:
        return {}
    match = _PREFIX.search(url)
    return {
        MODELS.c.weights_kind: "file", MODELS.c.weights_url: url,
        MODELS.c.weights_checksum: f"sha256-prefix:{match['digits']}" if match else None,
        MODELS.c.weights_format: _format(url),
    }  # fmt: skip


def _format(file: str | None) -> str | None:
    """By the name; None where there is no name, or one that does not say."""
    name = file or ""
    return next((found for ending, found in _FORMATS.items() if name.endswith(ending)), None)


def _note(row: SourceRow) -> str | None:
    """Settings of the evaluation that have no column, and the entry's own notes."""
    parts = []
    if row["test_input_size"]:
        parts.append(f"test_input_size {_size(row['test_input_size'])}")
    if row["test_crop_pct"]:
        parts.append(f"test_crop_pct {row['test_crop_pct']}")
    if row["crop_mode"] != "center":
        parts.append(f"crop_mode {row['crop_mode']}")
    return "; ".join([*parts, *(row["notes"] or ())]) or None


def _size(size: tuple[int, ...]) -> str:
    """Channels x height x width."""
    return "x".join(map(str, size))


def score_rows(result: Result, row: SourceRow, *, no_clean: bool) -> list[Row]:
    """Top-1 and top-5 accuracy. ``no_clean``: there is no result on ImageNet-1k beside this one."""
    setting = "test" if result.size == row["input_size"][1] else f"test-{result.size}"
    return [
        reported_score(
            SOURCE_ID, row.row_id, result.dataset_id, ("utility", "clean", setting, metric),
            fraction_of_percent(str(result.percent[column])), source_file=result.file,
            source_row=result.line, source_column=column, flags=[NO_CLEAN_RESULT] if no_clean else None,
        )
        for column, metric in _METRICS.items()
    ]  # fmt: skip
