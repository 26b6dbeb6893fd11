"""Pages of backdoor detection and model stealing: what an alarm is worth, evidence, curves over queries."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from io import BytesIO, StringIO
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest
from attack_records import Record, with_models
from PIL import Image
from reading import Read, read_page
from stand_in import StandIn, leaderboard_rows, stand_in

from sngen.intervals import wilson
from sngen.leaderboard.board_alarms import alarms
from sngen.leaderboard.board_quantities import columns_of, shown_first
from sngen.leaderboard.context import Context
from sngen.leaderboard.model_charts import queries_of
from sngen.leaderboard.pages.leaderboard import leaderboard_page
from sngen.leaderboard.pages.model import model_page
from sngen.leaderboard.pages.model_evidence import png, png_address
from sngen.schema import ARRAYS, PICTURES

BACKDOOR, STEALING = "backdoor/1", "stealing/1"
HOSTILE = '<script>alert("x")</script>'


def picture(model_id: str, channels: int = 3) -> dict[str, Any]:
    pixels = np.arange(channels * 6, dtype=np.uint8) * 9
    return PICTURES.row(
        picture_id=f"{model_id}:p", model_id=model_id, dataset_id="cifar10", protocol=BACKDOOR, tier="cpu",
        method="neural-cleanse", setting="default", name="recovered-trigger", meaning=f"trigger {HOSTILE}",
        height=2, width=3, channels=channels, pixels=pixels.tobytes(), record_id="a" * 64,
    )  # fmt: skip


@pytest.fixture(scope="module")
def release() -> StandIn:
    made = stand_in({}, measured=0)
    models = with_models(made, "cifar10", 12)
    for row in made.rows["models"]:
        if row["model_id"] in models[10:]:
            row["training_kind"] = "backdoored"
    for place, model in enumerate(models):
        cleanse = Record(made.rows, model, "cifar10", BACKDOOR, "neural-cleanse", cpu_time=80.0)
        cleanse.score("default", "anomaly_index", 0.3 * place, 1000)
        cleanse.score("default", "alarm", float(place >= 8), 1)
        cleanse.score("canary-clean-1", "anomaly_index", 1.0, 1)
        strip = Record(made.rows, model, "cifar10", BACKDOOR, "strip", cpu_time=4.0)
        strip.score("default", "false_positive_rate", 0.02, 500, flags=["canaries-wrong"])
        if place >= 10:
            strip.score("default", "true_positive_rate", 0.9, 450)
        stolen = Record(
            made.rows, model, "cifar10", STEALING, "partial-training-data",
            arguments=json.dumps({"repeated": {"budget": 4000, "seeds": 3}}),
        )  # fmt: skip
        for setting, value in (("queries-0", 0.1), ("default", 0.8), ("queries-16000", 0.9)):
            stolen.score(setting, "stealing_agreement", value, 10_000)
        stolen.score("queries-4000-seed-1", "stealing_agreement", 0.79, 10_000)
    made.rows["pictures"] = [picture(models[-1]), picture(models[0], channels=1)]
    made.rows["arrays"].append(
        ARRAYS.row(
            array_id="a", model_id=models[-1], dataset_id="cifar10", protocol=BACKDOOR, tier="cpu",
            method="neural-cleanse", setting="default", name="norm-by-class", x_meaning=f"class {HOSTILE}",
            y_meaning="size", x=[0.0, 1.0, 2.0], y=[5.0, 2.5, 10.0], record_id="a" * 64,
        )
    )  # fmt: skip
    made.rows["leaderboard"] = leaderboard_rows(made.rows)
    return made


@pytest.fixture(scope="module")
def context(make_context: Callable[..., Context], release: StandIn) -> Context:
    return make_context(release)


def page_of(context: Context, model_id: str) -> tuple[str, Read]:
    written = model_page(context.snapshot.models[model_id], context).markdown()
    return written, read_page(written)


def test_false_alarms_and_hits_are_counted_apart(context: Context) -> None:
    page = read_page(leaderboard_page("backdoor", "cifar10", context).markdown())
    low, high = wilson(2, 10)
    assert f"2 of 10 models, 0.2000 [{low:.4f}, {high:.4f}]" in page.text
    assert "2 of 2 models, 1.0000" in page.text
    assert "0.0200 of images, 10 models" in page.text
    assert "0.9000 of images, 2 models" in page.text
    assert "not told apart" in page.text and "told apart" in page.text
    assert "20.0" in page.text  # Neural Cleanse takes twenty times as long as STRIP here


def test_alarms_over_thresholds_count_models_above(context: Context) -> None:
    (board,) = context.boards_of["backdoor", "cifar10"]
    [chart] = list(alarms(board, context))
    points = pd.read_csv(StringIO(chart.csv)).to_dict("records")
    shares = {(point["kind"], round(point["threshold"], 6)): point["value"] for point in points}
    clean, planted = "without a planted backdoor", "backdoored"
    assert shares[clean, 0.0] == pytest.approx(0.9)  # indices 0, 0.3, ... 2.7
    assert shares[clean, 1.5] == pytest.approx(0.4)
    assert shares[planted, 3.0] == 0.5 and shares[planted, 3.3] == 0.0
    assert "at the published one, 2: 0.3000 of 10 models without a planted backdoor" in chart.words
    alt.LayerChart.from_dict(chart.spec)


def test_canaries_and_single_seeds_are_no_columns(context: Context) -> None:
    (detectors,) = context.boards_of["backdoor", "cifar10"]
    assert detectors.main == ("neural-cleanse", "default", "anomaly_index")
    assert all(not setting.startswith("canary") for _, setting, _ in columns_of(detectors))
    assert ("neural-cleanse", "default", "alarm") in shown_first(detectors)
    (stealing,) = context.boards_of["stealing", "cifar10"]
    assert all("seed" not in setting for _, setting, _ in columns_of(stealing))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_is_a_png_of_the_very_pixels(channels: int) -> None:
    row = picture("m", channels)
    decoded = np.asarray(Image.open(BytesIO(png(row))))
    expected = np.frombuffer(row["pixels"], np.uint8).reshape(channels, 2, 3)
    found = decoded[None] if channels == 1 else decoded.transpose(2, 0, 1)
    assert (found == expected).all()
    assert base64.b64decode(png_address(row).partition(",")[2]) == png(row)


def test_evidence_stands_on_the_models_page_and_is_never_markup(context: Context, release: StandIn) -> None:
    model_id = release.rows["models"][-1]["model_id"]
    written, page = page_of(context, model_id)
    assert 'src="data:image/png;base64,' in written
    assert "<script>alert" not in written
    assert page.text.count(HOSTILE) >= 2  # shown as the text that it is
    assert "3 values from 2.5 to 10, the greatest at 2" in page.text
    heights = [float(part.split('"')[0]) for part in written.split('height="')[1:] if "/>" in part[:12]]
    assert heights[-3:] == [30.0, 15.0, 60.0]


def test_the_curve_knows_the_budget_of_the_setting_that_counts(context: Context, release: StandIn) -> None:
    scores = [row for row in release.rows["scores"] if row["family"] == "stealing"]
    assert {queries_of(row) for row in scores} == {0, 4000, 16000, None}
    _, page = page_of(context, scores[0]["model_id"])
    assert "over the number of queries: partial-training-data 0.9000 at 16,000 queries" in page.text
