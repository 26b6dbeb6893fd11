"""Relations between the registry and the results, and within the results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sngen.catalog.audit import Audit, touched
from sngen.catalog.importers.timm.results import (
    CLEAN,
    DATASETS_OF_FILES,
    PARAMETERS,
    TOP1,
    TOP1_ERROR,
    TOP5,
    TOP5_ERROR,
    Result,
)
from sngen.catalog.importers.timm.rules import SOURCE_ID
from sngen.catalog.rules import SourceRow
from sngen.catalog.table_cells import record_left_out
from sngen.schema import MODELS, SCORES

NO_CLEAN_RESULT = "no-clean-result"
#: The results give millions with two decimals, and percent with three.
MILLION, ROUNDING = Decimal(10**6), Decimal("0.005")
PERCENT_ROUNDING = Decimal("0.001")

Rows = Mapping[str, SourceRow]


def left_out(results: Iterable[Result], audit: Audit) -> None:
    """Record results of models that the registry does not have."""
    names = [f"{one.model} at {one.size} ({one.file}, line {one.line})" for one in results]
    if names:
        explanation = (
            "Results of models that the registry of the installed timm does not have: left out, because "
            "nothing else is known of them. Another version of timm may have them."
        )
        record_left_out(audit, SOURCE_ID, "results-without-model", explanation, names)


def check_results(results: Sequence[Result], rows: Rows, audit: Audit) -> None:
    """Record every check and its exceptions."""
    _check_parameters(results, rows, audit)
    _check_architectures(rows, audit)
    _check_errors(results, rows, audit)
    _check_completeness(results, rows, audit)


def without_clean(results: Iterable[Result]) -> set[tuple[str, int]]:
    """(model, size) of results that have none on ImageNet-1k itself beside them."""
    listed = list(results)
    clean = {(one.model, one.size) for one in listed if one.dataset_id == CLEAN}
    return {(one.model, one.size) for one in listed} - clean


def flag_lone(scores: Iterable[Mapping[str, Any]], audit: Audit) -> None:
    """Record the scores that carry ``NO_CLEAN_RESULT``."""
    words = (
        "The model has this result and none on ImageNet-1k itself. The file of ImageNet-A has "
        "resmlp_24_224.fb_dino in the place of resnet50.tv_in1k, with an accuracy of 0.5 %, which is chance "
        "among 200 classes."
    )
    flagged = [score for score in scores if NO_CLEAN_RESULT in (score[SCORES.c.flags] or ())]
    rows = audit.open(NO_CLEAN_RESULT, "flag", words, SCORES.name, SCORES.c.value) if flagged else []
    rows.extend(touched(one[SCORES.c.score_id], one[SCORES.c.value], one[SCORES.c.value]) for one in flagged)


def _check_parameters(results: Sequence[Result], rows: Rows, audit: Audit) -> None:
    words = (
        "The number of parameters, counted on the network that the installed timm builds for the entry (once "
        "per version of timm: a later import takes the counts from the catalogue), is that of the results, "
        f"which are rounded to 0.01 million. {len(results)} lines."
    )
    exceptions = audit.open("parameters-agree-with-results", "check", words, MODELS.name, MODELS.c.parameters)
    for one in results:
        counted = rows[one.model][MODELS.c.parameters]
        if abs(Decimal(counted) / MILLION - one.parameters) > ROUNDING:
            said = f"{counted}; {PARAMETERS} {one.parameters} ({one.file}, line {one.line})"
            exceptions.append(touched(rows[one.model].row_id, said, said))


def _check_architectures(rows: Rows, audit: Audit) -> None:
    words = (
        "Entries of one architecture with the same number of outputs have as many parameters. The exceptions "
        "are encoders of language models: their tag decides how wide the projection at the end is."
    )
    exceptions = audit.open(
        "parameters-follow-architecture", "check", words, MODELS.name, MODELS.c.parameters
    )
    alike: dict[tuple[str, int], list[SourceRow]] = {}
    for row in rows.values():
        alike.setdefault((row["architecture"], row["num_classes"]), []).append(row)
    for group in alike.values():
        if len({row[MODELS.c.parameters] for row in group}) > 1:
            counted = ((row, row[MODELS.c.parameters]) for row in group)
            exceptions.extend(touched(row.row_id, count, count) for row, count in counted)


def _check_errors(results: Sequence[Result], rows: Rows, audit: Audit) -> None:
    words = "Accuracy and error add up to 100 %, within 0.001 % for rounding."
    exceptions = audit.open("error-is-complement-of-accuracy", "check", words, MODELS.name, TOP1_ERROR)
    for one in results:
        for right, wrong in ((TOP1, TOP1_ERROR), (TOP5, TOP5_ERROR)):
            if abs(one.percent[right] + one.percent[wrong] - 100) > PERCENT_ROUNDING:
                said = f"{one.percent[right]} + {one.percent[wrong]} ({one.file}, line {one.line})"
                exceptions.append(touched(rows[one.model].row_id, said, said))


def _check_completeness(results: Sequence[Result], rows: Rows, audit: Audit) -> None:
    words = "A model and size that is evaluated on one of the six sets of images is evaluated on all of them."
    exceptions = audit.open("evaluated-on-all-sets", "check", words, MODELS.name, MODELS.c.dataset_id)
    found: dict[tuple[str, int], set[str]] = {}
    for one in results:
        found.setdefault((one.model, one.size), set()).add(one.dataset_id)
    for (model, size), datasets in found.items():
        missing = [dataset for dataset in DATASETS_OF_FILES.values() if dataset not in datasets]
        if missing:
            said = f"no result at {size} on {', '.join(missing)}"
            exceptions.append(touched(rows[model].row_id, said, said))
