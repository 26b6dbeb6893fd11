"""The committed tables of ``robust-models-transfer`` against an independent extraction of the same files."""

from __future__ import annotations

from pathlib import Path

import pytest
from robust_sources import Rows, committed, facts, number, percent, words

from sngen.schema import MODELS, SCORES

M, S = MODELS.c, SCORES.c
SAME = {
    "name": M.name, "architecture": M.architecture, "dataset": M.dataset_id, "role": M.security_role,
    "norm": M.threat_norm, "eps": M.threat_eps, "weights_kind": M.weights_kind,
    "weights_url": M.weights_url, "license": M.license, "license_scope": M.license_scope,
    "paper_url": M.paper_url, "paper_title": M.paper_title, "venue": M.venue, "source_file": M.source_file,
}  # fmt: skip
#: The facts' own words for how the networks were trained; the README says no more than the bound.
METHODS = {"adversarial": "PGD adversarial training", "standard": "standard training"}
#: Empty or constant for this source in the facts.
NOTHING = {"extra_data": "", "entry_type": "model", "model_count": "1", "source": "robust-models-transfer"}


@pytest.fixture(scope="module")
def catalog() -> tuple[Rows, Rows]:
    return committed("robust-models-transfer")


@pytest.fixture(scope="module")
def entries(facts_folder: Path) -> list[dict[str, str]]:
    rows = facts(facts_folder / "security_models.csv")
    return [row for row in rows if row["source"] == "robust-models-transfer"]


def test_models_are_the_same(catalog: tuple[Rows, Rows], entries: list[dict[str, str]]) -> None:
    models, _ = catalog
    assert len(entries) == 67
    assert set(models) == {entry["id"].removeprefix("security/") for entry in entries}
    for entry in entries:
        model = models[entry["id"].removeprefix("security/")]
        for column, ours in SAME.items():
            assert (model[ours] or "") == entry[column], (entry["id"], column)
        assert {column: entry[column] for column in NOTHING} == NOTHING
        assert METHODS[model[M.training_kind]] == entry["method"]
        assert (model[M.year], model[M.source_row]) == (int(entry["year"]), int(entry["source_row"]))
        assert words(model)[M.weights_url] == entry["alt_weights_url"]
        assert model[M.flags] == ["link-expired-2021-10"]
        if entry["eps_value"]:
            assert model[M.threat_eps_value] == pytest.approx(float(entry["eps_value"]), abs=5e-9)
        else:
            assert model[M.threat_eps_value] is None


def test_accuracies_are_the_same(catalog: tuple[Rows, Rows], entries: list[dict[str, str]]) -> None:
    clean = {
        row[S.model_id]: percent(row[S.value]) for row in catalog[1].values() if row[S.method] == "clean"
    }
    expected = {
        entry["id"].removeprefix("security/"): number(entry["clean_accuracy_pct"]) for entry in entries
    }
    assert clean == expected


def test_transfers_are_the_same(catalog: tuple[Rows, Rows], facts_folder: Path) -> None:
    rows = facts(facts_folder / "robust_transfer.csv")
    found = {
        (row[S.model_id], row[S.dataset_id], row[S.setting]): row
        for row in catalog[1].values()
        if row[S.method] == "transfer"
    }
    assert len(rows) == len(found) == 96
    for row in rows:
        name = f"{row['architecture'].replace('_', '-')}-l2-eps{row['upstream_eps_l2']}"
        score = found[f"robust-models-transfer/{name}", row["dataset"], row["transfer"]]
        assert percent(score[S.value]) == number(row["accuracy_pct"])
        assert score[S.flags] == ["best-over-hyperparameters", "weights-not-published"]
        assert set(row["flags"].split(";")) == set(score[S.flags])
        settings = {
            "lr": row["learning_rate"], "weight_decay": row["weight_decay"],
            "batch_size": row["batch_size"], "epochs": row["epochs"], "step_lr": row["step_lr"],
        }  # fmt: skip
        stated = dict(
            part.split(" ") for part in score[S.note].partition("(")[2].partition(")")[0].split(", ")
        )
        assert {name: float(value) for name, value in stated.items()} == {
            name: float(value) for name, value in settings.items()
        }
