"""Everything about one model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from search_examples import CLIP, COPY, ONE

from sngen.errors import UsageError
from sngen.search.library import CatalogLibrary
from sngen.search.show import about, as_json, as_text
from sngen.settings import Settings


def test_all_that_concerns_a_model(library: CatalogLibrary) -> None:
    found = about(ONE, library)
    assert found["model"]["parameters"] == 11_173_962
    assert [row["dataset_id"] for row in found["scores"]] == ["cifar10", "svhn"]
    assert [row["model_a"] for row in found["relatives"]] == [COPY]
    assert found["aliases"] == ["lab/cifar10/uno"]
    assert found["source"]["revision"] == "abc123"
    (entry,) = found["audit"]
    assert [row["row_id"] for row in entry["rows"]] == [ONE]  # not the other model's row
    assert json.loads(as_json(found)) == found


def test_a_reader_sees_where_everything_comes_from(library: CatalogLibrary) -> None:
    text = as_text(about(ONE, library))
    for words in (
        "architecture            resnet18", "revision                abc123", "line or row             3",
        "its word for venue      Int. Conf.", "cifar10, clean test, Accuracy: 0.9",
        "reported by lab, results.csv, line 7, column 'Top-1'", f"same-weights: {COPY}",
        "because equal file (hub, rule r)", "flag odd-name (lab): The name is odd.",
        "formerly lab/cifar10/uno",
    ):  # fmt: skip
        assert words in text, words


def test_a_former_id_finds_the_model(library: CatalogLibrary) -> None:
    found = about("lab/cifar10/uno", library)
    assert (found["model"]["model_id"], found["asked_for"]) == (ONE, "lab/cifar10/uno")
    assert "(asked for as lab/cifar10/uno, a former id)" in as_text(found)


def test_a_model_without_dataset_and_source_words(library: CatalogLibrary) -> None:
    text = as_text(about(CLIP, library))
    assert "No known relatives" in text
    assert "zero-shot" in text


@pytest.mark.parametrize(
    ("wrong", "near"), [("one", ONE), ("lab/cifar10/oen", ONE), ("hub/clip2", CLIP), ("lab cifar10 one", ONE)]
)
def test_an_unknown_id_gets_the_nearest(library: CatalogLibrary, wrong: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"no model '{wrong}'.*Nearest: .*{near}"):
        about(wrong, library)


def test_control_characters_of_a_source_do_not_reach_the_terminal(
    small_catalog: Path, settings: Settings
) -> None:
    path = small_catalog / "lab" / "models.csv"
    path.write_text(path.read_text().replace("resnet18", "res\x1b[31mnet"))
    text = as_text(about(ONE, CatalogLibrary(small_catalog, (), settings)))
    assert "\x1b" not in text
    assert "res\ufffd[31mnet" in text
