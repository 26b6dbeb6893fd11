"""The committed tables of the source ``robustbench`` against an independent extraction of the same files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from robust_sources import WORDS, Rows, committed, facts, number, percent, words

from sngen.catalog.audit import load_audit
from sngen.catalog.vocabulary import load_vocabulary
from sngen.schema import MODELS, SCORES

M, S = MODELS.c, SCORES.c
FOLDER = WORDS.parent / "robustbench"

#: Column of the facts, and the source's key.
PERCENTAGES = {
    "clean_accuracy_pct": "clean_acc", "autoattack_accuracy_pct": "autoattack_acc",
    "external_accuracy_pct": "external", "reported_accuracy_pct": "reported",
    "corruptions_accuracy_pct": "corruptions_acc", "corruptions_3d_accuracy_pct": "corruptions_acc_3d",
}  # fmt: skip
CORRUPTION_ERRORS = {"corruptions_mce_pct": "corruptions_mce", "corruptions_3d_mce_pct": "corruptions_mce_3d"}
#: Compared by a test of their own.
OTHERS = {
    "id", "flags", "eps", "eps_value", "title", "authors", "venue", "year", "paper_url", "threat_model",
    "weights_license", "in_model_zoo", "has_footnote", "unreliable",
}  # fmt: skip
#: Deliberate differences, with the reason.
NO_PUBLICATION = "venue N/A: title, link and authors are none of a paper; the source's words are kept"
WHITE_SPACE = "a line end after a title and spaces before four are removed"
PAPER_IS_CODE = "the link leads to a repository on GitHub; the source's words are kept"


@pytest.fixture(scope="module")
def catalog() -> tuple[Rows, Rows]:
    return committed("robustbench")


@pytest.fixture(scope="module")
def models(catalog: tuple[Rows, Rows]) -> Rows:
    return catalog[0]


@pytest.fixture(scope="module")
def entries(facts_folder: Path) -> list[dict[str, str]]:
    return facts(facts_folder / "robustbench_models.csv")


@pytest.fixture(scope="module")
def by_key(catalog: tuple[Rows, Rows]) -> dict[str, Rows]:
    """Scores by model and the source's key."""
    found: dict[str, Rows] = {}
    for row in catalog[1].values():
        found.setdefault(row[S.model_id], {})[row[S.source_column]] = row
    return found


def test_models_and_ids_are_the_same(models: Rows, entries: list[dict[str, str]]) -> None:
    assert len(entries) == 236
    assert set(models) == {entry["id"] for entry in entries}


def test_every_column_of_the_facts_is_compared(entries: list[dict[str, str]]) -> None:
    plain = {"key", "dataset", "dataset_source", "venue_source", "architecture", "additional_data",
             "forward_passes", "source_file"}  # fmt: skip
    assert set(entries[0]) == plain | OTHERS | set(PERCENTAGES) | set(CORRUPTION_ERRORS)


def test_every_score_is_the_same(by_key: dict[str, Rows], entries: list[dict[str, str]]) -> None:
    for entry in entries:
        rows = by_key[entry["id"]]
        expected = {
            key: number(entry[column])
            for column, key in (PERCENTAGES | CORRUPTION_ERRORS).items()
            if entry[column]
        }
        found = {
            key: row[S.value] if key in CORRUPTION_ERRORS.values() else percent(row[S.value])
            for key, row in rows.items()
        }
        assert found == expected, entry["id"]


def test_bounds_are_the_same_on_the_scores_they_bound(
    by_key: dict[str, Rows], models: Rows, entries: list[dict[str, str]]
) -> None:
    attacked = [entry for entry in entries if entry["threat_model"] != "corruptions"]
    assert len(attacked) == 188
    for entry in attacked:
        for key in ("autoattack_acc", "external", "reported"):
            row = by_key[entry["id"]].get(key)
            if row is not None:
                assert (row[S.norm], row[S.eps]) == (entry["threat_model"], entry["eps"])
                assert row[S.eps_value] == pytest.approx(float(entry["eps_value"]), abs=5e-9)
    inferred = 0
    for entry in entries:
        model = models[entry["id"]]
        if entry["eps"]:
            assert words(model).get(M.threat_eps, model[M.threat_eps]) == entry["eps"], entry["id"]
        else:  # known all the same where the checkpoint is that of a model in the list of a norm
            inferred += model[M.threat_eps] is not None
    assert inferred == 6


def test_models_of_a_norm_were_defended_against_it_unless_standard(
    models: Rows, entries: list[dict[str, str]]
) -> None:
    for entry in entries:
        model = models[entry["id"]]
        if entry["title"] == "Standardly trained model" or entry["key"] == "AlexNet":
            assert (model[M.security_role], model[M.threat_norm]) == ("standard-reference", None)
            assert model[M.training_kind] == "standard"
        elif entry["threat_model"] != "corruptions":
            assert (model[M.threat_norm], model[M.threat_eps]) == (entry["threat_model"], entry["eps"])
            assert model[M.security_role] == "adversarially-trained"
        else:
            defended = model[M.threat_norm] is not None
            role = "adversarially-trained" if defended else "corruption-robust"
            assert model[M.security_role] == role


def test_plain_fields_are_the_same(models: Rows, entries: list[dict[str, str]]) -> None:
    for entry in entries:
        model = models[entry["id"]]
        own = words(model)
        assert model[M.name] == entry["key"]
        assert model[M.dataset_id] == entry["dataset"]
        assert own.get(M.dataset_id, model[M.dataset_id]) == entry["dataset_source"]
        assert model[M.architecture] == entry["architecture"]
        assert model[M.source_file] == entry["source_file"]
        assert model[M.extra_data] == entry["additional_data"]
        assert own["number_forward_passes"] == entry["forward_passes"]
        assert own.get("unreliable", "") == entry["unreliable"]


def test_publications_are_the_same(models: Rows, entries: list[dict[str, str]]) -> None:
    differences: dict[str, set[str]] = {NO_PUBLICATION: set(), PAPER_IS_CODE: set()}
    titles = {WHITE_SPACE: 0}
    for entry in entries:
        model, own = models[entry["id"]], words(models[entry["id"]])
        if own.get(M.venue) == "N/A":
            differences[NO_PUBLICATION].add(entry["id"])
            assert (entry["venue"], entry["year"]) == ("", "")
            assert (own[M.paper_title], own[M.paper_url]) == (entry["title"], entry["paper_url"])
            empty = (M.paper_title, M.paper_url, M.authors, M.num_authors, M.venue, M.venue_type, M.year)
            assert [model[column] for column in empty] == [None] * len(empty)
            continue
        titles[WHITE_SPACE] += model[M.paper_title] != entry["title"]
        assert (model[M.paper_title], model[M.authors]) == (entry["title"].strip(), entry["authors"])
        assert (model[M.year], model[M.venue]) == (int(entry["year"]), _venue(entry["venue"]))
        assert own[M.venue].replace("<br>", " ") == entry["venue"]
        if model[M.paper_url] is None:
            differences[PAPER_IS_CODE].add(entry["id"])
            assert own[M.paper_url] == entry["paper_url"] == "https://github.com/MadryLab/robustness"
        else:
            assert model[M.paper_url] == entry["paper_url"]
    assert {reason: len(ids) for reason, ids in differences.items()} == {NO_PUBLICATION: 5, PAPER_IS_CODE: 3}
    assert titles == {WHITE_SPACE: 5}


def _venue(spelled: str) -> str | None:
    found = load_vocabulary(WORDS).venue(spelled)
    return found[0] if found else None


def test_the_zoo_and_the_licences_of_its_weights_are_the_same(
    models: Rows, entries: list[dict[str, str]]
) -> None:
    vocabulary = load_vocabulary(WORDS)
    for entry in entries:
        model = models[entry["id"]]
        in_zoo = model[M.weights_kind] is not None
        assert in_zoo == (entry["in_model_zoo"] == "true"), entry["id"]
        assert in_zoo == ("not-in-model-zoo" not in (model[M.flags] or []))
        expected = vocabulary.license(entry["weights_license"]) if in_zoo else None
        assert (model[M.license], model[M.license_scope]) == (expected, "weights" if in_zoo else None)
    assert sum(model[M.weights_kind] == "file" for model in models.values()) == 183


def test_checkpoints_that_the_facts_call_one_have_one_address(models: Rows, facts_folder: Path) -> None:
    pairs = [
        (row["id_a"], row["id_b"])
        for row in facts(facts_folder / "overlaps.csv")
        if row["source_a"] == row["source_b"] == "robustbench" and "checkpoint" in row["basis"]
    ]
    assert len(pairs) == 13
    for pair in pairs:
        first, second = (models[one] for one in pair)
        assert first[M.weights_url] is not None, pair
        assert first[M.weights_url] == second[M.weights_url], pair


#: Flag of the facts, and where the same rows are found here.
FLAG_RULES = {
    "dataset-field-disagrees-with-folder": ("dataset-from-folder", "dataset"),
    "eps-written-as-0.031": ("eps-written-as-0.031", "eps"),
    "html-in-venue": ("markup-replaced", "venue"),
    "venue-not-applicable": ("not-a-publication", "venue"),
}


def test_flagged_rows_are_the_same(entries: list[dict[str, str]]) -> None:
    audit = {(entry["rule"], entry["column"]): entry["rows"] for entry in load_audit(FOLDER)}
    for flag, place in FLAG_RULES.items():
        expected = {entry["id"] for entry in entries if flag in entry["flags"].split(";")}
        if flag == "venue-not-applicable":  # the facts flag four of the five whose venue they emptied
            expected = {entry["id"] for entry in entries if entry["venue_source"] in ("", "N/A")}
        assert {row["row_id"] for row in audit[place]} == expected, flag


def test_claims_that_are_none_are_the_same(entries: list[dict[str, str]]) -> None:
    rows: list[dict[str, Any]] = next(
        entry["rows"] for entry in load_audit(FOLDER) if entry["rule"] == "claim-not-stated"
    )
    without = {entry["id"] for entry in entries if not entry["reported_accuracy_pct"]}
    alexnet = "robustbench/imagenet/corruptions/alexnet"  # null already: nothing to clean
    assert {row["row_id"] for row in rows} == without - {alexnet}
    assert len(without) == 22


def test_footnotes_are_where_the_facts_have_them(models: Rows, entries: list[dict[str, str]]) -> None:
    for entry in entries:
        model = models[entry["id"]]
        has = entry["has_footnote"] == "true"
        assert has == (model[M.note] is not None) == ("has-footnote" in (model[M.flags] or [])), entry["id"]
        assert "<" not in (model[M.note] or "") and "\\" not in (model[M.note] or "")


def test_unreliable_models_are_flagged(models: Rows, entries: list[dict[str, str]]) -> None:
    expected = {entry["id"] for entry in entries if entry["unreliable"] == "true"}
    assert {name for name, row in models.items() if "unreliable" in (row[M.flags] or [])} == expected
    assert len(expected) == 2
