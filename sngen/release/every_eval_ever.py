"""every_eval_ever.jsonl.gz: the measured scores as logs of Every Eval Ever, one record a line.

Source: the schema 0.3.0 of https://github.com/evaleval/every_eval_ever (eval.schema.json). Reported numbers
are not in it, for their evaluations are not ours to describe, and neither are withdrawn ones.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from sngen import __version__
from sngen.release.errata import standing
from sngen.schema import DATASETS, FAMILIES, METRICS, MODELS, SCORES

FILE = "every_eval_ever.jsonl.gz"
SCHEMA = "0.3.0"
_S, _M, _D = SCORES.c, MODELS.c, DATASETS.c

Row = Mapping[str, Any]


def write_logs(scores: Sequence[Row], models: Sequence[Row], datasets: Sequence[Row], folder: Path) -> None:
    """The same rows give the same bytes."""
    lines = "".join(
        json.dumps(log, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
        for log in logs(scores, models, datasets)
    )
    (folder / FILE).write_bytes(gzip.compress(lines.encode(), compresslevel=9, mtime=0))


def logs(scores: Sequence[Row], models: Sequence[Row], datasets: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """One per result record, in the order of score ids."""
    by_model = {row[_M.model_id]: row for row in models}
    by_dataset = {row[_D.dataset_id]: row for row in datasets}
    measured = [score for score in standing(scores) if score[_S.origin] == "measured"]
    ordered = sorted(measured, key=lambda score: (score[_S.record_id], score[_S.score_id]))
    records = [list(group) for _, group in groupby(ordered, key=lambda score: score[_S.record_id])]
    for record in sorted(records, key=lambda group: group[0][_S.score_id]):
        first = record[0]
        yield _log(record, by_model[first[_S.model_id]], by_dataset[first[_S.dataset_id]])


def _log(record: Sequence[Row], model: Row, dataset: Row) -> dict[str, Any]:
    first = record[0]
    when = _epoch(first[_S.date])
    name = f"{first[_S.protocol]}/{first[_S.method]}"
    return {
        "schema_version": SCHEMA,
        "evaluation_id": f"{name}/{first[_S.model_id]}/{when}",
        "evaluation_timestamp": when,
        "retrieved_timestamp": when,
        "source_metadata": {
            "source_name": "SecurityNet",
            "source_type": "evaluation_run",
            "source_organization_name": "SecurityNet",
            "evaluator_relationship": "third_party",
            "additional_details": _texts(
                {
                    "record_id": first[_S.record_id],
                    "tier": first[_S.tier],
                    "code_commit": first[_S.code_commit],
                }
            ),
        },
        "eval_library": {"name": "securitynet", "version": __version__},
        "model_info": {
            "name": model[_M.name],
            "id": model[_M.model_id],
            "additional_details": {
                "deployment_type": "self_deployed",
                "model_availability": "open_weights",
                **_texts({"weights_sha256": first[_S.weights_sha256], "weights_url": model[_M.weights_url]}),
            },
        },
        "evaluation_results": [_result(score, name, dataset) for score in record],
    }


def _result(score: Row, name: str, dataset: Row) -> dict[str, Any]:
    metric = METRICS[score[_S.metric]]
    return {
        "evaluation_result_id": score[_S.score_id],
        "evaluation_name": f"{name}, {score[_S.setting]}",
        "source_data": _data(dataset, score[_S.data_fingerprint]),
        "metric_config": {
            "evaluation_description": f"{FAMILIES[score[_S.family]]}: {metric.description}",
            "metric_id": score[_S.metric],
            "metric_name": metric.title,
            "metric_unit": "proportion" if metric.unit == "fraction" else metric.unit,
            "lower_is_better": metric.better == "lower",
            "score_type": "continuous",
            "min_score": "-Infinity" if metric.minimum is None else metric.minimum,
            "max_score": "Infinity" if metric.maximum is None else metric.maximum,
            "additional_details": _texts({"arguments": score[_S.arguments]}),
        },
        "score_details": {
            "score": score[_S.value],
            "details": _texts({"flags": ", ".join(score[_S.flags] or ()) or None}),
            **_uncertainty(score),
        },
    }


def _data(dataset: Row, fingerprint: str | None) -> dict[str, Any]:
    where = (
        {"source_type": "url", "url": [dataset[_D.homepage]]}
        if dataset[_D.homepage]
        else {"source_type": "other"}
    )
    return {
        "dataset_name": dataset[_D.name],
        **where,
        "additional_details": _texts({"fingerprint_of_pixels": fingerprint}),
    }


def _uncertainty(score: Row) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if score[_S.ci_low] is not None and score[_S.ci_high] is not None:
        found["confidence_interval"] = {
            "lower": score[_S.ci_low],
            "upper": score[_S.ci_high],
            "confidence_level": 0.95,
            **_texts({"method": score[_S.ci_method]}),
        }
    if score[_S.n] is not None:
        found["num_samples"] = score[_S.n]
    return {"uncertainty": found} if found else {}


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Details are texts there; unknown ones are left out."""
    return {name: str(value) for name, value in values.items() if value is not None}


def _epoch(date: str) -> str:
    """Seconds since 1970 of a date or of an instant in UTC."""
    instant = datetime.fromisoformat(date.replace("Z", "+00:00"))
    return str(int((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()))
