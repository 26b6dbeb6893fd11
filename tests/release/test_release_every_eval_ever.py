"""The logs for Every Eval Ever: what its schema 0.3.0 requires, and the numbers of the release."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from release_examples import MODEL, catalogue, record

from sngen.release.every_eval_ever import FILE
from sngen.release.read import Release
from sngen.schema import ERRATA

Build = Callable[..., Path]
#: What the schema requires of an object, by the way to it.
REQUIRED = {
    (): {
        "schema_version", "evaluation_id", "retrieved_timestamp", "source_metadata", "model_info",
        "eval_library", "evaluation_results",
    },
    ("source_metadata",): {"source_type", "source_organization_name", "evaluator_relationship"},
    ("model_info",): {"name", "id", "additional_details"},
    ("model_info", "additional_details"): {"deployment_type", "model_availability"},
    ("eval_library",): {"name", "version"},
}  # fmt: skip
OF_A_RESULT = {"evaluation_name", "source_data", "metric_config", "score_details"}


def logs_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress((folder / FILE).read_bytes()).splitlines()]


def test_every_record_is_a_log_with_what_the_schema_requires(release: Path) -> None:
    (log,) = logs_of(release)
    for way, names in REQUIRED.items():
        part = log
        for name in way:
            part = part[name]
        assert names <= set(part), way
    for result in log["evaluation_results"]:
        assert set(result) >= OF_A_RESULT
        config = result["metric_config"]
        assert isinstance(config["lower_is_better"], bool)
        assert config["min_score"] in (0, "-Infinity")
        assert config["max_score"] in (1, "Infinity")
    details = (log["source_metadata"], log["model_info"])
    assert all(isinstance(value, str) for one in details for value in one["additional_details"].values())


def test_numbers_are_those_of_the_release(release: Path) -> None:
    (log,) = logs_of(release)
    measured = {
        row["score_id"]: row
        for row in Release.open(release).arrow("scores").to_pylist()
        if row["origin"] == "measured"
    }
    assert {one["evaluation_result_id"] for one in log["evaluation_results"]} == set(measured)
    for one in log["evaluation_results"]:
        row = measured[one["evaluation_result_id"]]
        assert one["score_details"]["score"] == row["value"]
        uncertainty = one["score_details"]["uncertainty"]
        assert uncertainty["num_samples"] == row["n"]
        if row["ci_low"] is not None:
            interval = uncertainty["confidence_interval"]
            assert (interval["lower"], interval["upper"]) == (row["ci_low"], row["ci_high"])
    assert log["evaluation_id"] == f"utility/1/clean/{MODEL}/{log['retrieved_timestamp']}"


def test_time_is_in_seconds_since_1970(build_release: Build) -> None:
    (log,) = logs_of(build_release(records=[record(date="1970-01-02T00:00:01Z")]))
    assert log["evaluation_timestamp"] == "86401"


def test_withdrawn_numbers_are_not_in_it(build_release: Build) -> None:
    one = record()
    erratum = ERRATA.row(
        erratum_id="e", record_id=one.record_id, date="2026-03-01", who="us", reason="wrong", source_id="lab"
    )
    assert logs_of(build_release(tables=catalogue() | {ERRATA.name: [erratum]}, records=[one])) == []


def test_the_same_rows_give_the_same_bytes(build_release: Build, tmp_path: Path) -> None:
    first, second = (build_release(out=tmp_path / name) / FILE for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("date", ["2026-11-26", "2026-11-26T00:00:00Z"])
def test_a_day_is_its_beginning(build_release: Build, date: str) -> None:
    (log,) = logs_of(build_release(records=[record(date=date)]))
    assert log["retrieved_timestamp"] == "1795651200"
