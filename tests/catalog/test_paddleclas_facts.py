"""The committed tables of the source ``paddleclas`` against an independent extraction of the same file."""

from __future__ import annotations

from pathlib import Path

import pytest
from zoo_imports import Facts, Row, committed, differences, read_facts, words

from sngen.catalog.reported import fraction_of_percent
from sngen.schema import MODELS, SCORES

M, S = MODELS.c, SCORES.c
FIELDS = {
    "name": M.name, "dataset": M.dataset_id, "params_m": M.parameters_rounded, "weights_url": M.weights_url,
    "license": M.license, "license_scope": M.license_scope, "source_file": M.source_file,
    "source_row": M.source_row,
}  # fmt: skip
#: Compared by a test of their own.
ELSEWHERE = {"id", "family", "top1_pct", "top5_pct", "gflops", "inference_url", "flags"}
#: The facts translate headings; here they are kept as they stand, with both tables of a model listed twice.
HEADINGS = {
    "SSLD server": "2.1 服务器端知识蒸馏模型", "SSLD mobile": "2.2 移动端知识蒸馏模型",
    "SSLD Intel CPU": "2.3 Intel CPU 端知识蒸馏模型", "Mobile": "移动端系列", "Other": "其他模型",
}  # fmt: skip
#: In the facts a flag; here the training method.
DISTILLED = "distilled-ssld"


@pytest.fixture(scope="module")
def facts(facts_folder: Path) -> Facts:
    return read_facts(facts_folder / "paddleclas_models.csv")


@pytest.fixture(scope="module")
def models(repository: Path) -> dict[str, Row]:
    return committed(repository, "paddleclas")[0]


def test_every_column_of_the_facts_is_compared(facts: Facts) -> None:
    assert set(facts[0]) == {*FIELDS, *ELSEWHERE}


def test_models(facts: Facts, models: dict[str, Row]) -> None:
    assert len(models) == 252
    assert {fact["id"] for fact in facts} == set(models)
    assert differences(facts, models, FIELDS) == []


def test_numbers_and_texts_in_another_form(facts: Facts, models: dict[str, Row]) -> None:
    for fact in facts:
        row = models[fact["id"]]
        assert row[M.macs] == pytest.approx(float(fact["gflops"]) * 1e9, rel=1e-12)
        assert row[M.note] == f"Inference model: {fact['inference_url']}"
        heading = words(row)["model_type"].split("; ")[0]
        assert heading == HEADINGS.get(fact["family"], f"{fact['family']} 系列"), fact["id"]


def test_flags(facts: Facts, models: dict[str, Row]) -> None:
    for fact in facts:
        stated = set(filter(None, fact["flags"].split(";")))
        row = models[fact["id"]]
        assert set(row[M.flags] or ()) == stated - {DISTILLED}
        assert (row[M.training_method] is not None) == (DISTILLED in stated)


def test_scores(repository: Path, facts: Facts) -> None:
    scores = committed(repository, "paddleclas")[1]
    stated = {
        (fact["id"], metric): fraction_of_percent(fact[field])
        for fact in facts
        for field, metric in (("top1_pct", "accuracy"), ("top5_pct", "top5_accuracy"))
        if fact[field]
    }
    assert {key: row[S.value] for key, row in scores.items()} == stated
    assert len(stated) == 252 + 247
