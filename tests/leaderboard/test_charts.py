"""Charts: valid, honest about origin and n, readable, and drawn alike every time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import altair as alt
import pandas as pd
import pytest
from reading import read_html
from stand_in import StandIn, stand_in

from sngen.leaderboard.board_charts import board_pictures
from sngen.leaderboard.charts.accuracy_against_train import accuracy_against_train
from sngen.leaderboard.charts.accuracy_by_year import accuracy_by_year
from sngen.leaderboard.charts.measured_accuracy import MOST, measured_accuracy
from sngen.leaderboard.charts.membership_against_overfitting import membership_against_overfitting
from sngen.leaderboard.charts.stealing_against_target import stealing_against_target
from sngen.leaderboard.charts.style import PURPOSE_MARKS
from sngen.leaderboard.context import Context
from sngen.leaderboard.drawing import Drawing
from sngen.leaderboard.pictures import file_svg, inline_svg, tidy
from sngen.schema import HEADLINES, PURPOSES, Headline


def _headline(column: str) -> Headline:
    return next(entry for entry in HEADLINES if entry.column == column)


TEST, TRAIN = _headline("reported_test_accuracy"), _headline("reported_train_accuracy")
LEVEL, CORRECTNESS = _headline("reported_overfitting_level"), _headline("reported_mia_correctness_auc")
STEALING, MEASURED = _headline("reported_stealing_accuracy"), _headline("measured_test_accuracy")


@pytest.fixture
def points() -> pd.DataFrame:
    """What a notebook would have: rows of models with headlines. One lacks a value."""
    count = 12
    values = [0.5 + i / 30 for i in range(count)]
    return pd.DataFrame(
        {
            "model_id": [f"m/{i}" for i in range(count)], "name": [f"net {i}" for i in range(count)],
            "purpose": ["benchmark", "security", None] * 4, "origin": "reported", "basis": "a study",
            "year": [2015 + i % 4 for i in range(count)],
            TEST.column: [*values[:-1], None],
            TRAIN.column: [0.99] * 6 + [0.9] * 6,
            LEVEL.column: values, CORRECTNESS.column: [0.5 + v / 2 for v in values],
            STEALING.column: values[::-1],
            MEASURED.column: values, f"{MEASURED.column}_ci_low": [v - 0.02 for v in values],
            f"{MEASURED.column}_ci_high": [v + 0.02 for v in values], f"{MEASURED.column}_n": 400,
        }
    )  # fmt: skip


CHARTS: dict[str, tuple[Callable[[pd.DataFrame], Any], int]] = {
    "stealing": (lambda frame: stealing_against_target(frame, TEST, STEALING, "CIFAR-10"), 11),
    "membership": (lambda frame: membership_against_overfitting(frame, LEVEL, CORRECTNESS, "CIFAR-10"), 12),
    "year": (lambda frame: accuracy_by_year(frame, TEST, "CIFAR-10"), 11),
    "train": (lambda frame: accuracy_against_train(frame, TRAIN, TEST, "CIFAR-10"), 11),
    "measured": (lambda frame: measured_accuracy(frame, MEASURED, "CIFAR-10"), 12),
}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_valid_alone_and_says_origin_and_n(points: pd.DataFrame, name: str) -> None:
    chart, n = CHARTS[name]
    spec = chart(points).to_dict()  # validates against Vega-Lite's schema
    assert "CIFAR-10" in spec["title"]["text"]
    assert spec["title"]["subtitle"] == f"Reported: a study; n = {n} models"
    text = json.dumps(spec)
    assert '"tooltip"' in text
    assert '"bind": "legend"' in text
    assert "href" not in text
    assert alt.Chart.from_dict(spec) is not None


@pytest.mark.parametrize("name", CHARTS)
def test_purposes_differ_by_colour_and_shape(points: pd.DataFrame, name: str) -> None:
    spec = CHARTS[name][0](points).to_dict()
    layers = spec.get("layer", [spec])
    encoding = next(layer["encoding"] for layer in layers if "shape" in layer["encoding"])
    for channel, part in (("color", 0), ("shape", 1)):
        scale = encoding[channel]["scale"]
        assert scale["domain"] == ["benchmark", "security", "other"]
        assert scale["range"] == [PURPOSE_MARKS[purpose][part] for purpose in scale["domain"]]


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("background", ["#ffffff", "#1a1d25"])
def test_marks_stand_out_in_both_themes(purpose: str, background: str) -> None:
    """WCAG 2.2, 1.4.11: graphics need a contrast of 3:1."""
    high, low = sorted((_luminance(PURPOSE_MARKS[purpose][0]), _luminance(background)), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 3


def test_marks_are_all_different() -> None:
    assert set(PURPOSE_MARKS) == set(PURPOSES)
    assert len({colour for colour, _ in PURPOSE_MARKS.values()}) == len(PURPOSES)
    assert len({shape for _, shape in PURPOSE_MARKS.values()}) == len(PURPOSES)


def test_the_expected_auc_of_the_correctness_attack_is_its_identity(points: pd.DataFrame) -> None:
    spec = CHARTS["membership"][0](points).to_dict()
    (name,) = [layer["data"]["name"] for layer in spec["layer"] if layer["mark"]["type"] == "line"]
    for row in spec["datasets"][name]:
        assert row["y"] == pytest.approx(0.5 + row["x"] / 2)


def test_many_measured_models_are_cut_and_said(points: pd.DataFrame) -> None:
    many = pd.concat([points.assign(model_id=points["model_id"] + f"-{k}") for k in range(5)])
    spec = measured_accuracy(many, MEASURED, "CIFAR-10").to_dict()
    assert f"(the best {MOST} of 60)" in spec["title"]["text"]
    assert spec["title"]["subtitle"].endswith(f"n = {MOST} models")


@pytest.fixture(scope="module")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawing]:
    with ThreadPoolExecutor(2) as executor:
        yield Drawing(tmp_path_factory.mktemp("charts"), executor)


@pytest.fixture(scope="module")
def drawn(make_context: Callable[..., Context], drawing: Drawing) -> Context:
    return make_context(stand_in({"cifar10": 14}, measured=3), drawing.svg)


def test_pictures_of_a_release(drawn: Context) -> None:
    found = {picture.name: picture for board in drawn.boards for picture in board_pictures(board, drawn)}
    assert set(found) == {
        "membership-cifar10-reported-the-study-mia-correctness-auc",
        "membership-cifar10-reported-the-study-mia-modified-entropy-auc",
        "stealing-cifar10-reported-the-study-stealing-accuracy",
        "stealing-cifar10-reported-the-study-stealing-agreement",
        "stealing-cifar10-reported-the-study-stealing-imagenet-accuracy",
        "stealing-cifar10-reported-the-study-stealing-imagenet-agreement",
        "stealing-cifar10-reported-the-study-stealing-wrn-accuracy",
        "stealing-cifar10-reported-the-study-stealing-wrn-agreement",
        "utility-cifar10-reported-the-study-year",
        "utility-cifar10-reported-the-study-train",
        "utility-digits-measured-utility--1-reference-accuracy",
    }
    one = found["stealing-cifar10-reported-the-study-stealing-accuracy"]
    assert re.search(
        r"of 13 models on CIFAR10: .* from 0\.\d{4} to .*correlation: -?[01]\.\d\d for purpose benchmark",
        one.words,
    )
    assert "Left out, one answer to every image: 1 (net-1)." in one.words
    assert len(one.csv.splitlines()) == 1 + 13
    html = one.html("../../")
    assert f'data-spec="../../charts/{one.name}.js" data-name="{one.name}" data-root="../../"' in html
    assert 'role="img" aria-label="Stealing accuracy against' in html
    assert html.count(" download ") == 3
    pages = {
        row["model_page"] for rows in one.spec["datasets"].values() for row in rows if "model_page" in row
    }
    assert pages == {f"models/securitynet/cifar10/net-{i}.html" for i in range(14) if i != 1}


def test_pictures_are_well_formed_with_their_own_ids(drawn: Context) -> None:
    pictures = [picture for board in drawn.boards for picture in board_pictures(board, drawn)]
    seen: set[str] = set()
    for picture in pictures:
        inline = inline_svg(tidy(picture.svg, picture.name), "a <label> & more")
        root = ElementTree.fromstring(inline)
        assert root.get("aria-label") == "a <label> & more"
        ids = {element.get("id") for element in root.iter()} - {None}
        assert not ids & seen
        seen |= ids
        used = set(re.findall(r"url\(#([^)]+)\)", inline))
        assert used <= ids
        assert "currentColor" in inline
        assert "#010203" not in inline + file_svg(tidy(picture.svg, picture.name))
        ElementTree.fromstring(file_svg(tidy(picture.svg, picture.name)))
    assert seen


def test_a_picture_does_not_depend_on_what_was_drawn_before(
    drawn: Context, drawing: Drawing, tmp_path: Path
) -> None:
    board = next(board for board in drawn.boards if board.family == "membership")
    first = board_pictures(board, drawn)[0]
    again = replace(drawing, cache=tmp_path / "elsewhere").svg  # nothing kept: drawn anew, after others
    other = board_pictures(board, Context(drawn.snapshot, drawn.protocols, again, drawn.bundle))[0]
    assert first.html("") == other.html("")
    assert first.files() == other.files()


def test_tick_labels_are_not_rounded_with_the_coordinates() -> None:
    path = '<path d="M1.23456,2.00049" transform="translate(0.98765,3)"/>'
    svg = f'<svg viewBox="0 0 1 1">{path}<text x="1.5">0.87654</text></svg>'
    inline = inline_svg(tidy(svg, "n"), "l")
    assert 'd="M1.23,2" transform="translate(0.99,3)"' in inline
    assert ">0.87654<" in inline


def test_the_bundle_is_named_by_what_decides_it_and_loads_nothing(drawing: Drawing) -> None:
    path, script = drawing.bundle()
    assert re.fullmatch(r"assets/vega-[0-9a-f]{12}\.js", path)
    again, same = drawing.bundle()
    assert (again, same()) == (path, script())
    assert "window.vegaEmbed=" in script()
    assert not re.search(r"""(src|import\()\s*[=(]?\s*["']https?:""", script())


def test_hostile_dataset_names_stay_text_in_pictures(
    make_context: Callable[..., Context], drawing: Drawing
) -> None:
    release: StandIn = stand_in({"cifar10": 12}, measured=0)
    release.rows["datasets"][0]["name"] = '<script>alert(1)</script>" onload="x'
    release.rows["sources"][0]["title"] = "</svg><img src=x onerror=y>"
    context = make_context(release, drawing.svg)
    board = next(board for board in context.boards if board.family == "membership")
    page = read_html(board_pictures(board, context)[0].html(""))
    assert not {"script", "img", "foreignobject"} & {tag for tag, _ in page.elements}
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert page.text.count('<script>alert(1)</script>" onload="x') >= 2  # title and caption
