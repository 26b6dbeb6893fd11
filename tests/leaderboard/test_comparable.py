"""Only like stands with like, and nothing disappears."""

from __future__ import annotations

import pytest
from stand_in import Row, measured_score

from sngen.leaderboard.comparable import Board, boards, outside
from sngen.schema import HEADLINES, MODELS, SCORES

ACCURACY = next(entry for entry in HEADLINES if entry.column == "measured_test_accuracy")
TIME = next(entry for entry in HEADLINES if entry.column == "measured_forward_time")


def _score(number: int, **changed: object) -> Row:
    return measured_score(f"m/{number}", ACCURACY, 0.9 - number / 100, 0.8, 0.95, **changed)


def _models(scores: list[Row], **facts: object) -> dict[str, Row]:
    ids = {score[SCORES.c.model_id] for score in scores}
    return {model: MODELS.row(model_id=model, name=model, **facts) for model in ids}


def _one(scores: list[Row]) -> Board:
    (board,) = boards(scores, _models(scores))
    return board


def test_tiers_are_boards_of_their_own() -> None:
    scores = [_score(0), _score(1, tier="cpu")]
    found = boards(scores, _models(scores))
    assert sorted((board.tier, *board.scores) for board in found) == [("cpu", "m/1"), ("reference", "m/0")]
    assert all(board.left_out == () for board in found)


def test_the_newest_protocol_wins_by_number_and_older_ones_are_named() -> None:
    board = _one(
        [_score(0, protocol="utility/10"), _score(1, protocol="utility/9"), _score(2, protocol="utility/9")]
    )
    assert board.basis == "utility/10"
    assert list(board.scores) == ["m/0"]
    (left_out,) = board.left_out
    assert "utility/9" in left_out.reason
    assert (left_out.scores, left_out.models) == (2, ("m/1", "m/2"))


@pytest.mark.parametrize("column, other", [("n", 100), ("data_fingerprint", "e" * 64), ("method_version", 2)])
def test_other_images_n_or_code_are_left_out(column: str, other: object) -> None:
    board = _one([_score(0), _score(1), _score(2, **{column: other})])
    assert sorted(board.scores) == ["m/0", "m/1"]
    assert board.left_out[0].models == ("m/2",)


def test_times_are_compared_on_one_device_only() -> None:
    times = [measured_score(f"m/{i}", TIME, 0.1, 0.1, 0.1, device=d) for i, d in enumerate(["x", "x", "y"])]
    board = _one([*times, _score(2, device="y")])
    quantity = (TIME.method, TIME.setting, TIME.metric)
    assert [model for model, scores in sorted(board.scores.items()) if quantity in scores] == ["m/0", "m/1"]
    assert "m/2" in board.scores  # its accuracy does not depend on the device


def test_every_score_is_on_a_board_or_counted_as_left_out(small: object) -> None:
    scores: list[Row] = small.rows["scores"]  # type: ignore[attr-defined]
    scores = [*scores, _score(0, n=7), _score(1, protocol="utility/3"), _score(2, tier="gpu")]
    found = boards(scores, _models(scores))
    on_boards = sum(len(of_model) for board in found for of_model in board.scores.values())
    assert on_boards + sum(entry.scores for board in found for entry in board.left_out) == len(scores)
    assert all(
        score[SCORES.c.origin] == board.origin
        for board in found
        for m in board.scores.values()
        for score in m.values()
    )


def test_order_is_best_first_for_the_models_owner() -> None:
    assert _one([_score(2), _score(0), _score(1)]).ordered() == ["m/0", "m/1", "m/2"]
    slow = [measured_score(f"m/{i}", TIME, float(i), 0.1, 0.1) for i in (2, 0, 1)]
    assert _one(slow).ordered() == ["m/0", "m/1", "m/2"]


@pytest.mark.parametrize(
    "facts, reason",
    [
        ({"task": "features"}, "features: a network without a classifier"),
        ({"task": "embedding"}, "embedding: maps an image"),
        ({"task": "classification", "copy_kind": "quantised"}, "quantised: a version with rounded weights"),
    ],
)
def test_what_classifies_nothing_and_copies_are_left_out_and_named(
    facts: dict[str, str], reason: str
) -> None:
    scores = [_score(0), _score(1)]
    models = _models(scores) | _models([_score(1)], **facts)
    (board,) = boards(scores, models)
    assert list(board.scores) == ["m/0"]
    (left_out,) = board.left_out
    assert left_out.reason.startswith(reason)
    assert (left_out.scores, left_out.models) == (1, ("m/1",))
    (nobody,) = boards([_score(1)], models)
    assert (nobody.scores, nobody.quantities) == ({}, ())
    assert nobody.left_out == board.left_out


@pytest.mark.parametrize("task", [None, "classification", "multi-label", "zero-shot"])
def test_classifiers_and_unknown_tasks_stay(task: str | None) -> None:
    assert outside(MODELS.row(model_id="m", name="m", task=task)) is None
