"""The catalogue of this repository."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from sngen.catalog import load_catalog
from sngen.catalog.audit import load_audit
from sngen.catalog.store import check_catalog
from sngen.catalog.text_tables import format_table, read_table
from sngen.catalog.vocabulary import VOCABULARY_TABLES
from sngen.schema import CATALOG_TABLES, DATASETS, HEADLINES, MODELS, PROJECTS, RELATIVES, SCORES

D, M, P, R, S = DATASETS.c, MODELS.c, PROJECTS.c, RELATIVES.c, SCORES.c
#: Endings of the architectures with a layer that masks gradients.
MASKED = ("-rounded-logits", "-rippled-pixels")


@pytest.fixture(scope="module")
def folder(repository: Path) -> Path:
    return repository / "data" / "catalog"


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[str, list[dict[str, object]]]:
    return load_catalog(folder)


def test_it_is_valid(folder: Path) -> None:
    assert [str(problem) for problem in check_catalog(folder)[1]] == []


def test_its_files_are_in_the_form_that_the_project_writes(folder: Path) -> None:
    forms = {table.name: table for table in (*CATALOG_TABLES, *VOCABULARY_TABLES)}
    files = sorted(folder.glob("*/*.csv"))
    assert len(files) > 10
    for path in files:
        table = forms[path.stem]
        assert format_table(table, read_table(table, path)) == path.read_bytes(), path


def test_every_audited_row_is_in_its_table(folder: Path, tables: dict[str, list[dict[str, object]]]) -> None:
    """Datasets in the audit of columns are ids too; a numbered name is named by its new id."""
    ids = {table.name: {row[table.key[0]] for row in tables[table.name]} for table in CATALOG_TABLES}
    entries = [entry for path in folder.glob("*/audit.json") for entry in load_audit(path.parent)]
    assert len(entries) > 40
    for entry in entries:
        assert {row["row_id"] for row in entry["rows"]} <= ids[entry["table"]], entry["rule"]


def test_its_size(tables: dict[str, list[dict[str, object]]]) -> None:
    sources = Counter(row[M.source_id] for row in tables[MODELS.name])
    assert (sources["securitynet"], sources["akamaster"], sources["reference"]) == (529, 4, 12)
    assert sources.total() >= 5300
    kinds = Counter(row[P.kind] for row in tables[PROJECTS.name])
    assert kinds["publication"] == 102
    assert kinds["collection"] >= 27


def test_datasets_with_a_model(tables: dict[str, list[dict[str, object]]]) -> None:
    """A model was made for the dataset, or at least evaluated on it."""
    with_model = {row[M.dataset_id] for row in tables[MODELS.name]} - {None}
    with_model |= {row[S.dataset_id] for row in tables[SCORES.name]}
    with_model |= {row[P.dataset_id] for row in tables[PROJECTS.name]} - {None}
    categories = {
        row[D.category] for row in tables[DATASETS.name] if row[D.dataset_id] in with_model - {"digits"}
    }
    assert len(with_model - {"digits"}) >= 127
    assert len(categories) == 20


def test_every_score_of_the_original_study_is_one_of_the_leaderboard(
    tables: dict[str, list[dict[str, object]]],
) -> None:
    known = {(h.origin, h.family, h.method, h.setting, h.metric) for h in HEADLINES}
    found = {
        tuple(row[c] for c in (S.origin, S.family, S.method, S.setting, S.metric))
        for row in tables[SCORES.name]
        if row[S.source_id] == "securitynet"
    }
    assert found <= known
    assert len(found) == 11


def test_every_headline_that_is_reported_has_a_score(tables: dict[str, list[dict[str, object]]]) -> None:
    found = {(row[S.family], row[S.method], row[S.setting], row[S.metric]) for row in tables[SCORES.name]}
    missing = [
        h.column
        for h in HEADLINES
        if h.origin == "reported" and (h.family, h.method, h.setting, h.metric) not in found
    ]
    assert missing == []


def test_three_runs_are_related_once(tables: dict[str, list[dict[str, object]]]) -> None:
    """24 recipes of IVRL/AdversaryLossLandscape and 58 of MedMNIST, three pairs each."""
    seeds = [
        frozenset((row[R.model_a], row[R.model_b]))
        for row in tables[RELATIVES.name]
        if (row[R.relation], row[R.source_id]) == ("same-recipe-other-seed", "securitynet")
    ]
    assert len(seeds) == len(set(seeds)) == 3 * (24 + 58)


def test_published_errors_of_the_akamaster_models(tables: dict[str, list[dict[str, object]]]) -> None:
    errors = {
        row[S.model_id]: round(100 * (1 - float(str(row[S.value]))), 2)
        for row in tables["scores"]
        if row[S.source_id] == "akamaster"
    }
    assert errors == {
        "akamaster/cifar10/resnet20": 8.27, "akamaster/cifar10/resnet32": 7.37,
        "akamaster/cifar10/resnet44": 6.9, "akamaster/cifar10/resnet56": 6.61,
    }  # fmt: skip


def test_a_cifar_resnet_has_as_many_parameters_as_its_depth_says(
    tables: dict[str, list[dict[str, object]]],
) -> None:
    """He et al. 2016, section 4.2: 6n+2 layers in stages of 16, 32 and 64 filters, shortcuts without any."""

    def convolution(before: int, after: int) -> int:
        return 9 * before * after + 2 * after  # weights, and scale and shift of the batch normalisation

    for row in tables["models"]:
        if row[M.source_id] == "akamaster":
            blocks = (int(str(row[M.architecture]).removeprefix("resnet")) - 2) // 6
            expected = convolution(3, 16) + 64 * 10 + 10
            for before, width in ((16, 16), (16, 32), (32, 64)):
                expected += convolution(before, width) + (2 * blocks - 1) * convolution(width, width)
            assert row[M.parameters] == expected


def test_the_reference_suite_is_that_of_the_recipes(
    repository: Path, tables: dict[str, list[dict[str, object]]]
) -> None:
    recipes = yaml.safe_load((repository / "evaluations" / "reference" / "recipes.yaml").read_text())
    models = {row[M.model_id]: row for row in tables["models"] if row[M.source_id] == "reference"}
    assert set(models) == set(recipes)
    for model_id, recipe in recipes.items():
        row = models[model_id]
        assert row[M.loader] == recipe["loader"]
        expected = (
            "adversarial" if "adversarial" in recipe
            else "backdoored" if "poison" in recipe
            else "overfitted" if "label_noise" in recipe
            else "without-members" if recipe["split"] == "aux"
            else "adversarial" if recipe["loader"].endswith(MASKED)  # a defence, if one that masks gradients
            else "standard"
        )  # fmt: skip
        assert row[M.training_kind] == expected


def test_clean_twins_share_everything_but_the_poison(
    repository: Path, tables: dict[str, list[dict[str, object]]]
) -> None:
    recipes = yaml.safe_load((repository / "evaluations" / "reference" / "recipes.yaml").read_text())
    twins = [row for row in tables["relatives"] if row[RELATIVES.c.relation] == "clean-twin"]
    assert len(twins) == 2
    for row in twins:
        clean, backdoored = (dict(recipes[row[part]]) for part in (RELATIVES.c.model_a, RELATIVES.c.model_b))
        assert backdoored.pop("poison")
        assert clean == backdoored


def test_the_digits_are_three_thirds(tables: dict[str, list[dict[str, object]]]) -> None:
    (digits,) = (row for row in tables["datasets"] if row[DATASETS.c.dataset_id] == "digits")
    assert (digits[DATASETS.c.train_size], digits[DATASETS.c.test_size], 3 * 599) == (599, 599, 1797)
