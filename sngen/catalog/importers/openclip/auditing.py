"""What the import of OpenCLIP infers, flags, checks and leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sngen.catalog.audit import Audit, Entry, touched
from sngen.catalog.importers.openclip.registry import Registry
from sngen.catalog.importers.openclip.results import AVERAGE, AVERAGE_TOLERANCE, RETRIEVAL
from sngen.catalog.importers.openclip.tables import (
    CHANCE_FLAG,
    CROPS_FLAG,
    METRICS,
    OTHER_TAG_FLAG,
    QUICK_GELU_FLAG,
    SOURCE_ID,
    ZERO_FLAG,
    Listed,
    macs,
)
from sngen.catalog.table_cells import record_flags, record_left_out
from sngen.schema import DATASETS, MODELS, SCORES

MACS = (
    "The source counts floating-point operations with a tool that counts two for one multiply-accumulate, "
    "for one image and one text (in billions); halved. A ViT-B/32's image tower has 8.82 there, and 4.41 "
    "billion multiply-accumulates."
)
PUBLISHER = (
    "The publisher is the owner of the repository that the weights link names, or of the host. It is left "
    "open for repositories that hold copies of others' weights (timm)."
)
METRIC = (
    "The table does not say what its numbers are. They are top-1 accuracy except on these datasets, by the "
    "list of tasks of the evaluation that the table comes from (mlfoundations/datacomp, tasklist.yml)."
)
AVERAGES = (
    "The average over 38 datasets is the mean of the row's numbers, those of retrieval included. Within "
    f"{AVERAGE_TOLERANCE:g}."
)
RETRIEVED = (
    "Sets of the table in which an image is looked up by a text or a text by an image: no classification, so "
    "no score here. The average over 38 datasets includes them and is kept in the models' notes."
)
UNSCORED = (
    "Names and tags that are registered with weights and have no row in the table of results: audio models, "
    "newer models, and earlier training checkpoints."
)
MODEL_FLAGS = {
    QUICK_GELU_FLAG: "The weights are registered under the name without -quickgelu. Several of these models "
    "are listed a second time without it: the same weights with another activation.",
    OTHER_TAG_FLAG: "The registry names the hub repository of another tag, where the file's address has the "
    "right one: what is loaded depends on which of the two is used.",
    CHANCE_FLAG: "Zero-shot accuracy on ImageNet-1k is below 0.05, and chance on many datasets: models of "
    "DataComp's small scale, and one that was fine-tuned to write captions.",
}
SCORE_FLAGS = {
    ZERO_FLAG: "Exactly 0: in the region or group where it is lowest, no image is classified rightly. It is "
    "a measured zero.",
    CROPS_FLAG: "The evaluation classifies crops of the objects of PASCAL VOC, one label each; the dataset's "
    "own task has several labels per image.",
}

Rows = Sequence[Mapping[str, Any]]


def audit_entries(listed: Sequence[Listed], registry: Registry, models: Rows, scores: Rows) -> list[Entry]:
    """``models`` and ``scores`` are the finished rows."""
    audit = Audit()
    m, s = MODELS.c, SCORES.c
    derived = audit.open("macs-from-flops", "derivation", MACS, MODELS.name, m.macs)
    derived.extend(
        touched(one.model_id, float(one.result.flops), macs(one.result))
        for one in listed
        if one.result.flops is not None
    )
    named = audit.open("publisher-from-weights-link", "derivation", PUBLISHER, MODELS.name, m.publisher)
    named.extend(touched(row[m.model_id], None, row[m.publisher]) for row in models if row[m.publisher])
    _derive_metrics(scores, audit)
    record_flags(audit, MODEL_FLAGS, models, MODELS, m.weights_url)
    record_flags(audit, SCORE_FLAGS, scores, SCORES, s.value)
    _check_averages(listed, audit)
    record_left_out(audit, SOURCE_ID, "retrieval-left-out", RETRIEVED, RETRIEVAL)
    record_left_out(audit, SOURCE_ID, "registered-without-results", UNSCORED, _unscored(listed, registry))
    return audit.entries


def _derive_metrics(scores: Rows, audit: Audit) -> None:
    s = SCORES.c
    metrics = {row[s.dataset_id]: row[s.metric] for row in scores if row[s.source_column] in METRICS}
    rows = audit.open("metric-from-datacomp-task-list", "derivation", METRIC, DATASETS.name, s.metric)
    rows.extend(touched(dataset, None, metric) for dataset, metric in metrics.items())


def _check_averages(listed: Sequence[Listed], audit: Audit) -> None:
    rows = audit.open("average-is-mean-of-datasets", "check", AVERAGES, MODELS.name, AVERAGE)
    for one in listed:
        stated = one.result.average
        if stated is not None and abs(float(stated) - one.result.mean) > AVERAGE_TOLERANCE:
            rows.append(touched(one.model_id, float(stated), float(stated)))


def _unscored(listed: Sequence[Listed], registry: Registry) -> list[str]:
    """Entries that no row of the results uses."""
    used = {id(one.weights) for one in listed}
    return [f"{model}:{tag}" for (model, tag), weights in registry.items() if id(weights) not in used]
