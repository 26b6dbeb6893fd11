"""The committed tables of the source ``auto-attack`` against an independent extraction of the same file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from robust_sources import Rows, committed, facts, number, percent, words

from sngen.schema import MODELS, SCORES

M, S = MODELS.c, SCORES.c
COLUMNS = {"AutoAttack": "AA", "reported by authors": "report."}
KINDS = {"retrained-by-evaluators": "retrained", "from-authors-on-request": "on-request"}
#: The facts' addition to names in the table without architectures.
NOT_IN_THE_SOURCE = " (MNIST model)"
#: Empty or constant for this source in the facts.
NOTHING = {
    "method": "", "model_count": "1", "entry_type": "model", "alt_weights_url": "", "license": "",
    "license_scope": "", "paper_title": "", "venue": "", "source": "auto-attack",
    "source_file": "README.md", "role": "adversarially-trained",
}  # fmt: skip


@pytest.fixture(scope="module")
def catalog() -> tuple[Rows, Rows]:
    return committed("auto-attack")


@pytest.fixture(scope="module")
def entries(facts_folder: Path) -> list[dict[str, str]]:
    rows = facts(facts_folder / "security_models.csv")
    return [row for row in rows if row["source"] == "auto-attack"]


@pytest.fixture(scope="module")
def key(catalog: tuple[Rows, Rows], entries: list[dict[str, str]]) -> Callable[[str], str]:
    """From ids of the facts, which hold the rank in the table, to ours, which do not: by the line."""
    by_line = {str(row[M.source_row]): model_id for model_id, row in catalog[0].items()}
    ids = {entry["id"]: by_line[entry["source_row"]] for entry in entries}
    assert len(set(ids.values())) == len(ids)
    return ids.__getitem__


def test_models_are_the_same(
    catalog: tuple[Rows, Rows], entries: list[dict[str, str]], key: Callable[[str], str]
) -> None:
    models, _ = catalog
    assert len(entries) == 72
    assert set(models) == {key(entry["id"]) for entry in entries}
    for entry in entries:
        model = models[key(entry["id"])]
        assert {column: entry[column] for column in NOTHING} == NOTHING
        assert model[M.name] == entry["name"].removesuffix(NOT_IN_THE_SOURCE)
        assert model[M.architecture] == (entry["architecture"] or None)
        assert (model[M.dataset_id], model[M.security_role]) == (entry["dataset"], entry["role"])
        assert model[M.threat_norm] == entry["norm"]
        assert model[M.weights_kind] == KINDS.get(entry["weights_kind"], entry["weights_kind"])
        assert model[M.weights_url] == (entry["weights_url"] or None)
        assert model[M.year] == int(entry["year"])
        assert model[M.source_row] == int(entry["source_row"])
        assert (model[M.flags] or []) == [flag for flag in entry["flags"].split(";") if flag]


def test_papers_are_the_same_but_for_links_to_code(
    catalog: tuple[Rows, Rows], entries: list[dict[str, str]], key: Callable[[str], str]
) -> None:
    different = 0
    for entry in entries:
        model = catalog[0][key(entry["id"])]
        assert words(model).get(M.paper_url, model[M.paper_url]) == entry["paper_url"]
        if model[M.paper_url] is None:  # an issue or a library on GitHub is no paper
            assert entry["paper_url"].startswith("https://github.com/")
            different += 1
    assert different == 7


def test_bounds_are_the_same_but_for_marked_models(
    catalog: tuple[Rows, Rows], entries: list[dict[str, str]], key: Callable[[str], str]
) -> None:
    """The facts give a marked model the bound of its table, 8/255, and only its figure under AutoAttack the
    0.031 of the mark; here the mark holds for the model, which is what the README says of it."""
    marked = 0
    for entry in entries:
        model = catalog[0][key(entry["id"])]
        if "evaluated-at-eps-0.031" in entry["flags"]:
            assert (model[M.threat_eps], entry["eps"]) == ("0.031", "8/255")
            marked += 1
        else:
            assert model[M.threat_eps] == entry["eps"]
            assert model[M.threat_eps_value] == pytest.approx(float(entry["eps_value"]), abs=5e-9)
    assert marked == 9


def test_additional_data_is_the_same_where_the_table_has_a_mark_for_it(
    catalog: tuple[Rows, Rows], entries: list[dict[str, str]], key: Callable[[str], str]
) -> None:
    """Above the table for MNIST nothing is said of additional data: unknown here, false in the facts."""
    for entry in entries:
        expected = None if entry["dataset"] == "mnist" else entry["extra_data"]
        assert catalog[0][key(entry["id"])][M.extra_data] == expected


def test_every_score_is_the_same(
    catalog: tuple[Rows, Rows], entries: list[dict[str, str]], facts_folder: Path, key: Callable[[str], str]
) -> None:
    found = {(row[S.model_id], row[S.source_column]): row for row in catalog[1].values()}
    expected = {(key(entry["id"]), "clean"): number(entry["clean_accuracy_pct"]) for entry in entries}
    for row in facts(facts_folder / "attack_scores.csv"):
        if row["source_repo"] == "fra31/auto-attack":
            place = key(row["model_id"]), COLUMNS[row["attack"]]
            expected[place] = number(row["value_pct"])
            score = found[place]
            assert (score[S.metric], score[S.norm]) == (row["metric"], row["norm"])
            if row["attack"] == "AutoAttack":
                assert score[S.eps] == row["eps"]
    assert len(expected) == 72 + 139
    assert {place: percent(row[S.value]) for place, row in found.items()} == expected


def test_a_claim_has_the_bound_of_its_model(catalog: tuple[Rows, Rows]) -> None:
    models, scores = catalog
    for row in scores.values():
        bounded = row[S.family] == "adversarial"
        assert row[S.eps] == (models[row[S.model_id]][M.threat_eps] if bounded else None)
