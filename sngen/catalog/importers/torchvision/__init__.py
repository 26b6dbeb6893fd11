"""torchvision: every classification weight enum, with the accuracies that it states.

Read from the modules' source, of the installed package or of a checkout; nothing is imported or executed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sngen.catalog.audit import Audit, touched
from sngen.catalog.identifiers import model_id, slug
from sngen.catalog.importers import Imported, Importer
from sngen.catalog.importers.torchvision.expressions import Reference
from sngen.catalog.importers.torchvision.weights import FILES, Weights, read_weights
from sngen.catalog.reported import fraction_of_percent, reported_score, source_row, with_source_words
from sngen.catalog.table_cells import record_left_out
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.schema import MODELS, SCORES, SOURCES

SOURCE_ID = "torchvision"
TITLE = "torchvision: models and pre-trained weights"
REPOSITORY = "https://github.com/pytorch/vision"
CITATION = (
    "TorchVision maintainers and contributors. TorchVision: PyTorch's Computer Vision library. GitHub, 2016. "
    "https://github.com/pytorch/vision"
)
OWNER, REPOSITORY_LICENSE = "pytorch", "BSD-3-Clause"
METRICS = {"acc@1": "accuracy", "acc@5": "top5_accuracy"}
RESIZE_DEFAULT = "resize-default"
RESIZE_WORDS = (
    "The weights name no resize_size: the default of the preset ImageClassification counts, and the share "
    "that is cropped follows from it."
)
LEFT_OUT = "Weights of networks for other tasks: detection, segmentation, video and optical flow."
#: torch.hub's convention: a file's name ends in the first digits of its SHA-256.
_CHECKSUM = re.compile(r"-(?P<digits>[0-9a-f]{8,})\.pth$")

Row = dict[str, Any]


def convert(upstream: Upstream, vocabulary: Vocabulary) -> Imported:
    """One model per member of an enum. Raises ``DataProblem`` with all that is not as expected."""
    enums = read_weights(upstream)
    lookup = Lookup(vocabulary, [])
    models = [_model(one, lookup) for one in enums.weights]
    scores = [score for one in enums.weights for score in _scores(one, lookup)]
    lookup.refuse()
    audit = Audit()
    _record_defaults(enums.weights, audit)
    for folder, names in enums.others.items():
        record_left_out(
            audit, SOURCE_ID, "other-tasks-left-out", LEFT_OUT, (f"{folder}: {name}" for name in names)
        )
    source = source_row(
        SOURCE_ID, upstream, ", ".join(FILES), title=TITLE, url=REPOSITORY, license=REPOSITORY_LICENSE,
        citation=CITATION,
    )  # fmt: skip
    return Imported({SOURCES.name: [source], MODELS.name: models, SCORES.name: scores}, audit.entries)


def _id(one: Weights) -> str:
    return model_id(SOURCE_ID, slug(one.builder), slug(one.member))


def _model(one: Weights, lookup: Lookup) -> Row:
    meta, transforms = one.meta, one.transforms
    (dataset, *others) = meta["_metrics"] or {"": None}
    if others:
        lookup.problems.append(
            f"{one.place}: found metrics of {', '.join(meta['_metrics'])}, expected of one dataset"
        )
    dataset_id = lookup.dataset(dataset, one.place)
    publisher, publisher_type = lookup.publisher(OWNER, one.place)
    checksum = _CHECKSUM.search(one.url)
    classifies = meta["categories"] is not None
    crop, resize = transforms["crop_size"], transforms["resize_size"]
    model = MODELS.row(
        **_license(one, lookup), model_id=_id(one), name=one.name, source_id=SOURCE_ID, source_file=one.path,
        source_row=one.line, task="classification" if classifies else "features",
        copy_kind="quantised" if "unquantized" in meta else None, architecture=one.builder,
        model_type=lookup.vocabulary.model_type(one.builder), parameters=meta["num_params"],
        macs=float(Decimal(str(meta["_ops"])) * 10**9), input_size=f"3x{crop}x{crop}",
        crop_fraction=crop / resize, interpolation=transforms["interpolation"].last.lower(),
        mean=list(transforms["mean"]), std=list(transforms["std"]),
        dataset_id=dataset_id if classifies else None, pretrained_on=None if classifies else [dataset_id],
        num_outputs=len(meta["categories"]) if classifies else None, purpose="benchmark",
        training_method=" ".join(meta["_docs"].split()) or None,
        publisher=publisher, publisher_type=publisher_type,
        weights_kind="file", weights_url=one.url, weights_format="torch",
        weights_checksum=f"sha256-prefix:{checksum['digits']}" if checksum else None, note=_note(one),
        flags=None if "resize_size" in one.given else [RESIZE_DEFAULT], loader=_loader(one),
    )  # fmt: skip
    return with_source_words(
        model, dataset_id=dataset if classifies else None, license=meta.get("license"), publisher=OWNER,
        crop_fraction=f"crop_size {crop}, resize_size {resize}", macs=f"_ops {meta['_ops']}",
    )  # fmt: skip


def _loader(one: Weights) -> str | None:
    """The builder. Files of quantised networks hold packed integers, which are no plain tensors."""
    plain = one.meta["categories"] is not None and "unquantized" not in one.meta
    return f"{SOURCE_ID}/{one.builder}" if plain else None


def _license(one: Weights, lookup: Lookup) -> Row:
    """The weights' own licence where they state one; else the repository's, which does not mention them."""
    stated = one.meta.get("license")
    word, scope = (stated, "weights") if stated else (REPOSITORY_LICENSE, "repository")
    return {MODELS.c.license: lookup.license(word, one.place), MODELS.c.license_scope: scope}


def _note(one: Weights) -> str:
    meta = one.meta
    parts = [f"recipe {meta['recipe']}", f"file of {meta['_file_size']} MB"]
    if one.is_default:
        parts.append("default weights of its builder")
    if isinstance(meta.get("unquantized"), Reference):
        parts.append(f"quantised from {meta['unquantized'].name}")
    if "backend" in meta:
        parts.append(f"for the backend {meta['backend']}")
    return "; ".join(parts)


def _scores(one: Weights, lookup: Lookup) -> list[Row]:
    """Accuracies in percent become fractions; where there is no number there is no score."""
    rows = []
    for dataset, metrics in one.meta["_metrics"].items():
        dataset_id = lookup.dataset(dataset, one.place)
        for key, value in metrics.items():
            if key not in METRICS:
                lookup.problems.append(
                    f"{one.place}: found the metric {key!r}, expected {', '.join(METRICS)}"
                )
            elif value is not None:
                rows.append(
                    reported_score(
                        SOURCE_ID, _id(one), dataset_id, ("utility", "clean", "test", METRICS[key]),
                        fraction_of_percent(value), source_file=one.path, source_row=one.line,
                        source_column=f"{dataset} {key}",
                    )
                )  # fmt: skip
    return rows


def _record_defaults(weights: Sequence[Weights], audit: Audit) -> None:
    rows = audit.open(RESIZE_DEFAULT, "flag", RESIZE_WORDS, MODELS.name, MODELS.c.crop_fraction)
    for one in weights:
        if "resize_size" not in one.given:
            size = one.transforms["resize_size"]
            rows.append(touched(_id(one), size, size))


IMPORTER = Importer(TITLE, REPOSITORY, FILES, convert, package="torchvision")
