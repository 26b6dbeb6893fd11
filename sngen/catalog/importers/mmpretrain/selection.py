"""Which entries are models of the catalogue, and their identity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sngen.catalog.audit import Audit
from sngen.catalog.identifiers import dotted_slug, model_id
from sngen.catalog.importers.mmpretrain.metafiles import (
    CONVERTED,
    DATASET,
    FLOPS,
    METRICS,
    NAME,
    PARAMETERS,
    SOURCE_ID,
    TASK,
    TRAINING_DATA,
    WEIGHTS,
    MetafileEntry,
)
from sngen.catalog.rules import SourceRow
from sngen.catalog.vocabulary import Lookup
from sngen.schema import MODELS
from sngen.validation import show

TOP1, TOP5, MAP = "Top 1 Accuracy", "Top 5 Accuracy", "mAP"
#: Metrics by the source's task. Those of the second list are kept in a score's note.
TASKS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "Image Classification": ("classification", (TOP1, TOP5), ()),
    "Multi-Label Classification": ("multi-label", (MAP,), ("CF1", "OF1")),
}
OTHER_TASKS = (
    "Image Caption", "Image Retrieval", "Image-To-Text Retrieval", "NLVR", "Text-To-Image Retrieval",
    "Visual Grounding", "Visual Question Answering",
)  # fmt: skip
#: Stands in an id in place of the dataset.
UNEVALUATED = "unevaluated"
#: Where a row keeps its entry and its result.
ENTRY, RESULT_DATASET, RESULT_METRICS = "entry", "dataset of the result", "metrics of the result"


def choose_models(entries: Sequence[MetafileEntry], lookup: Lookup, audit: Audit) -> list[SourceRow]:
    """A row per entry that classifies, or that has no result. The others are named in the audit.

    Problems (an unknown task, dataset or metric, an id twice) go to ``lookup``.
    """
    rows: list[SourceRow] = []
    others: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        tasks = {str(result[TASK]) for result in entry.results}
        lookup.problems += [
            f"{entry.place}, {TASK}: found {show(task)}, expected one of {', '.join((*TASKS, *OTHER_TASKS))}"
            for task in sorted(tasks - {*TASKS, *OTHER_TASKS})
        ]
        if tasks and tasks <= set(OTHER_TASKS):
            others[", ".join(sorted(tasks))].append(str(entry.model[NAME]))
        elif tasks <= set(TASKS):
            rows += _row(entry, lookup)
        else:
            lookup.problems.append(
                f"{entry.place}: found results of {', '.join(sorted(tasks))}, expected one kind of task"
            )
    _report_others(others, audit)
    lookup.problems += _repeated(rows)
    return rows


def _report_others(others: Mapping[str, list[str]], audit: Audit) -> None:
    total = sum(len(names) for names in others.values())
    listed = " ".join(f"{task}: {', '.join(names)}." for task, names in sorted(others.items()))
    words = f"Models that do not classify images are left out, {total} entries. {listed}"
    audit.open("not-a-classifier", "cleaning", words, MODELS.name, TASK)


def _row(entry: MetafileEntry, lookup: Lookup) -> list[SourceRow]:
    """The row, or none if its result is not as expected."""
    name = str(entry.model[NAME])
    row = SourceRow(entry.place, entry.number, _values(entry))
    if not entry.results:
        row.values[MODELS.c.task] = "features"
        row.row_id = model_id(SOURCE_ID, UNEVALUATED, dotted_slug(name))
        return [row]
    if len(entry.results) > 1:
        lookup.problems.append(f"{entry.place}: found {len(entry.results)} results, expected one")
        return []
    (result,) = entry.results
    dataset = lookup.dataset(str(result[DATASET]), f"{entry.place}, {DATASET}")
    wrong = _metric_problems(entry, result)
    lookup.problems += wrong
    task, _, _ = TASKS[str(result[TASK])]
    row.values |= {
        MODELS.c.task: task, MODELS.c.dataset_id: dataset, RESULT_DATASET: dataset,
        RESULT_METRICS: dict(result[METRICS] or {}), DATASET: result[DATASET],
    }  # fmt: skip
    row.row_id = model_id(SOURCE_ID, dataset, dotted_slug(name))
    return [] if wrong or not dataset else [row]


def _values(entry: MetafileEntry) -> dict[str, Any]:
    return {
        ENTRY: entry, NAME: entry.model[NAME], WEIGHTS: entry.model.get(WEIGHTS),
        FLOPS: entry.metadata[FLOPS], PARAMETERS: entry.metadata[PARAMETERS],
        TRAINING_DATA: entry.metadata.get(TRAINING_DATA), CONVERTED: entry.model.get(CONVERTED),
    }  # fmt: skip


def _metric_problems(entry: MetafileEntry, result: Mapping[str, Any]) -> list[str]:
    _, scores, notes = TASKS[str(result[TASK])]
    problems = []
    for metric, value in (result[METRICS] or {}).items():
        if metric not in (*scores, *notes):
            expected = f"one of {', '.join((*scores, *notes))}"
            problems.append(f"{entry.place}, {METRICS}: found {show(metric)}, expected {expected}")
        elif value is not None and not _is_percentage(value):
            problems.append(f"{entry.place}, {metric}: found {show(value)}, expected a number in [0, 100]")
    return problems


def _is_percentage(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 100


def _repeated(rows: Sequence[SourceRow]) -> list[str]:
    first: dict[str, SourceRow] = {}
    problems = []
    for row in rows:
        earlier = first.setdefault(row.row_id, row)
        if earlier is not row:
            problems.append(
                f"{row.place}: found a name that gives {row.row_id}, expected another one than that of "
                f"{earlier.place}"
            )
    return problems
