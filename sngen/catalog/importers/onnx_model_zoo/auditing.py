"""What the import of the ONNX model zoo cleans, infers, flags, checks and leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sngen.catalog.audit import Audit, Entry, touched
from sngen.catalog.importers.onnx_model_zoo.oddities import (
    DATASET,
    LEFT_OUT,
    LICENSE,
    MANIFEST,
    MODEL_FLAGS,
    QUANTISED,
    SCORE_FLAGS,
    SHORT,
)
from sngen.catalog.importers.onnx_model_zoo.readmes import OPSET
from sngen.catalog.importers.onnx_model_zoo.tables import SOURCE_ID, Network
from sngen.catalog.table_cells import record_flags, record_left_out
from sngen.schema import MODELS, SCORES

Rows = Sequence[Mapping[str, Any]]


def audit_entries(found: Sequence[Network], models: Rows, scores: Rows) -> list[Entry]:
    """``models`` and ``scores`` are the finished rows, models in the order of ``found``."""
    audit = Audit()
    m, s = MODELS.c, SCORES.c
    short = audit.open("short-row-completed", "cleaning", SHORT, MODELS.name, m.source_row)
    short.extend(
        touched(one.model_id, one.listed.line, one.listed.line) for one in found if one.listed.completed
    )
    for rule, words, column in (
        ("copy-kind-from-file-name", QUANTISED, m.copy_kind),
        ("dataset-from-readme", DATASET, m.dataset_id),
        ("licence-from-readme", LICENSE, m.license),
    ):
        rows = audit.open(rule, "derivation", words, MODELS.name, column)
        rows.extend(touched(row[m.model_id], None, row[column]) for row in models if row[column])
    record_flags(audit, MODEL_FLAGS, models, MODELS, m.weights_file)
    record_flags(audit, SCORE_FLAGS, scores, SCORES, s.value)
    _check_opsets(found, audit)
    for rule, (words, names) in LEFT_OUT.items():
        record_left_out(audit, SOURCE_ID, rule, words, names)
    return audit.entries


def _check_opsets(found: Sequence[Network], audit: Audit) -> None:
    rows = audit.open("opset-as-in-manifest", "check", MANIFEST, MODELS.name, OPSET)
    for one in found:
        if one.checked is not None and str(one.checked.opset) != one.listed.opset:
            rows.append(touched(one.model_id, one.listed.opset, one.listed.opset))
