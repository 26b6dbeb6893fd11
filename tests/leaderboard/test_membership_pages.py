"""Leaderboards and model pages of membership inference: main column, ties, realised rates, ROC curves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from attack_records import MEMBERSHIP_ATTACKS, inferred, with_models
from reading import Read, read_page
from stand_in import StandIn, stand_in

from sngen.leaderboard.board_charts import board_pictures
from sngen.leaderboard.board_quantities import columns_of
from sngen.leaderboard.board_table import board_table
from sngen.leaderboard.comparable import Board
from sngen.leaderboard.context import Context
from sngen.leaderboard.pages.leaderboard import leaderboard_page
from sngen.leaderboard.pages.model import model_page
from sngen.leaderboard.ranks import OVERLAP_AUC
from sngen.schema.vocabularies import TRAINING_SPLIT_FLAGS

FIRST, LAST = "made-up/cifar10/net-0", "made-up/cifar10/net-10"


@pytest.fixture(scope="module")
def release() -> StandIn:
    made = stand_in({}, measured=0)
    models = with_models(made, "cifar10", 11)
    inferred(made, "cifar10", {model: 0.05 * place for place, model in enumerate(models)}, images=300)
    return made


@pytest.fixture(scope="module")
def context(make_context: Callable[..., Context], release: StandIn) -> Context:
    return make_context(release)


@pytest.fixture(scope="module")
def board(context: Context) -> Board:
    (found,) = context.boards_of["membership", "cifar10"]
    return found


def _model(context: Context, model_id: str) -> Read:
    return read_page(model_page(context.snapshot.models[model_id], context).markdown())


def test_ordered_by_modified_entropy_lowest_first_with_honest_ties(board: Board, context: Context) -> None:
    assert board.main == ("modified-entropy", "default", "auc")
    assert board.ordered()[-1] in {"made-up/cifar10/net-9", LAST}
    ranking = context.ranking_of(board)
    assert ranking is not None
    assert ranking.method == OVERLAP_AUC
    assert ranking.intervals[FIRST][0] == 1
    assert ranking.intervals[LAST][0] > 1
    assert ranking.tied_with_first > 1
    for one, (best, worst) in ranking.intervals.items():
        assert 1 <= best <= worst <= 11, one


@pytest.mark.parametrize("flag", TRAINING_SPLIT_FLAGS)
def test_models_of_unsure_training_images_are_named_and_not_ranked(
    make_context: Callable[..., Context], release: StandIn, flag: str
) -> None:
    scores = [
        {**score, "flags": [*score["flags"], flag]}
        if (score["model_id"], score["family"]) == (FIRST, "membership")
        else score
        for score in release.rows["scores"]
    ]
    context = make_context(StandIn({**release.rows, "scores": scores}))
    (board,) = context.boards_of["membership", "cifar10"]
    ranking = context.ranking_of(board)
    assert ranking is not None
    assert ranking.unsure == (FIRST,)
    assert FIRST not in ranking.intervals
    assert max(worst for _, worst in ranking.intervals.values()) == 10
    page = read_page(leaderboard_page("membership", "cifar10", context).markdown())
    assert "images that are taken for members: 1 score of cifar10 net 0" in page.text
    assert TRAINING_SPLIT_FLAGS[flag][1:] in _model(context, FIRST).text
    charts = board_pictures(board, context)
    assert all("training images are not sure: 1 (cifar10 net 0)." in chart.words for chart in charts)
    assert {len(chart.csv.splitlines()) for chart in charts} == {1 + 10}


def test_columns(board: Board, context: Context) -> None:
    table = board_table(board, context, "x")
    shown = [column.title for column in table.columns if column.visible and column.kind == "number"]
    assert shown[:5] == [
        "AUC, modified entropy", "AUC, prediction correctness", "AUC, LiRA", "AUC, RMIA",
        "TPR at 1 % FPR, RMIA",
    ]  # fmt: skip
    assert "false_positive_rate" not in {metric for _, _, metric in columns_of(board)}
    flags = {flag for cell in table.by_name["flags"].values for flag in cell}
    assert flags == {"few-false-positives", "not-resolvable-fpr-0.001"}  # and not how a column is made


def test_a_chart_per_attack_against_the_measured_overfitting_level(board: Board, context: Context) -> None:
    pictures = {picture.name.rpartition("-cpu-")[2]: picture for picture in board_pictures(board, context)}
    assert len(pictures) == len(MEMBERSHIP_ATTACKS)
    one = pictures["mia-correctness-auc"]
    assert one.words.startswith(
        "Measured AUC, prediction correctness against measured overfitting level of 11"
    )
    assert "tier cpu" in one.spec["title"]["subtitle"]


def test_levels_of_another_tier_are_not_drawn(make_context: Callable[..., Context], release: StandIn) -> None:
    scores = [
        {**score, "tier": "gpu"} if score["family"] == "utility" else score
        for score in release.rows["scores"]
    ]
    context = make_context(StandIn({**release.rows, "scores": scores}))
    (board,) = context.boards_of["membership", "cifar10"]
    assert board_pictures(board, context) == []


def test_the_models_page_has_one_row_an_attack_and_every_number_once(
    context: Context, release: StandIn
) -> None:
    page = _model(context, LAST)
    ids = Counter(page.attributes("id"))
    scores = [score["score_id"] for score in release.rows["scores"] if score["model_id"] == LAST]
    assert {name: ids[name] for name in scores} == dict.fromkeys(scores, 1)
    for words in (
        "Membership attacks; AUC of 600 images, members and others", "TPR at 1 % FPR", "realised FPR 0.0",
        "Balanced accuracy, best threshold", "Fewer than 10 false positives are expected",
        "There are too few non-members for a false positive rate of 0.001",
    ):  # fmt: skip
        assert words in page.text
    assert "TPR at 0.1 % FPR" not in page.text  # nobody has it


def test_the_models_page_shows_the_curves(context: Context) -> None:
    page = _model(context, LAST)
    (spec,) = page.attributes("data-spec")
    assert spec.endswith("charts/model-made-up--cifar10--net-10-membership-cifar10-membership--1-cpu-roc.js")
    assert "ROC curves of 10 membership attacks on cifar10 net 10" in page.text


def test_models_without_curves_have_no_charts(context: Context, make_context: Callable[..., Context]) -> None:
    plain = make_context(stand_in({"cifar10": 3}, measured=2))
    assert not any(plain.pictures_of(model_id) for model_id in plain.snapshot.models)
    assert len(context.pictures_of(FIRST)) == 1
    assert context.pictures_of(FIRST) is context.pictures_of(FIRST)
