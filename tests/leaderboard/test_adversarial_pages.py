"""Leaderboards and model pages of attacks on inputs: columns, ranks, flags, black boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from attack_records import attacked, with_models
from reading import Read, read_page, script_value
from stand_in import StandIn, stand_in

from sngen.leaderboard.board_quantities import columns_of, shown_first
from sngen.leaderboard.board_table import board_table
from sngen.leaderboard.budgets import budget_of, setting_words
from sngen.leaderboard.comparable import Board
from sngen.leaderboard.context import Context
from sngen.leaderboard.measured_flags import explained, flag_words
from sngen.leaderboard.pages.leaderboard import leaderboard_page
from sngen.leaderboard.pages.model import model_page
from sngen.leaderboard.ranks import PAIRED
from sngen.leaderboard.tables import DataTable

WEAK, MASKED, BLACK = "made-up/cifar10/net-0", "made-up/cifar10/net-4", "made-up/cifar10/net-5"


@pytest.fixture(scope="module")
def release() -> StandIn:
    made = stand_in({}, measured=1)
    models = with_models(made, "cifar10", 6)
    strengths = dict(zip(models, (0.02, 0.05, 0.6, 0.1, 0.3, 0.2), strict=True))
    attacked(made, "cifar10", strengths, masked=[MASKED], black_boxes=[BLACK])
    attacked(made, "digits", {"reference/digits/net-0": 0.5}, images=100, tier="reference")
    return made


@pytest.fixture(scope="module")
def context(make_context: Callable[..., Context], release: StandIn) -> Context:
    return make_context(release)


@pytest.fixture(scope="module")
def board(context: Context) -> Board:
    (found,) = context.boards_of["adversarial", "cifar10"]
    return found


@pytest.fixture(scope="module")
def table(board: Board, context: Context) -> DataTable:
    return board_table(board, context, "x")


def _model(context: Context, model_id: str) -> Read:
    return read_page(model_page(context.snapshot.models[model_id], context).markdown())


@pytest.mark.parametrize(
    "setting, norm, eps, words",
    [
        ("linf-8-255", "linf", 8 / 255, "L∞ 8/255"),
        ("linf-0.25-255", "linf", 0.25 / 255, "L∞ 0.25/255"),
        ("linf-0.3", "linf", 0.3, "L∞ 0.3"),
        ("l2-2", "l2", 2.0, "L2 2"),
        ("l2-0.5-rounded", "l2", 0.5, "L2 0.5, rounded"),
    ],
)
def test_settings_name_budgets(setting: str, norm: str, eps: float, words: str) -> None:
    budget = budget_of(setting)
    assert budget is not None
    assert (budget.norm, budget.words) == (norm, words)
    assert budget.eps == pytest.approx(eps, rel=1e-15)


@pytest.mark.parametrize("setting", ["clean", "linf", "default", "zero-gradients", "more-steps-linf-8-255"])
def test_other_settings_name_none(setting: str) -> None:
    assert budget_of(setting) is None


def test_a_norm_alone_is_written_as_one() -> None:
    assert (setting_words("linf"), setting_words("default")) == ("L∞", "default")


def test_ranked_by_the_ensemble_with_paired_tests(board: Board, context: Context) -> None:
    assert board.main == ("autoattack", "linf-8-255", "robust_accuracy")
    ranking = context.ranking_of(board)
    assert ranking is not None
    assert ranking.method == PAIRED
    assert ranking.intervals["made-up/cifar10/net-2"][0] == 1
    assert ranking.intervals[WEAK][0] > 1
    assert BLACK not in ranking.intervals


def test_tiers_and_datasets_of_the_family_are_boards_of_their_own(context: Context) -> None:
    boards = [board for board in context.boards if board.family == "adversarial"]
    assert [(board.dataset_id, board.tier, len(board.scores)) for board in boards] == [
        ("cifar10", "cpu", 6), ("digits", "reference", 1),
    ]  # fmt: skip
    assert boards[1].main == ("autoattack", "linf-0.1", "robust_accuracy")


def test_medians_over_a_models_own_images_stay_comparable(board: Board) -> None:
    """Their n is how many images the model gets right, or lost."""
    with_median = [
        m for m, scores in board.scores.items() if ("fab-t", "linf", "minimal_perturbation") in scores
    ]
    assert len(with_median) == 5
    assert board.left_out == ()


def test_other_protocols_images_and_n_do_not_mix(make_context: Callable[..., Context]) -> None:
    made = stand_in({}, measured=0)
    first, second, third, fourth = with_models(made, "cifar10", 4)
    attacked(made, "cifar10", {first: 0.1, second: 0.2})
    attacked(made, "cifar10", {third: 0.3}, images=100)
    attacked(made, "cifar10", {fourth: 0.3}, data_fingerprint="9" * 64)
    (board,) = make_context(made).boards_of["adversarial", "cifar10"]
    assert sorted(board.scores) == [first, second]
    assert {model for entry in board.left_out for model in entry.models} == {third, fourth}


def test_few_columns_are_shown_and_none_repeats_another(board: Board, table: DataTable) -> None:
    shown = [column.title for column in table.columns if column.visible and column.kind == "number"]
    assert shown[:6] == [
        "Signs of masking", "AutoAttack accuracy (L∞, 8/255)", "AutoAttack accuracy (L2, 0.5)",
        "Minimal perturbation (L∞)", "Accuracy without attack", "Robust accuracy (square, L∞ 8/255)",
    ]  # fmt: skip
    assert len(shown) <= 8
    columns = columns_of(board)
    assert sum(setting == "clean" for _, setting, _ in columns) == 1
    assert not {"accuracy_drop", "masking_indicator"} & {metric for _, _, metric in columns}
    assert shown_first(board) <= set(columns)
    assert ("white-box", "l2-1", "robust_accuracy") in columns


def test_flagged_models_are_marked_on_the_board(table: DataTable, context: Context) -> None:
    flags = dict(zip(table.by_name["model_id"].values, table.by_name["flags"].values, strict=True))
    assert flags[MASKED] == [
        "masking-square-after-white-box", "masking-unbounded-survivors", "masking-zero-gradients",
    ]  # fmt: skip
    assert flags[WEAK] == []
    assert table.by_name["masking_signs"].visible
    assert table.by_name["flags"].facet
    page = read_page(leaderboard_page("adversarial", "cifar10", context).markdown())
    assert "1 model with signs of masked gradients" in page.text
    assert "upper bounds: cifar10 net 4." in page.text
    assert "there is no AutoAttack accuracy (L∞, 8/255) of them: cifar10 net 5" in page.text
    signs = dict(zip(table.by_name["model_id"].values, table.by_name["masking_signs"].values, strict=True))
    assert (signs[MASKED], signs[WEAK]) == (3, None)


def test_the_models_page_has_every_number_once(context: Context, release: StandIn) -> None:
    for model_id in (WEAK, MASKED, BLACK, "reference/digits/net-0"):
        ids = Counter(_model(context, model_id).attributes("id"))
        scores = [score["score_id"] for score in release.rows["scores"] if score["model_id"] == model_id]
        assert {name: ids[name] for name in scores} == dict.fromkeys(scores, 1)


def test_the_models_page_has_a_table_a_norm(context: Context) -> None:
    page = _model(context, WEAK)
    for words in (
        "Robust accuracy, L∞ (largest change of any pixel); n = 250 images",
        "Robust accuracy, L2 (Euclidean length of the change); n = 250 images",
        "8/255, whole pixel values", "Queries per success, L∞", "Checks whether gradients are masked",
        "No sign of masked gradients among them.", "Without attack: 0.",
        "python -m evaluations reproduce made-up/cifar10/net-0:cifar10:adversarial/1:pgd:linf-8-255",
    ):  # fmt: skip
        assert words in page.text
    standing = next(name for name in page.text.split("Among comparable models")[1:])
    assert standing.count("Adversarial examples, CIFAR10") == 5
    tables = [tag for tag, _ in page.elements].count("table")
    assert tables < 14  # and not one a record, nor a row a number


def test_flags_have_their_number_and_meaning(context: Context) -> None:
    page = _model(context, MASKED)
    assert "3 signs of masked gradients" in page.text
    assert "share of gradients that are exactly zero" in page.text
    assert "A sign of masked gradients. Are gradients of the loss exactly zero?" in page.text


def test_black_boxes_say_what_was_not_run(context: Context) -> None:
    assert "Only attacks without gradients were run on this model" in _model(context, BLACK).text
    assert "Only attacks without gradients" not in _model(context, WEAK).text


def test_numbers_that_no_table_expects_are_listed(
    make_context: Callable[..., Context], release: StandIn
) -> None:
    scores = [dict(score) for score in release.rows["scores"]]
    odd = next(s for s in scores if s["model_id"] == WEAK and s["setting"] == "linf-8-255")
    odd |= {"setting": "something-else", "metric": "attack_success_rate", "score_id": "odd:one"}
    page = _model(make_context(StandIn({**release.rows, "scores": scores})), WEAK)
    assert "odd:one" in page.attributes("id")
    assert "something-else" in page.text


@pytest.mark.parametrize(
    "flag, words",
    [
        ("masking-zero-gradients", "gradients of the loss exactly zero"),
        ("masking-of-a-new-kind", "A sign of masked gradients."),
        ("not-resolvable-fpr-0.001", "false positive rate of 0.001"),
        ("few-false-positives", "Fewer than 10"),
        ("threshold-tuned-on-target", "upper bound"),
    ],
)
def test_flags_in_words(flag: str, words: str) -> None:
    assert words in str(flag_words(flag))
    assert explained(flag, {flag: "of the source"}) == "of the source"


def test_an_unknown_flag_is_said_to_be_one() -> None:
    assert flag_words("odd") is None
    assert explained("odd", {}) == "no explanation in the audit report"


def test_the_data_file_keeps_every_column(table: DataTable) -> None:
    data = script_value(table.script())
    assert {column["name"] for column in data["columns"]} == set(data["data"])
    assert "measured_autoattack_linf_8_255_ci_low" in data["data"]
