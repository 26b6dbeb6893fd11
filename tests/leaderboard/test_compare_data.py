"""The scripts of the page that puts models side by side."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from reading import read_page
from stand_in import StandIn

from sngen.leaderboard.compare_data import FOLDER, HEAD, PARTS, SCORE_FIELDS, part_of
from sngen.schema import HEADLINES, SCORES


def _part(docs: Path, part: int) -> dict[str, dict]:
    script = (docs / f"{FOLDER}/{part:03d}.js").read_text("utf-8")
    assert "<" not in script
    return json.loads(script[script.rindex("||{},") + 5 :].rstrip().removesuffix(");"))


@pytest.mark.parametrize("word, code", [("", 0x811C9DC5), ("a", 0xE40C292C), ("foobar", 0xBF9CF968)])
def test_parts_go_by_the_published_hash(word: str, code: int) -> None:
    """Test vectors of FNV-1a, 32 bit, from its authors."""
    assert part_of(word) == code % PARTS


def test_every_model_is_in_its_part_with_every_headline_score(docs: Path, small: StandIn) -> None:
    parts = [_part(docs, part) for part in range(PARTS)]
    assert sum(map(len, parts)) == len(small.rows["models"])
    columns = {(h.origin, h.family, h.method, h.setting, h.metric): i for i, h in enumerate(HEADLINES)}
    for model in small.rows["models"]:
        model_id = model["model_id"]
        found = parts[part_of(model_id)][model_id]
        wanted: dict[str, list[list]] = {}
        for score in small.rows["scores"]:
            kind = tuple(score[name] for name in ("origin", "family", "method", "setting", "metric"))
            if score[SCORES.c.model_id] == model_id:
                wanted.setdefault(str(columns[kind]), []).append([score[name] for name in SCORE_FIELDS])
        assert found["scores"] == wanted
        assert found["name"] == model["name"]
        assert found["facts"]["source_id"] == model["source_id"]


def test_places_and_parts_are_the_same_in_the_script(repository: Path) -> None:
    script = (repository / "site/scripts/compare/data.js").read_text("utf-8")
    assert int(re.search(r"PARTS = (\d+)", script)[1]) == PARTS  # type: ignore[index]
    places = re.search(r"const \[([A-Z, ]+)\] = Array\((\d+)\)", script)
    assert places is not None
    names = {"DATASET": "dataset_id", "LOW": "ci_low", "HIGH": "ci_high", "SOURCE": "source_id",
             "IMAGES": "data_fingerprint"}  # fmt: skip
    assert [names.get(word, word.lower()) for word in places[1].split(", ")] == list(SCORE_FIELDS)
    assert int(places[2]) == len(SCORE_FIELDS)


def test_the_page_says_what_it_needs_and_loads_what_is_there(texts: dict[str, str], docs: Path) -> None:
    page = read_page(texts["compare.md"])
    assert "needs JavaScript" in page.text
    assert page.attributes("href") == ["models.html", "data.html#one-model-as-json"]
    assert [a["data-head"] for _, a in page.elements if "data-head" in a] == [HEAD]
    assert (docs / HEAD).is_file()
