"""The curve by hand, against its definition, and against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from evaluations.membership.roc import EXACT_BELOW, Roc
from sngen.errors import CheckFailed

tied = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=25).map(np.array)


def _area(fpr: np.ndarray, tpr: np.ndarray) -> float:
    return float(np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1]) / 2))


def test_by_hand() -> None:
    """Members 3, 2, 2, 0; non-members 2, 1, 1: of 12 pairs 3 + (2 + 2 halves) * 2 + 0 = 9 - 1 = 8 are won."""
    roc = Roc.of(np.array([3.0, 2, 2, 0]), np.array([2.0, 1, 1]))
    assert roc.thresholds.tolist() == [np.inf, 3, 2, 1, 0]
    assert roc.true_positives.tolist() == [0, 1, 3, 3, 4]
    assert roc.false_positives.tolist() == [0, 0, 1, 3, 3]
    assert roc.auc == 8 / 12
    assert (roc.members, roc.nonmembers) == (4, 3)
    best = roc.best_balanced_accuracy()
    assert (best.threshold, best.true_positives, best.false_positives) == (2.0, 3, 1)
    assert best.balanced_accuracy == pytest.approx((3 / 4 + 2 / 3) / 2)


@given(tied, tied)
def test_area_is_the_share_of_pairs_won(members: np.ndarray, nonmembers: np.ndarray) -> None:
    won = (members[:, None] > nonmembers) + 0.5 * (members[:, None] == nonmembers)
    roc = Roc.of(members, nonmembers)
    assert roc.auc == pytest.approx(won.mean(), abs=1e-14)
    assert _area(*roc.points) == pytest.approx(won.mean(), abs=1e-14)


@given(tied, tied)
def test_swapped_sides_turn_the_area_over(members: np.ndarray, nonmembers: np.ndarray) -> None:
    assert Roc.of(members, nonmembers).auc == pytest.approx(1 - Roc.of(nonmembers, members).auc, abs=1e-15)
    assert Roc.of(-members, -nonmembers).auc == pytest.approx(1 - Roc.of(members, nonmembers).auc, abs=1e-15)


def test_a_constant_score_is_exactly_one_half() -> None:
    assert Roc.of(np.full(7, 0.1), np.full(1234, 0.1)).auc == 0.5


@pytest.mark.parametrize("decimals", [1, 8])
def test_against_scikit_learn(decimals: int) -> None:
    rng = np.random.default_rng(decimals)
    members, nonmembers = rng.normal(0.7, 1, 300).round(decimals), rng.normal(0, 1.3, 451).round(decimals)
    truth = np.repeat([1, 0], [300, 451])
    pooled = np.concatenate([members, nonmembers])
    roc = Roc.of(members, nonmembers)
    assert roc.auc == pytest.approx(roc_auc_score(truth, pooled), abs=1e-12)
    fpr, tpr, thresholds = roc_curve(truth, pooled, drop_intermediate=False)
    assert np.array_equal(roc.thresholds, thresholds)
    assert np.allclose(roc.points, (fpr, tpr), atol=1e-15)


def test_scores_of_float32_are_ranked_as_they_are() -> None:
    close = np.array([1.0, np.nextafter(np.float32(1), np.float32(2))], dtype=np.float32)
    assert Roc.of(close[1:], close[:1]).auc == 1.0


@given(tied, tied, st.sampled_from([0.0, 0.001, 0.01, 0.1, 0.25, 0.29, 1 / 3, 0.5, 1.0]))
def test_operating_point_is_the_best_that_keeps_the_rate(
    members: np.ndarray, nonmembers: np.ndarray, nominal: float
) -> None:
    point = Roc.of(members, nonmembers).tpr_at(nominal)
    rates = [
        (float((nonmembers >= threshold).mean()), float((members >= threshold).mean()))
        for threshold in [np.inf, *members, *nonmembers]
    ]
    assert (point.false_positive_rate, point.true_positive_rate) == max(r for r in rates if r[0] <= nominal)
    assert point.true_positives == (members >= point.threshold).sum()
    assert point.false_positives == (nonmembers >= point.threshold).sum()


def test_the_rate_is_realised_in_full_where_it_can_be() -> None:
    """0.29 * 100 is a little less than 29 in floating point."""
    roc = Roc.of(np.arange(100) + 0.5, np.arange(100.0))
    for hits in (1, 7, 29, 57, 58):
        assert roc.tpr_at(hits / 100).false_positives == hits


def test_ties_leave_the_realised_rate_below_the_nominal_one() -> None:
    """A step function has no threshold at 1 %: what is not attained is not interpolated."""
    roc = Roc.of(np.repeat([1.0, 0.0], [90, 10]), np.repeat([1.0, 0.0], [30, 70]))
    point = roc.tpr_at(0.01)
    assert (point.true_positive_rate, point.false_positive_rate, point.threshold) == (0.0, 0.0, np.inf)
    assert roc.tpr_at(0.3).true_positive_rate == 0.9


@given(tied, tied, st.floats(-4, 4))
def test_counts_at_any_threshold(members: np.ndarray, nonmembers: np.ndarray, threshold: float) -> None:
    point = Roc.of(members, nonmembers).at_threshold(threshold)
    assert point.true_positives == (members >= threshold).sum()
    assert point.false_positives == (nonmembers >= threshold).sum()
    accuracy = ((members >= threshold).mean() + (nonmembers < threshold).mean()) / 2
    assert point.balanced_accuracy == pytest.approx(accuracy, abs=1e-15)


@given(tied, tied)
def test_no_threshold_beats_the_best(members: np.ndarray, nonmembers: np.ndarray) -> None:
    roc = Roc.of(members, nonmembers)
    best = roc.best_balanced_accuracy()
    others = [roc.at_threshold(t) for t in roc.thresholds]
    assert best.balanced_accuracy >= max(o.balanced_accuracy for o in others) - 1e-15
    advantage = [o.true_positives * len(nonmembers) - o.false_positives * len(members) for o in others]
    assert best.threshold == max(
        o.threshold for o, found in zip(others, advantage, strict=True) if found == max(advantage)
    )


def _scores(kind: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    if kind == "normal":
        return rng.normal(1, 1, n), rng.normal(0, 1, n)
    if kind == "tied":
        return rng.binomial(12, 0.6, n) * 1.0, rng.binomial(12, 0.5, n) * 1.0
    if kind == "two-valued":
        return (rng.random(n) < 0.9) * 1.0, (rng.random(n) < 0.6) * 1.0
    if kind == "stairs":  # 150 steps that alternate in direction
        steps = np.arange(n) // (n // 150 + 1)
        return -2.0 * steps, -2.0 * steps - 1
    return rng.normal(0, 3, n), np.sort(rng.normal(0, 1, n))


@pytest.mark.parametrize("n", [20, 599, 10_000])
@pytest.mark.parametrize("kind", ["normal", "tied", "two-valued", "stairs", "wide"])
def test_a_thinned_curve_is_small_and_says_the_same(kind: str, n: int) -> None:
    roc = Roc.of(*_scores(kind, n))
    fpr, tpr = roc.points
    thin_fpr, thin_tpr = roc.thinned()
    assert len(thin_fpr) <= 200 + 2 * (EXACT_BELOW * n + 1) + 2
    assert _area(thin_fpr, thin_tpr) == pytest.approx(roc.auc, abs=1e-3)
    assert (thin_fpr[0], thin_tpr[0], thin_fpr[-1], thin_tpr[-1]) == (0, 0, 1, 1)
    assert set(zip(thin_fpr, thin_tpr, strict=True)) <= set(zip(fpr, tpr, strict=True))
    # Below 2 % nothing is lost: every point of the curve lies on the thinned one, at its way along it.
    low = fpr < EXACT_BELOW
    assert np.allclose(np.interp((fpr + tpr)[low], thin_fpr + thin_tpr, thin_fpr), fpr[low], atol=1e-12)


def test_thinning_takes_more_points_where_few_would_bend_the_curve() -> None:
    roc = Roc.of(*_scores("normal", 599))
    fpr, tpr = roc.thinned(4)
    above = fpr >= EXACT_BELOW
    few = np.concatenate([np.flatnonzero(~above), np.flatnonzero(above)[[0, -1]]])
    assert abs(_area(fpr[few], tpr[few]) - roc.auc) > 1e-2
    assert abs(_area(fpr, tpr) - roc.auc) <= 1e-3
    assert 5 < above.sum() < 50


@given(tied, tied, st.integers(1, 10))
def test_thinning_any_small_curve(members: np.ndarray, nonmembers: np.ndarray, points: int) -> None:
    roc = Roc.of(members, nonmembers)
    assert _area(*roc.thinned(points)) == pytest.approx(roc.auc, abs=1e-3)


@pytest.mark.parametrize(
    ("members", "nonmembers", "message"),
    [
        (np.array([]), np.ones(3), r"scores of members: found shape \[0\]"),
        (np.ones(3), np.ones((3, 1)), r"scores of non-members: found shape \[3, 1\]"),
        (
            np.ones(3),
            np.array([1, np.nan, 2, np.nan]),
            "non-members: 2 of 4 are NaN, the first at position 1",
        ),
    ],
)
def test_what_is_no_score_is_refused(members: np.ndarray, nonmembers: np.ndarray, message: str) -> None:
    with pytest.raises(CheckFailed, match=message):
        Roc.of(members, nonmembers)
