"""The JSON beside a model's page: complete, parted by the contract, the same bytes for the same release."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from reading import read_page
from stand_in import StandIn

from sngen.leaderboard.context import Context
from sngen.leaderboard.model_json import INDEX, PARTS, model_json
from sngen.schema import MODELS, OUTCOMES, SCORES

MEASURED, REPORTED = "reference/digits/net-0", "securitynet/cifar10/net-0"


def test_it_lies_beside_the_page_and_holds_every_known_cell(site: Path, small: StandIn) -> None:
    for model in small.rows["models"]:
        model_id = model[MODELS.c.model_id]
        content = json.loads((site / f"models/{model_id}.json").read_text("utf-8"))
        assert set(content) == {"release", *PARTS}
        assert content["release"] == {"version": "1.2.3", "fingerprint": "f" * 64, "date": "2026-11-24"}
        assert content["model"] == {name: cell for name, cell in model.items() if cell is not None}
        wanted = [
            {name: cell for name, cell in score.items() if cell is not None}
            for score in small.rows["scores"]
            if score[SCORES.c.model_id] == model_id
        ]
        assert sorted(content["scores"], key=lambda score: score[SCORES.c.score_id]) == sorted(
            wanted, key=lambda score: score[SCORES.c.score_id]
        )


def test_evidence_is_named_and_left_in_the_release(site: Path, small: StandIn) -> None:
    content = json.loads((site / f"models/{MEASURED}.json").read_text("utf-8"))
    (row,) = [row for row in small.rows["outcomes"] if row[OUTCOMES.c.model_id] == MEASURED]
    left_out = {OUTCOMES.c.bits, OUTCOMES.c.image_ids}
    assert content["outcomes"] == [{name: cell for name, cell in row.items() if name not in left_out}]
    assert content["relatives"][0]["model_b"] == "reference/digits/net-1"


def test_the_index_leads_to_every_page_and_every_json(site: Path, small: StandIn) -> None:
    index = json.loads((site / INDEX).read_text("utf-8"))
    assert [m["model_id"] for m in index["models"]] == sorted(m["model_id"] for m in small.rows["models"])
    for model in index["models"]:
        assert ((site / INDEX).parent / model["page"]).is_file()
        own = json.loads(((site / INDEX).parent / model["json"]).read_text("utf-8"))["model"]
        assert [own["name"], own["dataset_id"]] == [model["name"], model["dataset_id"]]


def test_the_order_of_the_rows_changes_no_byte(
    context: Context, small: StandIn, make_context: Callable[..., Context]
) -> None:
    other = make_context(StandIn({name: rows[::-1] for name, rows in small.rows.items()}, small.entries))
    for model_id, model in context.snapshot.models.items():
        assert model_json(model, context) == model_json(other.snapshot.models[model_id], other)


def test_the_page_links_it_and_the_data_page_names_every_field(texts: dict[str, str], site: Path) -> None:
    assert f"../../../models/{REPORTED}.json" in read_page(texts[f"models/{REPORTED}.md"]).attributes("href")
    words = set(re.findall("<code>([a-z0-9_]+)</code>", texts["data.md"]))
    content = json.loads((site / f"models/{MEASURED}.json").read_text("utf-8"))
    assert set(content) - {"release"} <= words
    assert set(content["model"]) | set(content["scores"][0]) <= words
