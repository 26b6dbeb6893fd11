"""The scripts of the page that puts models side by side."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from reading import read_page
from stand_in import StandIn

from sngen.leaderboard import compare_data
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


def test_every_model_is_in_its_part_with_every_score(docs: Path, small: StandIn) -> None:
    parts = [_part(docs, part) for part in range(PARTS)]
    assert sum(map(len, parts)) == len(small.rows["models"])
    script = (docs / HEAD).read_text("utf-8")
    head = json.loads(script.partition("SecurityNet.compare=")[2].rstrip().rstrip(";"))
    kinds = ("origin", "family", "method", "setting", "metric")
    headlines = [(h.origin, h.family, h.method, h.setting, h.metric) for h in HEADLINES]
    others = {tuple(score[name] for name in kinds) for score in small.rows["scores"]}.difference(headlines)
    assert head["headlines"] == len(headlines)
    assert len(head["quantities"]) == len(headlines) + len(others)
    for model in small.rows["models"]:
        model_id = model["model_id"]
        found = parts[part_of(model_id)][model_id]
        given = {
            (head["quantities"][int(place)]["title"], row[0], row[1], row[5])
            for place, rows in found["scores"].items()
            for row in rows
        }
        scores = [score for score in small.rows["scores"] if score[SCORES.c.model_id] == model_id]
        assert sum(map(len, found["scores"].values())) == len(scores)
        for score in scores:
            kind = tuple(score[name] for name in kinds)
            if kind in headlines:
                title = HEADLINES[headlines.index(kind)].title
                assert (title, score["dataset_id"], score["value"], score["source_id"]) in given
        assert found["name"] == model["name"]
        assert found["facts"]["source_id"] == model["source_id"]


def _score(**fields: object) -> dict:
    row = dict.fromkeys(SCORES.names)
    return {**row, "metric": "accuracy", "flags": [], "dataset_id": "cifar10", "value": 0.5, **fields}


def test_a_score_ends_with_what_is_known_and_names_the_machine_only_where_it_matters() -> None:
    reported = compare_data._score(_score(source_id="timm", n=10))
    assert reported == ["cifar10", 0.5, None, None, 10, "timm", []]
    measured = {"protocol": "utility/1", "tier": "cpu", "data_fingerprint": "0123456789abcdef" * 4,
                "method_version": "2", "device": "cpu", "threads": 2}  # fmt: skip
    start = ["cifar10", 0.5, None, None, None, None, [], "utility/1", "cpu", "0123456789ab", "2"]
    assert compare_data._score(_score(**measured)) == start
    assert compare_data._score(_score(**measured, metric="forward_time")) == [*start, "cpu", 2]


def test_titles_of_one_family_are_distinct_and_budgets_are_in_order_of_size() -> None:
    kinds = [
        ("measured", "adversarial", method, setting, "robust_accuracy")
        for method in ("pgd", "square") for setting in ("linf-16-255", "linf-4-255", "linf-0.5-255")
    ]  # fmt: skip
    clean = [("measured", "adversarial", method, "clean", "accuracy") for method in ("pgd", "square")]
    budgets = [kind[3] for kind in sorted(kinds, key=compare_data._by_number)][:3]
    assert budgets == ["linf-0.5-255", "linf-4-255", "linf-16-255"]
    titles = [compare_data._quantity(kind, True)["title"] for kind in clean]
    assert titles == ["Accuracy without attack (pgd)", "Accuracy without attack (square)"]


def test_places_and_parts_are_the_same_in_the_script(repository: Path) -> None:
    script = (repository / "site/scripts/compare/data.js").read_text("utf-8")
    assert int(re.search(r"PARTS = (\d+)", script)[1]) == PARTS  # type: ignore[index]
    places = re.search(r"const \[([A-Z,\s]+),\s+\] = Array\((\d+)\)", script)
    assert places is not None
    names = {"DATASET": "dataset_id", "LOW": "ci_low", "HIGH": "ci_high", "SOURCE": "source_id",
             "IMAGES": "data_fingerprint", "VERSION": "method_version"}  # fmt: skip
    words = places[1].replace("\n", " ").split(",")
    assert [names.get(word.strip(), word.strip().lower()) for word in words] == list(SCORE_FIELDS)
    assert int(places[2]) == len(SCORE_FIELDS)


def test_the_page_says_what_it_needs_and_loads_what_is_there(texts: dict[str, str], docs: Path) -> None:
    page = read_page(texts["compare.md"])
    assert "needs JavaScript" in page.text
    assert page.attributes("href") == ["models.html", "data.html#one-model-as-json"]
    assert [a["data-head"] for _, a in page.elements if "data-head" in a] == [HEAD]
    assert (docs / HEAD).is_file()
