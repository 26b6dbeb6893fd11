"""The committed tables of the source ``pytorchcv`` against an independent extraction of the same files."""

from __future__ import annotations

from pathlib import Path

import pytest
from zoo_imports import Facts, Row, committed, differences, read_facts, words

from sngen.catalog.reported import complement_of_percent
from sngen.schema import MODELS, SCORES

M, S = MODELS.c, SCORES.c
FIELDS = {
    "name": M.name, "dataset": M.dataset_id, "params": M.parameters, "paper_url": M.paper_url,
    "release": M.weights_revision, "weights_url": M.weights_url,
}  # fmt: skip
#: Compared by a test of their own.
ELSEWHERE = {
    "id", "input_size", "crop_pct", "caption", "top1_error_pct", "top5_error_pct", "top1_accuracy",
    "macs_m", "standard_preprocessing",
    "weights_origin", "origin_repo", "sha1", "log_url", "flags",
}  # fmt: skip
#: Deliberate differences, with the reason.
NOT_OURS = {
    "securitynet_id": "a match with another source",
    "securitynet_target_accuracy": "of another source",
    "securitynet_minus_published_pp": "a comparison with another source",
}
FLAGS_NOT_THEIRS = {
    "non-standard-preprocessing": "the facts' column standard_preprocessing",
    "log-release-differs-from-model-store": "four rows that the facts do not flag",
}


@pytest.fixture(scope="module")
def facts(facts_folder: Path) -> Facts:
    return read_facts(facts_folder / "pytorchcv_models.csv")


@pytest.fixture(scope="module")
def models(repository: Path) -> dict[str, Row]:
    return committed(repository, "pytorchcv")[0]


def test_every_column_of_the_facts_is_compared_or_listed(facts: Facts) -> None:
    assert set(facts[0]) == {*FIELDS, *ELSEWHERE, *NOT_OURS}


def test_models(facts: Facts, models: dict[str, Row]) -> None:
    assert len(models) == 539
    assert {fact["id"] for fact in facts} == set(models)
    assert differences(facts, models, FIELDS) == []


def test_numbers_and_texts_in_another_form(facts: Facts, models: dict[str, Row]) -> None:
    for fact in facts:
        row = models[fact["id"]]
        assert row[M.macs] == pytest.approx(float(fact["macs_m"]) * 1e6, rel=1e-12)
        assert row[M.weights_checksum] == f"sha1:{fact['sha1']}"
        assert words(row)["architecture"] == fact["caption"]
        assert row[M.note].endswith(f"; training log: {fact['log_url']}")
        assert (row[M.copy_kind] == "converted") == (fact["weights_origin"] == "ported")
        assert row[M.note].startswith(f"Weights of {fact['origin_repo']};") == bool(fact["origin_repo"])
        starred = "non-standard-preprocessing" in (row[M.flags] or ())
        assert starred == (fact["standard_preprocessing"] == "false")


def test_sizes(facts: Facts, models: dict[str, Row]) -> None:
    """As stated; where nothing is, that of the dataset's evaluation."""
    unstated = {"imagenet-1k": ("3x224x224", 0.875), "cub-200-2011": ("3x224x224", 0.875)}
    counts = {"stated": 0, "unstated": 0}
    for fact in facts:
        row = models[fact["id"]]
        found = (row[M.input_size], row[M.crop_fraction])
        if fact["input_size"]:
            assert found == (fact["input_size"], float(fact["crop_pct"]))
        elif fact["id"] == "pytorchcv/ntsnet-cub":
            assert (*found, row[M.loader]) == (None, None, None)
        else:
            assert found == unstated.get(fact["dataset"], ("3x32x32", None)), fact["id"]
        counts["stated" if fact["input_size"] else "unstated"] += 1
    assert counts == {"stated": 314, "unstated": 225}


def test_flags(facts: Facts, models: dict[str, Row]) -> None:
    ours = {model_id: set(row[M.flags] or ()) - set(FLAGS_NOT_THEIRS) for model_id, row in models.items()}
    assert ours == {fact["id"]: set(filter(None, fact["flags"].split(";"))) for fact in facts}


def test_scores(repository: Path, facts: Facts) -> None:
    scores = committed(repository, "pytorchcv")[1]
    stated = {
        (fact["id"], metric): complement_of_percent(fact[field])
        for fact in facts
        for field, metric in (("top1_error_pct", "accuracy"), ("top5_error_pct", "top5_accuracy"))
        if fact[field]
    }
    assert {key: row[S.value] for key, row in scores.items()} == stated
    assert len(stated) == 539 + 323
    for fact in facts:
        assert scores[fact["id"], "accuracy"][S.value] == pytest.approx(float(fact["top1_accuracy"]))
