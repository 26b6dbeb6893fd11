"""The committed tables of the source ``mmpretrain`` against an independent extraction of the same files."""

from __future__ import annotations

from pathlib import Path

import pytest
from zoo_imports import Facts, Row, committed, differences, read_facts, same, words

from sngen.catalog.reported import fraction_of_percent
from sngen.schema import MODELS, SCORES

M, S = MODELS.c, SCORES.c
FIELDS = {
    "name": M.name, "flops": M.macs, "paper_url": M.paper_url, "paper_title": M.paper_title,
    "weights_url": M.weights_url, "license": M.license, "license_scope": M.license_scope,
    "source_file": M.source_file, "source_row": M.source_row,
}  # fmt: skip
WORDS = {
    "collection": M.model_type, "dataset_source": M.dataset_id, "training_data": M.pretrained_on,
    "architecture_parts": M.architecture,
}  # fmt: skip
#: Compared by a test of their own.
ELSEWHERE = {
    "id", "dataset", "task", "top1_pct", "top5_pct", "map_pct", "params", "converted_from_weights_url",
    "converted_from_repo", "downstream", "config", "flags",
}  # fmt: skip
#: Deliberate differences, with the reason.
ZERO_SHOT = "zeroshot-cls"  # the facts say classification; nothing was trained on the dataset
FEATURES = "features"  # the facts leave the task of a checkpoint of pre-training open
FLAGS_NOT_THEIRS = {
    "result-without-number": "two rows whose empty number the facts do not flag",
    "weights-url-shared": "stated in the facts' README, not per row",
    "collection-not-in-file": "three rows that the facts do not flag",
}


@pytest.fixture(scope="module")
def facts(facts_folder: Path) -> Facts:
    return read_facts(facts_folder / "mmpretrain_models.csv")


@pytest.fixture(scope="module")
def models(repository: Path) -> dict[str, Row]:
    return committed(repository, "mmpretrain")[0]


def test_every_column_of_the_facts_is_compared_or_listed(facts: Facts) -> None:
    assert set(facts[0]) == {*FIELDS, *WORDS, *ELSEWHERE}


def test_models(facts: Facts, models: dict[str, Row]) -> None:
    assert len(models) == 526
    assert {fact["id"] for fact in facts} == set(models)
    assert differences(facts, models, FIELDS) == []


def test_words(facts: Facts, models: dict[str, Row]) -> None:
    """The facts join lists by "; " or ";"."""
    wrong = [
        (fact["id"], field, fact[field], words(models[fact["id"]]).get(column))
        for fact in facts
        for field, column in WORDS.items()
        if fact[field].replace("; ", ";") != (words(models[fact["id"]]).get(column) or "").replace("; ", ";")
    ]
    assert wrong == []


def test_parameters(facts: Facts, models: dict[str, Row]) -> None:
    for fact in facts:
        exact, rounded = models[fact["id"]][M.parameters], models[fact["id"]][M.parameters_rounded]
        assert (exact is None) != (rounded is None)
        assert int(fact["params"]) == (exact if exact is not None else round(rounded * 10**6))


def test_dataset_and_task(facts: Facts, models: dict[str, Row]) -> None:
    zero_shot = [fact for fact in facts if ZERO_SHOT in fact["id"]]
    assert len(zero_shot) == 4
    for fact in facts:
        row = models[fact["id"]]
        if fact in zero_shot:
            assert (row[M.task], row[M.dataset_id]) == ("zero-shot", None)
        else:
            assert row[M.task] == (fact["task"] or FEATURES)
            assert same(fact["dataset"], row[M.dataset_id])


def test_origin_and_use(facts: Facts, models: dict[str, Row]) -> None:
    for fact in facts:
        row = models[fact["id"]]
        expected = [f"Config: {fact['config']}"]
        for key, field in (
            ("Converted From, Weights", "converted_from_weights_url"),
            ("Converted From, Code", "converted_from_repo"),
            ("Downstream", "downstream"),
        ):
            if fact[field]:
                expected.append(f"{key}: {fact[field].replace(';', ', ')}")
        said = [part for part in row[M.note].split(". ") if not part.startswith("Pretrain: ")]
        assert said == expected
        assert (row[M.copy_kind] == "converted") == bool(fact["converted_from_repo"])


def test_scores(repository: Path, facts: Facts) -> None:
    scores = committed(repository, "mmpretrain")[1]
    stated = {
        (fact["id"], metric): fraction_of_percent(fact[field])
        for fact in facts
        for field, metric in (
            ("top1_pct", "accuracy"), ("top5_pct", "top5_accuracy"), ("map_pct", "mean_average_precision"),
        )
        if fact[field]
    }  # fmt: skip
    assert {key: row[S.value] for key, row in scores.items()} == stated
    datasets = {fact["id"]: fact["dataset"] for fact in facts}
    assert all(row[S.dataset_id] == datasets[row[S.model_id]] for row in scores.values())
    assert len(stated) == 446 + 385 + 1


def test_flags(facts: Facts, models: dict[str, Row]) -> None:
    ours = {model_id: set(row[M.flags] or ()) - set(FLAGS_NOT_THEIRS) for model_id, row in models.items()}
    assert ours == {fact["id"]: set(filter(None, fact["flags"].split(";"))) for fact in facts}
