"""The committed tables of the source ``torchvision`` against an independent extraction."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sngen.catalog.text_tables import read_table
from sngen.schema import MODELS, SCORES

M, S = MODELS.c, SCORES.c
Row = dict[str, Any]

SAME = {
    "id": M.model_id, "name": M.name, "architecture": M.architecture, "interpolation": M.interpolation,
    "license": M.license, "license_scope": M.license_scope, "weights_url": M.weights_url,
    "source_file": M.source_file,
}  # fmt: skip
METRICS = {"top1_pct": "accuracy", "top5_pct": "top5_accuracy"}
#: Compared below, in another form than that of the facts.
ELSEWHERE = {
    "module", "weights_enum", "quantized", "dataset", "params", "gflops", "file_size_mb", "crop_size",
    "resize_size", "recipe_url", "license_url", "is_default", "flags",
}  # fmt: skip
#: Weights without a classifier: the facts say what they were trained on where here is what they classify.
FEATURES = "torchvision/vgg16/imagenet1k-features"


@pytest.fixture(scope="module")
def folder(repository: Path) -> Path:
    return repository / "data" / "catalog" / "torchvision"


@pytest.fixture(scope="module")
def models(folder: Path) -> dict[str, Row]:
    return {row[M.model_id]: row for row in read_table(MODELS, folder / "models.csv")}


@pytest.fixture(scope="module")
def facts(facts_folder: Path) -> list[dict[str, str]]:
    with (facts_folder / "torchvision_models.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_column_of_the_facts_is_compared_or_listed(facts: list[dict[str, str]]) -> None:
    assert set(facts[0]) == {*SAME, *METRICS, *ELSEWHERE}


def test_models(models: dict[str, Row], facts: list[dict[str, str]]) -> None:
    assert {fact["id"] for fact in facts} == set(models)
    assert len(models) == 129
    wrong = [
        (fact["id"], field, fact[field], models[fact["id"]][column])
        for fact in facts
        for field, column in SAME.items()
        if (fact[field] or None) != models[fact["id"]][column]
    ]
    assert wrong == []


def test_what_stands_in_another_form(models: dict[str, Row], facts: list[dict[str, str]]) -> None:
    for fact in facts:
        row = models[fact["id"]]
        said, note = json.loads(row[M.source_words]), row[M.note].split("; ")
        assert row[M.name].partition(".")[2] == fact["weights_enum"]
        assert Path(row[M.source_file]).stem == fact["module"]
        assert (row[M.copy_kind] == "quantised") == (fact["quantized"] == "true")
        assert row[M.parameters] == int(fact["params"])
        assert row[M.macs] == float(Decimal(fact["gflops"]) * 10**9)
        assert f"file of {float(fact['file_size_mb'])} MB" in note
        assert row[M.input_size] == f"3x{fact['crop_size']}x{fact['crop_size']}"
        assert row[M.crop_fraction] == int(fact["crop_size"]) / int(fact["resize_size"])
        assert said["crop_fraction"] == f"crop_size {fact['crop_size']}, resize_size {fact['resize_size']}"
        assert f"recipe {fact['recipe_url']}" in note
        assert said.get("license", "") == fact["license_url"]
        assert ("default weights of its builder" in note) == (fact["is_default"] == "true")
        assert (row[M.flags] or []) == list(filter(None, fact["flags"].split(";")))
        if fact["id"] == FEATURES:
            found = (row[M.task], row[M.dataset_id], row[M.pretrained_on], row[M.num_outputs])
            assert found == ("features", None, [fact["dataset"]], None)
        else:
            found = (row[M.task], row[M.dataset_id], row[M.pretrained_on], row[M.num_outputs])
            assert found == ("classification", fact["dataset"], None, 1000)


def test_scores(folder: Path, facts: list[dict[str, str]]) -> None:
    ours = {
        (row[S.model_id], row[S.dataset_id], row[S.metric]): row[S.value]
        for row in read_table(SCORES, folder / "scores.csv")
    }
    stated = {
        (fact["id"], fact["dataset"], metric): float(Decimal(fact[field]) / 100)
        for fact in facts
        for field, metric in METRICS.items()
        if fact[field]
    }
    assert ours == stated
    assert len(ours) == 2 * 128


def test_checksums_are_the_ends_of_file_names(models: dict[str, Row]) -> None:
    """Four quantised files have an underscore before the digits; torch.hub takes those for no checksum."""
    none = {row[M.weights_url].rpartition("/")[2] for row in models.values() if not row[M.weights_checksum]}
    assert none == {
        "mobilenet_v2_qnnpack_37f702c5.pth", "resnet18_fbgemm_16fa66dd.pth", "resnet50_fbgemm_bf931d71.pth",
        "resnext101_32x8_fbgemm_09835ccf.pth",
    }  # fmt: skip
    for row in models.values():
        if row[M.weights_checksum]:
            digits = row[M.weights_checksum].removeprefix("sha256-prefix:")
            assert len(digits) >= 8
            assert row[M.weights_url].endswith(f"-{digits}.pth")
