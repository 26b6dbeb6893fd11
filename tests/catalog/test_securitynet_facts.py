"""The committed tables of the source ``securitynet`` against an independent extraction of the same file."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from sngen.catalog.audit import load_audit
from sngen.catalog.store import load_catalog
from sngen.catalog.vocabulary import load_vocabulary
from sngen.schema import MODELS, PROJECTS, SCORES

M, S, P = MODELS.c, SCORES.c, PROJECTS.c

MODEL_FIELDS = {
    "name": M.name, "dataset": M.dataset_id, "training_size": M.training_size, "venue": M.venue,
    "venue_type": M.venue_type, "year": M.year, "num_classes": M.num_outputs,
    "num_authors": M.num_authors, "purpose": M.purpose, "paper_url": M.paper_url,
    "weights_url": M.weights_url, "source_row": M.source_row, "weights_path_inferred": M.weights_file,
}  # fmt: skip
#: Fields that are normalised here; the source's own words are kept beside, where they differ.
WORD_FIELDS = {
    "model_type": M.model_type, "country": M.country, "data_category": "data_category",
    "dataset_source": M.dataset_id,
}  # fmt: skip
SCORE_FIELDS = {
    "train_accuracy": "Train Accuracy", "target_accuracy": "Test Accuracy", "overfit_gap": "Overfit Gap",
    "stealing_accuracy": "Model Stealing Accuracy", "stealing_agreement": "Model Stealing Agreement",
    "mia_correctness_auc": "Correct Auc", "mia_modified_entropy_auc": "M_entropy AUC",
    "stealing_wrn_accuracy": "Wrn Accuracy", "stealing_wrn_agreement": "Wrn Agree",
    "stealing_imagenet_accuracy": "ImgNet Accuracy", "stealing_imagenet_agreement": "ImgNet Agree",
}  # fmt: skip
PROJECT_FIELDS = {
    "title": P.title, "venue": P.venue, "venue_type": P.venue_type, "year": P.year, "paper_url": P.paper_url,
    "weights_url": P.weights_url, "note": P.note, "source_row": P.source_row,
}  # fmt: skip
#: Compared by a test of their own.
ELSEWHERE = {"id", "flags", "run", "title_source", "paper_link_source"}

#: Deliberate differences, with the reason.
NOT_OURS = {
    "robustbench_ids": "matches with another source, not in this one's file",
    "timm_models_same_repo": "matches with another source, not in this one's file",
}
#: The source rounds the gap once more or once less than the two accuracies; its own digits are kept here.
GAP_ROUNDING = 1e-6
FLAGS_NOT_OURS = {
    "evaluated-far-below-publisher": "compares with the publisher's figures, which this source does not have",
}

Facts = list[dict[str, str]]


@pytest.fixture(scope="module")
def catalog(repository: Path) -> dict[str, list[dict[str, Any]]]:
    tables = load_catalog(repository / "data" / "catalog")
    return {
        name: [row for row in rows if row.get("source_id") == "securitynet"] for name, rows in tables.items()
    }


@pytest.fixture(scope="module")
def model_facts(facts_folder: Path) -> Facts:
    return read(facts_folder / "securitynet_benchmark.csv") + read(facts_folder / "securitynet_security.csv")


@pytest.fixture(scope="module")
def project_facts(facts_folder: Path) -> Facts:
    return read(facts_folder / "securitynet_projects.csv")


def read(path: Path) -> Facts:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def same(cell: str, value: Any) -> bool:
    """A cell of the facts against a value; text as it is, numbers as numbers."""
    if cell == "" or value is None:
        return cell == "" and value is None
    return float(cell) == value if isinstance(value, (int, float)) else cell == value


def by_key(rows: list[dict[str, Any]], key: str) -> dict[Any, dict[str, Any]]:
    return {row[key]: row for row in rows}


def test_every_column_of_the_facts_is_compared_or_listed(model_facts: Facts, project_facts: Facts) -> None:
    models = {*MODEL_FIELDS, *WORD_FIELDS, *SCORE_FIELDS, *ELSEWHERE}
    assert {name for row in model_facts for name in row} <= models
    assert set(project_facts[0]) <= {*PROJECT_FIELDS, *ELSEWHERE, *NOT_OURS}


def test_models(catalog: dict[str, list[dict[str, Any]]], model_facts: Facts) -> None:
    ours = by_key(catalog["models"], M.model_id)
    assert len(model_facts) == len(ours) == 529
    assert {fact["id"] for fact in model_facts} == set(ours)
    wrong = [
        (fact["id"], field, fact[field], row[column])
        for fact in model_facts
        for row in (ours[fact["id"]],)
        for field, column in MODEL_FIELDS.items()
        if not same(fact.get(field, ""), row[column])
    ]
    assert wrong == []


def test_the_sources_own_words(catalog: dict[str, list[dict[str, Any]]], model_facts: Facts) -> None:
    ours = by_key(catalog["models"], M.model_id)

    def words(row: dict[str, Any], column: str) -> str:
        """What the source said: kept beside, or what the column holds where that is the same."""
        kept: dict[str, str] = json.loads(row[M.source_words])
        held = row.get(column)
        return kept.get(column) or (held[0] if isinstance(held, list) else held)

    wrong = [
        (fact["id"], field, fact[field])
        for fact in model_facts
        for field, column in WORD_FIELDS.items()
        if fact[field] != words(ours[fact["id"]], column)
    ]
    assert wrong == []


def test_scores(catalog: dict[str, list[dict[str, Any]]], model_facts: Facts) -> None:
    ours = {(row[S.model_id], row[S.source_column]): row for row in catalog["scores"]}
    stated = {
        (fact["id"], column): float(fact[field])
        for fact in model_facts
        for field, column in SCORE_FIELDS.items()
        if fact.get(field, "")
    }
    assert set(ours) == set(stated)
    wrong = [
        (key, row[S.value], stated[key])
        for key, row in ours.items()
        if abs(row[S.value] - stated[key]) > (GAP_ROUNDING if key[1] == "Overfit Gap" else 0)
    ]
    assert wrong == []
    rows = {fact["id"]: int(fact["source_row"]) for fact in model_facts}
    assert all(row[S.source_row] == rows[row[S.model_id]] for row in ours.values())


def test_model_flags(catalog: dict[str, list[dict[str, Any]]], model_facts: Facts) -> None:
    """The facts have one list per model; here a flag may be on the model or on the numbers it is about."""
    ours: dict[str, set[str]] = {row[M.model_id]: set(row[M.flags] or ()) for row in catalog["models"]}
    for row in catalog["scores"]:
        ours[row[S.model_id]] |= set(row[S.flags] or ())
    stated = {fact["id"]: set(filter(None, fact["flags"].split(";"))) for fact in model_facts}
    left_out = {flag for flags in stated.values() for flag in flags} - {
        f for flags in ours.values() for f in flags
    }
    assert left_out == set(FLAGS_NOT_OURS)
    assert ours == {model_id: flags - set(FLAGS_NOT_OURS) for model_id, flags in stated.items()}


def test_runs(model_facts: Facts) -> None:
    numbered = {fact["id"]: fact["run"] for fact in model_facts if fact.get("run")}
    assert len(numbered) == 72
    assert all(model_id.endswith(f"-run{run}") for model_id, run in numbered.items())


def test_spellings_of_datasets(repository: Path, model_facts: Facts) -> None:
    vocabulary = load_vocabulary(repository / "data" / "catalog" / "vocabulary")
    for spelling, dataset_id in {(fact["dataset_source"], fact["dataset"]) for fact in model_facts}:
        assert vocabulary.dataset(spelling) == dataset_id


def test_projects(catalog: dict[str, list[dict[str, Any]]], project_facts: Facts) -> None:
    ours = by_key(catalog["projects"], P.project_id)
    assert len(project_facts) == len(ours) == 102
    assert {fact["id"] for fact in project_facts} == set(ours)
    wrong = [
        (fact["id"], field, fact[field], ours[fact["id"]][column])
        for fact in project_facts
        for field, column in PROJECT_FIELDS.items()
        if not same(fact[field], ours[fact["id"]][column])
    ]
    assert wrong == []
    for fact in project_facts:
        assert set(ours[fact["id"]][P.flags] or ()) == set(filter(None, fact["flags"].split(";"))), fact["id"]


def test_what_projects_said_before_cleaning_is_in_the_audit(repository: Path, project_facts: Facts) -> None:
    audit = load_audit(repository / "data" / "catalog" / "securitynet")

    def before(column: str) -> dict[str, str]:
        cleaned = (
            e for e in audit if (e["table"], e["kind"], e["column"]) == ("projects", "cleaning", column)
        )
        return {row["row_id"]: row["before"] for entry in cleaned for row in entry["rows"]}

    titles = {f["id"]: f["title_source"] for f in project_facts if f["title"] != f["title_source"]}
    links = {
        f["id"]: f["paper_link_source"] for f in project_facts if f["paper_url"] != f["paper_link_source"]
    }
    assert (len(titles), len(links)) == (8, 49)
    assert before("Title") == titles
    assert before("Paper Link") == links
