"""Every rule, flag, check and error of the importer, on a README made for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from synthetic_readme import BENCHMARK, MEDMNIST, PROJECT, SECURITY, readme

from sngen.catalog.importers import Imported
from sngen.errors import DataProblem
from sngen.schema import DATASETS, MODELS, PROJECTS, RELATIVES, SCORES
from sngen.validation import validate

Convert = Callable[..., Imported]


def touched(imported: Imported, rule: str) -> list[tuple[str, str, Any, Any]]:
    """(row_id, column, before, after) of a rule."""
    return [
        (row["row_id"], entry["column"], row["before"], row["after"])
        for entry in imported.audit
        if entry["rule"] == rule
        for row in entry["rows"]
    ]


def scores(imported: Imported, model_id: str) -> dict[str, dict[str, Any]]:
    """Scores of a model by the source's column name."""
    rows = imported.tables[SCORES.name]
    return {row[SCORES.c.source_column]: row for row in rows if row[SCORES.c.model_id] == model_id}


def model(imported: Imported, model_id: str) -> dict[str, Any]:
    (found,) = (row for row in imported.tables[MODELS.name] if row[MODELS.c.model_id] == model_id)
    return found


def svhn(number: int, **cells: Any) -> dict[str, Any]:
    return (
        BENCHMARK | {"Model Name": f"net{number}_svhn", "Data Name": "SVHN", "Data Category": "digit"} | cells
    )


# --- Tables ---------------------------------------------------------------------------------------------


def test_a_plain_row_becomes_one_model_and_one_score_per_column(convert_readme: Convert) -> None:
    imported = convert_readme()
    row = model(imported, "securitynet/cifar10/resnet20")
    assert row | {} == MODELS.row(
        model_id="securitynet/cifar10/resnet20", name="resnet20_cifar10", source_id="securitynet",
        source_row=1, task="classification", architecture="resnet20", model_type="resnet",
        dataset_id="cifar10", num_outputs=10, training_size=50000, purpose="benchmark",
        publisher="Oleg Sémery", publisher_type="individual", country=["United States"], num_authors=4,
        venue="CVPR", venue_type="CV", year=2016, paper_url="https://arxiv.org/abs/1512.03385",
        weights_kind="repository", weights_url="https://github.com/osmr/imgclsmob/tree/master/pytorch",
        source_words='{"country": "USA", "data_category": "natural", "dataset_id": "CIFAR-10"}',
    )  # fmt: skip
    found = scores(imported, "securitynet/cifar10/resnet20")
    assert {name: row[SCORES.c.value] for name, row in found.items()} == {
        name: BENCHMARK[name] for name in BENCHMARK if isinstance(BENCHMARK[name], float)
    }
    wrn = found["Wrn Agree"]
    assert wrn[SCORES.c.score_id] == (
        "securitynet/cifar10/resnet20:cifar10:reported/securitynet:wrn-column:default:stealing_agreement"
    )
    assert (wrn[SCORES.c.origin], wrn[SCORES.c.source_row], wrn[SCORES.c.family]) == (
        "reported",
        1,
        "stealing",
    )


def test_the_tables_keep_the_contract(convert_readme: Convert) -> None:
    imported = convert_readme(benchmark=[BENCHMARK, MEDMNIST], security=[SECURITY])
    datasets = [
        DATASETS.row(dataset_id=name, name=name, source_id="securitynet")
        for name in {row[MODELS.c.dataset_id] for row in imported.tables[MODELS.name]}
    ]
    assert validate({**imported.tables, DATASETS.name: datasets}) == []


@pytest.mark.parametrize(
    ("name", "dataset", "expected"),
    [
        ("resnet10_cub", "CUB-200-2011", "securitynet/cub-200-2011/resnet10"),
        ("resnext29_16x64d_svhn", "SVHN", "securitynet/svhn/resnext29-16x64d"),
        ("resnet18_2.5D_1.pth", "adrenalmnist3d", "securitynet/adrenalmnist3d/resnet18-2-5d-1"),
        ("resnet18_l2_eps0.01.ckpt", "ImageNet1k", "securitynet/imagenet-1k/resnet18-l2-eps0-01"),
        ("cifar10", "CIFAR-10", "securitynet/cifar10/cifar10"),
    ],
)
def test_ids(convert_readme: Convert, name: str, dataset: str, expected: str) -> None:
    imported = convert_readme(benchmark=[BENCHMARK | {"Model Name": name, "Data Name": dataset}])
    assert imported.tables[MODELS.name][0][MODELS.c.model_id] == expected


# --- Cleaning -------------------------------------------------------------------------------------------


def test_zeros_of_seven_columns_are_missing_and_the_gap_goes_with_train_accuracy(
    convert_readme: Convert,
) -> None:
    imported = convert_readme(benchmark=[MEDMNIST])
    model_id = "securitynet/adrenalmnist3d/resnet18-3d-1"
    assert set(scores(imported, model_id)) == {
        "Test Accuracy", "Model Stealing Accuracy", "Model Stealing Agreement",
    }  # fmt: skip
    zeros = touched(imported, "zero-means-not-measured")
    assert {column for _, column, _, _ in zeros} == {
        "Train Accuracy", "Correct Auc", "M_entropy AUC", "Wrn Accuracy", "Wrn Agree", "ImgNet Accuracy",
        "ImgNet Agree",
    }  # fmt: skip
    assert all((before, after) == (0, None) for _, _, before, after in zeros)
    assert touched(imported, "overfit-gap-without-train-accuracy") == [
        (model_id, "Overfit Gap", -0.731544, None)
    ]


def test_a_zero_elsewhere_stays(convert_readme: Convert) -> None:
    imported = convert_readme(
        benchmark=[BENCHMARK | {"Model Stealing Accuracy": 0, "Overfit Gap": 0}],
        security=[SECURITY | {"Train Accuracy": 0}],
    )
    found = scores(imported, "securitynet/cifar10/resnet20")
    assert (found["Model Stealing Accuracy"][SCORES.c.value], found["Overfit Gap"][SCORES.c.value]) == (0, 0)
    other = scores(imported, "securitynet/cifar10/vgg-plain-const-eps8-wd1e-3-200")
    assert other["Train Accuracy"][SCORES.c.value] == 0


def test_nan_of_the_security_table_is_missing(convert_readme: Convert) -> None:
    cells = {"Model Stealing Accuracy": "nan", "Model Stealing Agreement": "nan"}
    imported = convert_readme(security=[SECURITY | cells])
    assert [row[1:] for row in touched(imported, "nan-means-not-measured")] == [
        ("Model Stealing Accuracy", "nan", None), ("Model Stealing Agreement", "nan", None),
    ]  # fmt: skip
    assert "Model Stealing Accuracy" not in scores(
        imported, "securitynet/cifar10/vgg-plain-const-eps8-wd1e-3-200"
    )


def test_repeated_names_are_numbered_and_become_relatives(convert_readme: Convert) -> None:
    imported = convert_readme(security=[SECURITY] * 3)
    base = "securitynet/cifar10/vgg-plain-const-eps8-wd1e-3-200"
    assert [(before, after) for _, _, before, after in touched(imported, "repeated-name-numbered")] == [
        (base, f"{base}-run{run}") for run in (1, 2, 3)
    ]
    pairs = [(row[RELATIVES.c.model_a], row[RELATIVES.c.model_b]) for row in imported.tables[RELATIVES.name]]
    assert pairs == [(f"{base}-run{a}", f"{base}-run{b}") for a, b in ((1, 2), (1, 3), (2, 3))]
    row = model(imported, f"{base}-run2")
    assert row[MODELS.c.weights_file] == "models/vgg_cifar10/plain_const/2/vgg_8_eps8_wd1e-3_200.ckpt"
    assert row[MODELS.c.weights_inferred] is True
    assert row[MODELS.c.training_kind] == "adversarial"


def test_only_a_complete_series_of_numbered_names_is_three_runs(convert_readme: Convert) -> None:
    three = [MEDMNIST | {"Model Name": f"resnet18_3D_{run}.pth"} for run in (1, 2, 3)]
    two = [MEDMNIST | {"Model Name": f"resnet50_3D_{run}.pth"} for run in (1, 2)]
    relatives = convert_readme(benchmark=[*three, *two]).tables[RELATIVES.name]
    assert len(relatives) == 3
    assert all("resnet18-3d" in row[RELATIVES.c.model_b] for row in relatives)


def test_dataset_names_are_normalised(convert_readme: Convert) -> None:
    assert touched(convert_readme(benchmark=[BENCHMARK, MEDMNIST]), "dataset-name-normalised")[0] == (
        "securitynet/cifar10/resnet20", "Data Name", "CIFAR-10", "cifar10",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://arxiv.org/abs/1704.04861?context=cs", "https://arxiv.org/abs/1704.04861"),
        ("https://openreview.net/pdf?id=SkfMWhAqYQ", "https://openreview.net/pdf?id=SkfMWhAqYQ"),
    ],
)
def test_only_a_tracking_query_is_removed(convert_readme: Convert, link: str, expected: str) -> None:
    imported = convert_readme(benchmark=[BENCHMARK | {"Paper Link": f"[Link]({link})"}])
    assert model(imported, "securitynet/cifar10/resnet20")[MODELS.c.paper_url] == expected
    assert bool(touched(imported, "paper-url-tracking-removed")) == (link != expected)


def test_training_kind_of_robust_transfer_models(convert_readme: Convert) -> None:
    link = {
        "Weights": "[Link](https://github.com/Microsoft/robust-models-transfer)",
        "Data Name": "ImageNet1k",
    }
    names = ("resnet18_l2_eps0.ckpt", "resnet18_l2_eps0.01.ckpt", "resnet18_l2_eps3.ckpt")
    imported = convert_readme(security=[SECURITY | link | {"Model Name": name} for name in names])
    kinds = [row[MODELS.c.training_kind] for row in imported.tables[MODELS.name]]
    assert kinds == [None, "standard", "adversarial", "adversarial"]


@pytest.mark.parametrize(
    ("cells", "rule", "column", "after"),
    [
        ({"Weights": "[L](https://github.com/a/b.git)"}, "weights-url-normalised", PROJECTS.c.weights_url,
         "https://github.com/a/b"),
        ({"Weights": "[L](https://github.com/a/b?tab=readme-ov-file)"}, "weights-url-normalised",
         PROJECTS.c.weights_url, "https://github.com/a/b"),
        ({"Weights": "[L](http://www.github.com/a/b)"}, "weights-url-normalised", PROJECTS.c.weights_url,
         "https://github.com/a/b"),
        ({"Title": "Some Net (NeurIPS 2022--Spotlight)"}, "title-suffix-removed", PROJECTS.c.title,
         "Some Net"),
        ({"Title": "Official Code of Some Net (NeurIPS 2024)"}, "title-suffix-removed", PROJECTS.c.title,
         "Some Net"),
        ({"Title": "Some Net."}, "title-suffix-removed", PROJECTS.c.title, "Some Net"),
        ({"Paper Link": "[P](https://github.com/a/b)"}, "paper-link-is-code", PROJECTS.c.paper_url, None),
        ({"Paper Link": "[P](A Title (mlr.press))"}, "paper-link-is-not-a-url", PROJECTS.c.paper_url, None),
    ],
)  # fmt: skip
def test_project_rules(
    convert_readme: Convert, cells: dict[str, str], rule: str, column: str, after: str | None
) -> None:
    imported = convert_readme(projects=[PROJECT | cells])
    (row,) = imported.tables[PROJECTS.name]
    assert (row[column], row[PROJECTS.c.flags]) == (after, [rule])
    assert [change[3] for change in touched(imported, rule)] == [after]


def test_a_title_keeps_what_only_looks_like_a_remark(convert_readme: Convert) -> None:
    (row,) = convert_readme(projects=[PROJECT | {"Title": "Federated Learning (FL)"}]).tables[PROJECTS.name]
    assert row[PROJECTS.c.title] == "Federated Learning (FL)"
    assert row[PROJECTS.c.flags] == []


@pytest.mark.parametrize(
    ("cells", "project_id", "flags"),
    [
        ({}, "securitynet-project/hustvl-vim", []),
        ({"Note": "no weights"}, "securitynet-project/hustvl-vim", ["source-says-no-weights"]),
        ({"Weights": "[L](https://promptstyler.github.io/)"}, "securitynet-project/promptstyler-github-io",
         ["weights-link-is-not-github"]),
    ],
)  # fmt: skip
def test_project_ids_and_flags(
    convert_readme: Convert, cells: dict[str, str], project_id: str, flags: list[str]
) -> None:
    (row,) = convert_readme(projects=[PROJECT | cells]).tables[PROJECTS.name]
    assert (row[PROJECTS.c.project_id], row[PROJECTS.c.flags]) == (project_id, flags)


# --- Flags and checks -----------------------------------------------------------------------------------


def flagged(imported: Imported, flag: str) -> set[tuple[str, str]]:
    """(model, the source's column) of the scores that carry a flag."""
    return {
        (row[SCORES.c.model_id].rpartition("/")[2], row[SCORES.c.source_column])
        for row in imported.tables[SCORES.name]
        if flag in (row[SCORES.c.flags] or ())
    }


def test_an_unremarkable_row_has_no_flag(convert_readme: Convert) -> None:
    imported = convert_readme()
    assert all(row[MODELS.c.flags] is None for row in imported.tables[MODELS.name])
    assert all(row[SCORES.c.flags] is None for row in imported.tables[SCORES.name])


def test_single_class_answers(convert_readme: Convert) -> None:
    cells = {"Test Accuracy": 0.768456, "Model Stealing Accuracy": 0.768456}
    imported = convert_readme(
        benchmark=[
            MEDMNIST | cells | {"Model Name": "a.pth", "Model Stealing Agreement": 1},
            MEDMNIST | cells | {"Model Name": "b.pth", "Model Stealing Agreement": 0.99},
            MEDMNIST | {"Model Name": "c.pth"},
        ]
    )
    name = "accuracy-equals-single-class-share"
    assert [row[MODELS.c.flags] for row in imported.tables[MODELS.name]] == [[name], [name], None, None]
    columns = ("Test Accuracy", "Model Stealing Accuracy", "Model Stealing Agreement")
    assert flagged(imported, name) == {(letter, column) for letter in "ab" for column in columns}
    assert flagged(imported, "agreement-is-1") == {("a", column) for column in columns[1:]}


@pytest.mark.parametrize(
    ("cells", "flag", "columns"),
    [
        ({"Model Stealing Accuracy": 0.95}, "stealing-above-target", {"Model Stealing Accuracy"}),
        ({"Train Accuracy": 1, "Overfit Gap": 0.06, "Correct Auc": 0.53}, "train-accuracy-is-1",
         {"Train Accuracy"}),
        ({"Correct Auc": 0.5251}, "correctness-auc-off-identity", {"Correct Auc"}),
        ({"M_entropy AUC": 0.4999}, "mia-auc-below-half", {"M_entropy AUC"}),
    ],
)  # fmt: skip
def test_flags_of_one_row(
    convert_readme: Convert, cells: dict[str, float], flag: str, columns: set[str]
) -> None:
    imported = convert_readme(benchmark=[BENCHMARK | cells])
    assert flagged(imported, flag) == {("resnet20", column) for column in columns}
    assert all(before == after for _, _, before, after in touched(imported, flag))
    used = {name for row in imported.tables[SCORES.name] for name in row[SCORES.c.flags] or ()}
    assert used == {flag}


def test_values_at_the_limit_are_not_flagged(convert_readme: Convert) -> None:
    cells = {"Model Stealing Accuracy": 0.94, "Correct Auc": 0.5249, "M_entropy AUC": 0.5}
    imported = convert_readme(benchmark=[BENCHMARK | cells])
    assert all(row[SCORES.c.flags] is None for row in imported.tables[SCORES.name])


def test_a_constant_train_accuracy_needs_three_models(convert_readme: Convert) -> None:
    flag = "train-accuracy-constant-in-dataset"
    constant = {"Train Accuracy": 0.999, "Overfit Gap": 0.059, "Correct Auc": 0.53}
    three = convert_readme(benchmark=[svhn(n, **constant) for n in (1, 2, 3)])
    assert flagged(three, flag) == {
        (f"net{n}", column) for n in (1, 2, 3) for column in ("Train Accuracy", "Overfit Gap")
    }
    assert not flagged(convert_readme(benchmark=[svhn(n, **constant) for n in (1, 2)]), flag)
    assert ("svhn", "Train Accuracy", 0.999, 0.999) in touched(three, "column-constant-in-dataset")


def test_a_failed_stealing_run_stands_out(convert_readme: Convert) -> None:
    low = {"Model Stealing Accuracy": 0.0173, "Model Stealing Agreement": 0.02}
    imported = convert_readme(benchmark=[svhn(1), svhn(2), svhn(3, **low)])
    assert flagged(imported, "stealing-outlier-low") == {
        ("net3", "Model Stealing Accuracy"), ("net3", "Model Stealing Agreement"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "check", "column"),
    [
        ({"Overfit Gap": 0.041, "Correct Auc": 0.5205}, "gap-is-train-minus-test", "Overfit Gap"),
        ({"Correct Auc": 0.53}, "correctness-auc-is-half-plus-half-gap", "Correct Auc"),
        ({"ImgNet Agree": 1.2}, "fraction-in-range", "ImgNet Agree"),
        ({"Wrn Agree": 0}, "known-together", "Wrn Accuracy"),
    ],
)  # fmt: skip
def test_arithmetic(convert_readme: Convert, cells: dict[str, float], check: str, column: str) -> None:
    found = touched(convert_readme(benchmark=[BENCHMARK | cells]), check)
    assert [(row[0], row[1]) for row in found] == [("securitynet/cifar10/resnet20", column)]
    assert touched(convert_readme(), check) == []


def test_equal_columns_are_named(convert_readme: Convert) -> None:
    rows = [svhn(n, **{"Wrn Accuracy": n / 10, "ImgNet Agree": n / 10}) for n in (1, 2, 3)]
    found = touched(convert_readme(benchmark=rows), "columns-equal-in-dataset")
    assert ("svhn", "pairs of columns", "Wrn Accuracy", "ImgNet Agree") in found


def test_every_rule_explains_itself(convert_readme: Convert) -> None:
    entries = convert_readme(benchmark=[BENCHMARK, MEDMNIST], security=[SECURITY] * 3).audit
    assert len(entries) > 15
    assert all(len(entry["explanation"]) > 20 and "\n" not in entry["explanation"] for entry in entries)


# --- Errors ---------------------------------------------------------------------------------------------


def problems(convert_readme: Convert, text: str | None = None, **tables: Any) -> list[str]:
    with pytest.raises(DataProblem) as raised:
        convert_readme(text, **tables)
    return raised.value.problems


def test_an_unexpected_column(convert_readme: Convert) -> None:
    renamed = {
        ("Test Acuracy" if name == "Test Accuracy" else name): cell for name, cell in BENCHMARK.items()
    }
    wrong, missing = problems(convert_readme, benchmark=[renamed])
    assert wrong.startswith(
        "Database/README.MD, line 6, table 'Benchmark Models': found a column 'Test Acuracy', expected "
        "one of Model Name, Model Type,"
    )
    assert wrong.endswith("(nearest: 'Test Accuracy')")
    assert missing.endswith("found no column 'Test Accuracy', expected it")


def test_a_row_that_is_too_short(convert_readme: Convert) -> None:
    text = readme().replace("| resnet20_cifar10 | resnet |", "| resnet20_cifar10 |")
    assert problems(convert_readme, text) == [
        "Database/README.MD, line 8: found 24 cells, expected 25, one per column of the table "
        "'Benchmark Models'; the row begins 'resnet20_cifar10 | CIFAR-10 | natural'"
    ]


def test_every_malformed_cell_is_named(convert_readme: Convert) -> None:
    cells = {"Year": "MMXVI", "Test Accuracy": "94%", "Wrn Agree": "nan", "Model Type": "", "Weights": "none"}
    assert problems(convert_readme, benchmark=[BENCHMARK | cells], projects=[PROJECT | {"Year": ""}]) == [
        "Database/README.MD, line 8, column 'Model Type': found '', expected a text",
        "Database/README.MD, line 8, column 'Test Accuracy': found '94%', expected a number",
        "Database/README.MD, line 8, column 'Wrn Agree': found 'nan', expected a number",
        "Database/README.MD, line 8, column 'Year': found 'MMXVI', expected a whole number",
        "Database/README.MD, line 8, column 'Weights': found 'none', expected a link [text](address)",
        "Database/README.MD, line 18, column 'Year': found '', expected a whole number",
    ]


def test_an_unknown_dataset(convert_readme: Convert, vocabulary_folder: Any) -> None:
    (problem,) = problems(convert_readme, benchmark=[BENCHMARK | {"Data Name": "CIFAR10"}])
    assert problem == (
        f"Database/README.MD, line 8, column 'Data Name': found 'CIFAR10', expected a spelling of "
        f"{vocabulary_folder}/dataset-names.csv (nearest: CIFAR-10); add a row there if it is a new one"
    )


def test_two_models_of_one_name(convert_readme: Convert) -> None:
    (problem,) = problems(convert_readme, benchmark=[BENCHMARK, BENCHMARK | {"Model Name": "ResNet20"}])
    assert problem == (
        "Database/README.MD, line 9, column 'Model Name': found 'ResNet20', which would be "
        "securitynet/cifar10/resnet20 a second time (first: Database/README.MD, line 8), expected another id "
        "for each row"
    )


def test_two_projects_of_one_repository(convert_readme: Convert) -> None:
    (problem,) = problems(convert_readme, projects=[PROJECT, PROJECT | {"Title": "Other"}])
    assert "which would be securitynet-project/hustvl-vim a second time" in problem


def test_rows_that_contradict_each_other_about_a_dataset(convert_readme: Convert) -> None:
    (problem,) = problems(convert_readme, security=[SECURITY | {"Num Class": 100}])
    assert problem == (
        "Database/README.MD, line 13, column 'Num Class': found 100 for cifar10, expected 10 as in "
        "Database/README.MD, line 8"
    )


def test_a_missing_and_a_new_table(convert_readme: Convert) -> None:
    found = problems(convert_readme, readme().replace("## New Models", "## Newer Models"))
    assert len(found) == 2
    assert "line 16: found a table under the heading 'Newer Models'" in found[0]
    assert "found 0 tables under the heading 'New Models', expected 1" in found[1]
