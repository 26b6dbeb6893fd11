"""Rank intervals against tests by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binomtest
from stand_in import StandIn, stand_in

from sngen.errors import CheckFailed
from sngen.leaderboard.context import Context
from sngen.leaderboard.ranks import OVERLAP, PAIRED, Ranking, holm, mcnemar_wins
from sngen.schema import OUTCOMES, SCORES


def _ranking(context: Context) -> Ranking:
    (board,) = [board for board in context.boards if board.origin == "measured"]
    found = context.ranking_of(board)
    assert found is not None
    return found


def test_holm_by_hand() -> None:
    # sorted: .01 * 4, .02 * 3, .03 * 2 (raised to .06), .5 * 1
    assert holm(np.array([0.03, 0.01, 0.5, 0.02])) == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert holm(np.array([])).size == 0


def test_mcnemar_is_the_exact_binomial_test_on_discordant_images() -> None:
    rng = np.random.default_rng(1)
    bits = rng.random((5, 120)) < np.array([[0.9], [0.9], [0.8], [0.75], [0.4]])
    wins = mcnemar_wins(bits)
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    p = []
    for i, j in pairs:
        only_i, only_j = int((bits[i] & ~bits[j]).sum()), int((bits[j] & ~bits[i]).sum())
        p.append(binomtest(only_i, only_i + only_j).pvalue if only_i + only_j else 1.0)
    for (i, j), adjusted in zip(pairs, holm(np.array(p)), strict=True):
        better = bits[i].sum() > bits[j].sum()
        assert wins[i, j] == (adjusted <= 0.05 and better)
        assert wins[j, i] == (adjusted <= 0.05 and not better)
    assert wins[0, 4]  # the test can tell something
    assert not wins[0, 1]  # and does not tell everything


def test_equal_models_share_all_ranks() -> None:
    assert not mcnemar_wins(np.tile(np.arange(50) % 3 > 0, (4, 1))).any()


def test_ranks_come_from_paired_outcomes(context: Context) -> None:
    found = _ranking(context)
    assert found.method == PAIRED
    best = "reference/digits/net-0"
    assert found.intervals[best][0] == 1
    worst = found.intervals["reference/digits/net-4"]
    assert worst[0] > 1
    assert worst[1] == 5
    assert found.tied_with_first == sum(low == 1 for low, _ in found.intervals.values()) < 5


def test_without_common_images_intervals_decide(make_context: Callable[..., Context]) -> None:
    release = stand_in({}, measured=5)
    release.rows["outcomes"][0]["image_ids"] = list(range(1, 401))
    found = _ranking(make_context(release))
    assert found.method == OVERLAP
    accuracies = [s for s in release.rows["scores"] if (s["metric"], s["setting"]) == ("accuracy", "test")]
    scores = {score["model_id"]: score for score in accuracies}
    low, high = scores["reference/digits/net-4"], scores["reference/digits/net-0"]
    assert low[SCORES.c.ci_high] < high[SCORES.c.ci_low]
    assert found.intervals["reference/digits/net-4"][0] > 1


def test_bits_that_contradict_the_score_are_refused(make_context: Callable[..., Context]) -> None:
    release: StandIn = stand_in({}, measured=3)
    release.rows["outcomes"][1][OUTCOMES.c.bits] = bytes(50)
    context = make_context(release)
    with pytest.raises(CheckFailed, match="0 of 400 bits are set"):
        _ranking(context)


def test_degenerate_models_are_named_not_ranked(make_context: Callable[..., Context]) -> None:
    release = stand_in({}, measured=3)
    for score in release.rows["scores"]:
        if score["model_id"].endswith("net-2"):
            score[SCORES.c.flags] = ["accuracy-equals-single-class-share"]
    found = _ranking(make_context(release))
    assert found.degenerate == ("reference/digits/net-2",)
    assert set(found.intervals) == {"reference/digits/net-0", "reference/digits/net-1"}
