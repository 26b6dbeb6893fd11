"""The committed tables of the source ``timm`` against an independent extraction."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sngen.catalog.audit import load_audit
from sngen.catalog.text_tables import read_table
from sngen.schema import MODELS, SCORES

M, S = MODELS.c, SCORES.c
Row = dict[str, Any]

SAME = {
    "id": M.model_id, "name": M.name, "architecture": M.architecture, "tag": M.training_method,
    "hf_hub_id": M.weights_hub_id, "paper_name": M.paper_title, "input_size": M.input_size,
    "interpolation": M.interpolation,
}  # fmt: skip
SETS = {
    "imagenet": "imagenet-1k", "imagenet_real": "imagenet-real", "imagenetv2_mf": "imagenet-v2",
    "imagenet_a": "imagenet-a", "imagenet_r": "imagenet-r", "imagenet_sketch": "imagenet-sketch",
}  # fmt: skip
METRICS = {"top1": "accuracy", "top5": "top5_accuracy"}
HEADS = {"classifier": "classification", "embedding": "embedding", "none": "features"}
SCORE_FIELDS = {f"{prefix}_{top}_pct" for prefix in SETS for top in METRICS}
#: Compared by the tests below, in another form than that of the facts.
ELSEWHERE = {
    "family", "license", "origin_url", "paper_ids", "test_input_size", "head_type", "num_classes",
    "embedding_dim", "in1k_classifier", "mean", "std", "crop_pct", "training_chain", "params",
    "imagenet_top1_pct_at_test_size", "eval_img_size", "test_eval_img_size", "params_m_results_csv",
}  # fmt: skip
#: Nothing of their own in them, with the reason.
DERIVED = {
    "params_m": "params in millions",
    "pretrain_dataset": "the first of training_chain",
    "finetune_dataset": "the last of training_chain",
}
#: The facts count one network per architecture and number of outputs, and give it to all entries of that.
#: The projection of these encoders of language models is as wide as the entry's tag says.
PROJECTIONS = {
    "deepseek_vit_412m_align", "deepseek_vit_412m_enc", "qwen3_vit_306m_enc", "qwen3_vit_306m_merge",
    "qwen3_vit_416m_enc", "qwen3_vit_416m_merge",
}  # fmt: skip
#: Has a result on ImageNet-A and none on ImageNet-1k: empty in the facts, a flagged score here.
LONE = "timm/resmlp-24-224/fb-dino"


@pytest.fixture(scope="module")
def folder(repository: Path) -> Path:
    return repository / "data" / "catalog" / "timm"


@pytest.fixture(scope="module")
def models(folder: Path) -> dict[str, Row]:
    return {row[M.model_id]: row for row in read_table(MODELS, folder / "models.csv")}


@pytest.fixture(scope="module")
def scores(folder: Path) -> dict[tuple[str, str, str, str], Row]:
    keys = (S.model_id, S.dataset_id, S.setting, S.metric)
    rows = read_table(SCORES, folder / "scores.csv")
    found = {(row[keys[0]], row[keys[1]], row[keys[2]], row[keys[3]]): row for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.fixture(scope="module")
def facts(facts_folder: Path) -> list[dict[str, str]]:
    with (facts_folder / "timm_models.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def words(row: Mapping[str, Any]) -> dict[str, str]:
    return json.loads(row[M.source_words] or "{}")


def test_every_column_of_the_facts_is_compared_or_listed(facts: list[dict[str, str]]) -> None:
    assert set(facts[0]) == {*SAME, *SCORE_FIELDS, *ELSEWHERE, *DERIVED}


def test_models(models: dict[str, Row], facts: list[dict[str, str]]) -> None:
    assert {fact["id"] for fact in facts} == set(models)
    assert len(models) == 1826
    wrong = [
        (fact["id"], field, fact[field], models[fact["id"]][column])
        for fact in facts
        for field, column in SAME.items()
        if (fact[field] or None) != models[fact["id"]][column]
    ]
    assert wrong == []


def test_what_stands_in_another_form(models: dict[str, Row], facts: list[dict[str, str]]) -> None:
    """Means are rounded to six digits in the facts; a number above 1 is no share of the image."""
    for fact in facts:
        row, said = models[fact["id"]], words(models[fact["id"]])
        assert row[M.source_file] == f"timm/models/{fact['family']}.py"
        assert said.get("license", row[M.license] or "").lower() == fact["license"]
        assert (row[M.license] is None) == (fact["license"] in ("", "unknown"))
        assert (row[M.license_scope] == "weights") == (row[M.license] is not None)
        assert said.get("paper_url", "") == fact["paper_ids"]
        assert (row[M.paper_url] or "").removeprefix("https://arxiv.org/abs/") == fact["paper_ids"][6:]
        if fact["origin_url"]:
            assert said["publisher"] == fact["origin_url"] and row[M.publisher]
        for field, column in (("mean", M.mean), ("std", M.std)):
            assert [round(value, 6) for value in row[column]] == [float(x) for x in fact[field].split()]
        crop = row[M.crop_fraction]
        assert (crop if crop is not None else float(said["crop_fraction"])) == float(fact["crop_pct"])
        assert (crop is None) == (float(fact["crop_pct"]) > 1)
        sizes = [part for part in (row[M.note] or "").split("; ") if part.startswith("test_input_size")]
        assert sizes == ([f"test_input_size {fact['test_input_size']}"] if fact["test_input_size"] else [])


def test_heads_and_training(models: dict[str, Row], facts: list[dict[str, str]]) -> None:
    for fact in facts:
        row = models[fact["id"]]
        assert row[M.task] == HEADS[fact["head_type"]]
        assert str(row[M.num_outputs] or "") == fact["num_classes"] or fact["embedding_dim"]
        assert (row[M.dataset_id] == "imagenet-1k") == (fact["in1k_classifier"] == "true")
        chain = [*(row[M.pretrained_on] or ())]
        if row[M.dataset_id] and "outputs-not-named-by-tag" not in (row[M.flags] or ()):
            chain.append(row[M.dataset_id])
        if "trained-before-on-unnamed-data" in (row[M.flags] or ()):
            chain.insert(0, "unknown")
        assert ">".join(chain) == fact["training_chain"], fact["id"]


def test_parameters(models: dict[str, Row], facts: list[dict[str, str]], folder: Path) -> None:
    differ = [fact for fact in facts if models[fact["id"]][M.parameters] != int(fact["params"])]
    assert {fact["architecture"] for fact in differ} == PROJECTIONS
    assert len(differ) == 18
    (audited,) = (e for e in load_audit(folder) if e["rule"] == "parameters-follow-architecture")
    assert {fact["id"] for fact in differ} < {row["row_id"] for row in audited["rows"]}
    for fact in facts:
        if fact["params_m_results_csv"]:
            counted = Decimal(models[fact["id"]][M.parameters]) / 10**6
            assert abs(counted - Decimal(fact["params_m_results_csv"])) <= Decimal("0.005")


def test_scores(scores: dict[tuple[str, str, str, str], Row], facts: list[dict[str, str]]) -> None:
    expected = {}
    for fact in facts:
        for prefix, dataset in SETS.items():
            for top, metric in METRICS.items():
                if fact[f"{prefix}_{top}_pct"]:
                    expected[fact["id"], dataset, "test", metric] = fact[f"{prefix}_{top}_pct"]
        if fact["imagenet_top1_pct_at_test_size"]:
            setting = f"test-{fact['test_eval_img_size']}"
            expected[fact["id"], "imagenet-1k", setting, "accuracy"] = fact["imagenet_top1_pct_at_test_size"]
    assert len(expected) > 15_000
    wrong = {
        key: value
        for key, value in expected.items()
        if key not in scores or scores[key][S.value] != float(Decimal(value) / 100)
    }
    assert wrong == {}
    # The facts have only ImageNet-1k's top-1 of the second size; here are all sets and both metrics.
    ours = {key for key in scores if key[2] == "test" and key[0] != LONE}
    assert ours == {key for key in expected if key[2] == "test"}
    second = {key[0] for key in expected if key[2] != "test"}
    assert len(second) == 290
    assert len([key for key in scores if key[2] != "test"]) == 290 * len(SETS) * len(METRICS)


def test_sizes_of_the_evaluations(models: dict[str, Row], facts: list[dict[str, str]]) -> None:
    """The setting ``test`` is the native size."""
    for fact in facts:
        if fact["eval_img_size"]:
            assert models[fact["id"]][M.input_size].split("x")[1] == fact["eval_img_size"]


def test_the_lone_result_is_flagged(scores: dict[tuple[str, str, str, str], Row], folder: Path) -> None:
    lone = [row for key, row in scores.items() if key[0] == LONE]
    assert [row[S.flags] for row in lone] == [["no-clean-result"]] * 2
    assert {row[S.value] for row in lone} == {0.0048, 0.0232}
    assert [row for row in scores.values() if row[S.flags] and row not in lone] == []
    assert ("timm/resnet50/tv-in1k", "imagenet-a", "test", "accuracy") not in scores
    (missing,) = (entry for entry in load_audit(folder) if entry["rule"] == "evaluated-on-all-sets")
    assert {row["row_id"] for row in missing["rows"]} == {LONE, "timm/resnet50/tv-in1k"}


def test_no_check_of_the_numbers_has_an_exception(folder: Path) -> None:
    entries = {entry["rule"]: entry["rows"] for entry in load_audit(folder)}
    assert entries["parameters-agree-with-results"] == []
    assert entries["error-is-complement-of-accuracy"] == []
