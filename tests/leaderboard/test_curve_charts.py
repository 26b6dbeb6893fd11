"""Charts of curves: valid alone, right about axes and chance, told apart without colour."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from attack_records import attacked, inferred, with_models
from reading import read_page
from stand_in import stand_in

from sngen.leaderboard.board_charts import board_pictures
from sngen.leaderboard.build import write_docs
from sngen.leaderboard.charts.attack_curves import attack_curves
from sngen.leaderboard.charts.curves import ATTACK_MARKS, LOG_FROM, attacks_in_order, budget_axis
from sngen.leaderboard.charts.robust_accuracy_curves import robust_accuracy_curves
from sngen.leaderboard.charts.robust_against_clean import robust_against_clean
from sngen.leaderboard.charts.roc_curves import LOWEST, roc_curves
from sngen.leaderboard.context import Context
from sngen.leaderboard.pages.leaderboard import leaderboard_page
from sngen.leaderboard.pages.model import model_page
from sngen.schema import Headline

CIFAR = [0.25 / 255, 1 / 255, 4 / 255, 8 / 255, 16 / 255]
GREY = [0.02, 0.05, 0.1, 0.15, 0.2, 0.25]


def _curve(budgets: list[float], attacks: tuple[str, ...] = ("white-box", "square")) -> pd.DataFrame:
    words = "{:g}" if budgets is GREY else "{:g}/255"
    size = 1 if budgets is GREY else 255
    rows = [
        {
            "attack": attack, "eps": eps, "budget": words.format(size * eps), "value": 0.9 - place / 10,
            "ci_low": 0.85 - place / 10, "ci_high": 0.95 - place / 10, "n": 250,
            "origin": "measured", "basis": "adversarial/1, tier cpu",
            "model_id": "m/1", "name": "net", "purpose": "security",
        }
        for attack in attacks
        for place, eps in enumerate(budgets)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _roc() -> pd.DataFrame:
    points = [(0.0, 0.0), (0.0, 0.02), (0.004, 0.05), (0.5, 0.8), (1.0, 1.0)]
    return pd.DataFrame(
        [
            {
                "attack": attack,
                "fpr": fpr,
                "tpr": tpr,
                "n": 500,
                "origin": "measured",
                "basis": "membership/1",
            }
            for attack in ("loss", "rmia")
            for fpr, tpr in points
        ]
    )


CHARTS: dict[str, Callable[[], Any]] = {
    "attacks": lambda: attack_curves(_curve(CIFAR), "linf", "net", "CIFAR-10", 0.95),
    "models": lambda: robust_accuracy_curves(_curve(CIFAR), "linf", "CIFAR-10"),
    "roc": lambda: roc_curves(_roc(), "net", "CIFAR-10"),
}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_valid_alone_and_says_origin(name: str) -> None:
    spec = CHARTS[name]().to_dict()  # validates against Vega-Lite's schema
    assert "CIFAR-10" in spec["title"]["text"]
    assert spec["title"]["subtitle"].startswith("Measured: ")
    assert "n = " in spec["title"]["subtitle"]
    words = json.dumps(spec)
    assert '"tooltip"' in words
    assert '"bind": "legend"' in words
    assert "href" not in words


def _rows(spec: dict[str, Any], layer: dict[str, Any]) -> list[dict[str, Any]]:
    """The data of a layer: its own or the chart's, inline or by name."""
    data = layer.get("data", spec.get("data"))
    return data["values"] if "values" in data else spec["datasets"][data["name"]]


def _scales(spec: dict[str, Any], channel: str) -> list[dict[str, Any]]:
    return [layer["encoding"][channel]["scale"] for layer in spec["layer"] if channel in layer["encoding"]]


def test_budgets_far_apart_are_logarithmic_and_others_linear() -> None:
    assert CIFAR[-1] / CIFAR[0] > LOG_FROM > GREY[-1] / GREY[0]
    far, near = (budget_axis(_curve(budgets), "linf").to_dict() for budgets in (CIFAR, GREY))
    assert far["scale"]["type"] == "log"
    assert "type" not in near["scale"]
    assert "255" in far["axis"]["labelExpr"]
    assert "255" not in near["axis"]["labelExpr"]
    assert far["axis"]["values"] == CIFAR


def test_legends_choose_in_layers_that_have_their_channels() -> None:
    """Vega-Lite ignores a click on the legend of a channel that the selection's own layer does not have."""
    spec = CHARTS["models"]().to_dict()
    views = {param["name"]: param["views"] for param in spec["params"]}
    layers = {layer["name"]: layer["encoding"] for layer in spec["layer"] if "name" in layer}
    for name, field in (("attack_choice", "attack"), ("purpose_choice", "purpose")):
        (view,) = views[name]
        channels = [layers[view].get(channel, {}) for channel in ("color", "shape", "strokeDash")]
        assert field in {channel.get("field") for channel in channels}, name


def test_robust_accuracy_is_drawn_from_0_to_1() -> None:
    spec = CHARTS["attacks"]().to_dict()
    assert {tuple(scale["domain"]) for scale in _scales(spec, "y")} == {(0, 1)}


def test_the_level_without_attack_is_drawn_where_it_is_known() -> None:
    assert len(CHARTS["attacks"]().to_dict()["layer"]) == 5
    assert len(attack_curves(_curve(GREY), "linf", "net", "MNIST").to_dict()["layer"]) == 4


def test_roc_axes_are_logarithmic_alike_and_chance_is_the_diagonal() -> None:
    spec = CHARTS["roc"]().to_dict()
    assert {json.dumps(scale) for channel in "xy" for scale in _scales(spec, channel)} == {
        json.dumps({"domain": [0.001, 1.0], "nice": False, "type": "log"})
    }
    chance = next(layer for layer in spec["layer"] if "strokeDash" in layer["mark"])
    assert [(row["fpr"], row["tpr"]) for row in _rows(spec, chance)] == [(0.001, 0.001), (1.0, 1.0)]
    drawn = [row for layer in spec["layer"] for row in _rows(spec, layer)]
    assert min(row[rate] for row in drawn for rate in ("fpr", "tpr")) == 0.001  # a zero is on the edge


def test_roc_curves_are_steps_in_the_order_of_their_corners() -> None:
    spec = CHARTS["roc"]().to_dict()
    lines = next(layer for layer in spec["layer"] if layer["mark"].get("interpolate"))
    assert lines["mark"]["interpolate"] == "step-after"
    rows = [(row["fpr"], row["tpr"]) for row in _rows(spec, lines) if row["attack"] == "loss"]
    assert rows == sorted(rows)


def test_roc_axes_have_a_floor() -> None:
    frame = _roc()
    frame.loc[2, "fpr"] = 1e-9
    spec = roc_curves(frame, "net", "x").to_dict()
    assert _scales(spec, "x")[0]["domain"][0] == LOWEST


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("attack", ATTACK_MARKS)
@pytest.mark.parametrize("background", ["#ffffff", "#1a1d25"])
def test_lines_stand_out_in_both_themes(attack: str, background: str) -> None:
    high, low = sorted((_luminance(ATTACK_MARKS[attack][0]), _luminance(background)), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 3


def test_attacks_of_one_chart_differ_without_colour() -> None:
    names = list(ATTACK_MARKS)
    membership, stealing = names.index("correctness"), names.index("partial-training-data")
    shapes = [ATTACK_MARKS[name][2] for name in names[:membership]]
    assert len(set(shapes)) == len(shapes)
    for chart in (names[membership:stealing], [*names[stealing:], "label-only"]):
        looks = [(ATTACK_MARKS[name][0], tuple(ATTACK_MARKS[name][1])) for name in chart]
        assert len(set(looks)) == len(looks)


def test_unknown_attacks_come_last() -> None:
    assert attacks_in_order(["zoo", "square", "own", "pgd", "pgd"]) == ["pgd", "square", "own", "zoo"]


def test_robust_against_clean_shows_the_interval() -> None:
    clean, robust = (
        Headline(name, "measured", "adversarial", "autoattack", setting, metric, name.title())
        for name, setting, metric in (
            ("clean", "clean", "accuracy"),
            ("robust", "linf-0.3", "robust_accuracy"),
        )
    )
    frame = _curve(GREY, ("pgd",)).assign(clean=[0.9 + i / 100 for i in range(6)], robust=0.5)
    frame = frame.assign(robust_ci_low=0.4, robust_ci_high=0.6, model_id=[f"m/{i}" for i in range(6)])
    words = json.dumps(robust_against_clean(frame, clean, robust, "MNIST").to_dict())
    assert '"95 % from"' in words


@pytest.fixture(scope="module")
def context(make_context: Callable[..., Context]) -> Context:
    release = stand_in({}, measured=0)
    models = with_models(release, "mnist", 11)
    attacked(release, "mnist", {model: 0.05 * (1 + place) for place, model in enumerate(models)}, images=100)
    inferred(release, "mnist", {models[0]: 0.5}, images=100)
    return make_context(release)


def test_a_boards_charts(context: Context) -> None:
    (board,) = context.boards_of["adversarial", "mnist"]
    pictures = {picture.name.rpartition("-cpu-")[2]: picture for picture in board_pictures(board, context)}
    assert set(pictures) == {"curves-linf", "curves-l2", "autoattack-linf-0-3"}
    curves = pictures["curves-linf"]
    assert "Measured robust accuracy of 11 models on MNIST over the L∞ budget" in curves.words
    assert re.search(r"square, 11 models, median 0\.\d{4} at 0\.02 and 0\.\d{4} at 0\.4;", curves.words)
    assert "n = 11 models" in curves.spec["title"]["subtitle"]
    assert len(curves.csv.splitlines()) == 1 + 11 * 2 * 6
    pages = {row["model_page"] for row in _rows(curves.spec, curves.spec["layer"][0])}
    assert pages == {f"models/made-up/mnist/net-{place}.html" for place in range(11)}


def test_charts_of_models_are_made_only_where_there_are_curves(
    make_context: Callable[..., Context], repository: Path, tmp_path: Path
) -> None:
    release = stand_in({}, measured=1)
    first, second, _ = with_models(release, "mnist", 3)
    attacked(release, "mnist", {first: 0.1, second: 0.2}, images=50)
    inferred(release, "mnist", {first: 0.5}, images=100)
    write_docs(make_context(release), lambda: "the script", repository / "site", tmp_path / "docs")
    charts = {path.name for path in (tmp_path / "docs/charts").glob("model-*.vl.json")}
    assert len(charts) == 2 * 2 + 1
    assert "model-made-up--mnist--net-0-membership-mnist-membership--1-cpu-roc.vl.json" in charts
    for name in charts:
        assert (tmp_path / "docs/charts" / name.replace(".vl.json", ".js")).is_file()


def test_the_script_is_there_for_a_models_charts_alone(
    make_context: Callable[..., Context], repository: Path, tmp_path: Path
) -> None:
    release = stand_in({}, measured=0)
    (model,) = with_models(release, "mnist", 1)
    inferred(release, "mnist", {model: 0.5}, images=100)
    context = make_context(release)
    write_docs(context, lambda: "the script", repository / "site", tmp_path / "docs")
    assert (tmp_path / "docs" / context.bundle).read_text("utf-8") == "the script"


def test_hostile_names_stay_text_on_pages_with_curves(make_context: Callable[..., Context]) -> None:
    release = stand_in({}, measured=0)
    first, second = with_models(release, "mnist", 2)
    for model in release.rows["models"]:
        model["name"] = '</script><img src=x onerror="y">'
    attacked(release, "mnist", {first: 0.1, second: 0.2}, images=50, masked=[first])
    inferred(release, "mnist", {first: 0.5}, images=100)
    context = make_context(release)
    texts = [
        model_page(context.snapshot.models[first], context).markdown(),
        *(leaderboard_page(family, "mnist", context).markdown() for family in ("adversarial", "membership")),
    ]
    for page in map(read_page, texts):
        assert not {"script", "img"} & {tag for tag, _ in page.elements}
        assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
        assert '</script><img src=x onerror="y">' in page.text
    for pictures in context.pictures_of(first).values():
        for picture in pictures:
            assert "</script" not in picture.files()[f"charts/{picture.name}.js"]
