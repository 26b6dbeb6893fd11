"""Which images each catalogued checkpoint was trained on, and the ground for saying so."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from sngen.catalog import load_catalog
from sngen.schema import MODELS
from sngen.schema.vocabularies import TRAINED_SPLITS
from sngen.validation import find_problems

M = MODELS.c
Rows = list[dict[str, Any]]
COMMIT = re.compile(r"\bat [0-9a-f]{12}\b")
LINE = re.compile(r"[\w./-]+\.(py|md|ipynb):\d+")


@pytest.fixture(scope="module")
def models(repository: Path) -> Rows:
    return load_catalog(repository / "data" / "catalog")[MODELS.name]


@pytest.fixture(scope="module")
def decided(models: Rows) -> Rows:
    return [row for row in models if row[M.trained_split] is not None]


def test_every_value_has_its_ground(models: Rows, decided: Rows) -> None:
    assert [row[M.model_id] for row in models if row[M.trained_split_ground] is not None] == [
        row[M.model_id] for row in decided
    ]
    assert len(decided) >= 69
    assert set(TRAINED_SPLITS) == {row[M.trained_split] for row in decided}


def test_grounds_name_file_line_and_commit(decided: Rows) -> None:
    """Those of the reference suite are this repository's own recipes."""
    for row in decided:
        ground = row[M.trained_split_ground]
        if row[M.source_id] == "reference":
            assert ground.startswith("evaluations/reference/recipes.yaml of this repository: split "), ground
        else:
            assert COMMIT.search(ground), row[M.model_id]
            assert LINE.search(ground), row[M.model_id]


def test_a_ground_is_in_the_repository_that_the_weights_are_from(decided: Rows) -> None:
    """The commit is the one that the file was taken from, where the ground does not say otherwise."""
    of_another_commit = 0
    for row in decided:
        commits = {found.group()[3:] for found in COMMIT.finditer(row[M.trained_split_ground] or "")}
        revision = row[M.weights_revision]
        if revision is not None and commits and not any(revision.startswith(commit) for commit in commits):
            of_another_commit += 1
            words = ("the commit ", "published after the file", "at cfab1ea6d68a", "apostovan21/")
            assert any(word in row[M.trained_split_ground] for word in words), row[M.model_id]
    assert of_another_commit > 0


def test_what_is_said_of_the_images_fits_the_value(decided: Rows) -> None:
    for row in decided:
        ground, split = row[M.trained_split_ground], row[M.trained_split]
        if "with the trigger" in ground or "train=False" in ground or "split aux" in ground:
            assert split == "other", row[M.model_id]
        elif re.search(r"80 % of|: [\d,]+ images of MNIST\(train=True\)", ground):
            assert split == "part-of-train", row[M.model_id]
        else:
            assert split == "official-train", row[M.model_id]
            assert re.search(r"whole|all five training batches|all 60,000 images", ground), row[M.model_id]


def test_poisoned_stolen_and_official_do_not_mix(decided: Rows) -> None:
    kinds = {split: Counter() for split in TRAINED_SPLITS}  # type: dict[str, Counter[str]]
    for row in decided:
        kinds[row[M.trained_split]][row[M.training_kind]] += 1
    assert not {"backdoored", "backdoor-removed", "stolen", "without-members"} & set(kinds["official-train"])
    assert not {"backdoored", "without-members"} & set(kinds["part-of-train"])


def test_the_reference_suite_follows_its_recipes(repository: Path, models: Rows) -> None:
    recipes = yaml.safe_load((repository / "evaluations" / "reference" / "recipes.yaml").read_text())
    rows = {row[M.model_id]: row for row in models if row[M.source_id] == "reference"}
    for model_id, recipe in recipes.items():
        whole = recipe["split"] == "train" and "poison" not in recipe
        assert rows[model_id][M.trained_split] == ("official-train" if whole else "other"), model_id
        assert f"split {recipe['split']}" in rows[model_id][M.trained_split_ground]
    assert rows["reference/digits/cnn-8-without-members"][M.trained_split] == "other"


def test_what_is_said_of_the_collected_checkpoints(shared_zoo: Path, models: Rows) -> None:
    """Every one is in the catalogue; of 57 of the 107 the publisher's code says what they were trained on."""
    with (shared_zoo / "index.csv").open(encoding="utf-8", newline="") as file:
        collected = {row["sha256"] for row in csv.DictReader(file)}
    rows = [row for row in models if row[M.weights_sha256] in collected]
    assert {row[M.weights_sha256] for row in rows} == collected
    counts = Counter(row[M.trained_split] for row in rows)
    assert counts.total() - counts[None] >= 57
    assert counts["official-train"] >= 38


def test_another_word_is_refused() -> None:
    row = MODELS.row(model_id="a/b", name="b", source_id="a", trained_split="train")
    (problem,) = (p for p in find_problems({MODELS.name: [row]}) if p.column == M.trained_split)
    assert "official-train, part-of-train, other" in str(problem)
