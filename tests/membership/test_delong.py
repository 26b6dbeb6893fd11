"""DeLong's variance against its definition, a published example, the bootstrap, and its own promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from evaluations.membership.delong import auc_interval, paired_test, structural_components
from sngen.errors import CheckFailed

Attack = tuple[np.ndarray, np.ndarray]
tied = st.lists(st.integers(-3, 3).map(float), min_size=2, max_size=15).map(np.array)


def _wins(members: np.ndarray, nonmembers: np.ndarray) -> np.ndarray:
    """Pair by pair [M, N]: 1, 1/2 or 0."""
    return (members[:, None] > nonmembers) + 0.5 * (members[:, None] == nonmembers)


def _covariance(first: Attack, second: Attack) -> float:
    """DeLong et al. 1988, equations 4 to 6, by the sums over all M N pairs."""
    a, b = _wins(*first), _wins(*second)
    s10 = np.sum((a.mean(axis=1) - a.mean()) * (b.mean(axis=1) - b.mean())) / (len(a) - 1)
    s01 = np.sum((a.mean(axis=0) - a.mean()) * (b.mean(axis=0) - b.mean())) / (a.shape[1] - 1)
    return float(s10 / len(a) + s01 / a.shape[1])


@given(tied, tied)
def test_midranks_give_the_definition(members: np.ndarray, nonmembers: np.ndarray) -> None:
    wins = _wins(members, nonmembers)
    of_members, of_nonmembers = structural_components(members, nonmembers)
    assert np.allclose(of_members, wins.mean(axis=1), atol=1e-14)
    assert np.allclose(of_nonmembers, wins.mean(axis=0), atol=1e-14)
    found = auc_interval(members, nonmembers)
    assert found.auc == pytest.approx(wins.mean(), abs=1e-14)
    attack = members, nonmembers
    assert found.variance == pytest.approx(_covariance(attack, attack), abs=1e-14)
    assert 0 <= found.low <= found.auc + 1e-12 and found.auc - 1e-12 <= found.high <= 1


def test_published_example() -> None:
    """Hanley and McNeil, Radiology 143 (1982), table 1: 109 CT images rated 1 to 5. DeLong's standard error
    and the plain interval as the manual of Stata's ``roctab`` prints them for these data."""
    normal = np.repeat([1.0, 2, 3, 4, 5], [33, 6, 6, 11, 2])
    abnormal = np.repeat([1.0, 2, 3, 4, 5], [3, 2, 2, 11, 33])
    found = auc_interval(abnormal, normal)
    assert round(found.auc, 4) == 0.8932
    assert round(found.variance**0.5, 4) == 0.0307
    half_width = 1.959964 * found.variance**0.5
    assert round(found.auc - half_width, 5) == 0.83295
    assert round(found.auc + half_width, 5) == 0.95339
    # On the logit scale the interval leans towards 1/2.
    assert found.low < found.auc - half_width and found.high < found.auc + half_width
    logits = [np.log(x / (1 - x)) for x in (found.low, found.auc, found.high)]
    assert logits[1] - logits[0] == pytest.approx(logits[2] - logits[1])
    assert logits[2] - logits[1] == pytest.approx(half_width / (found.auc * (1 - found.auc)), rel=1e-6)


def test_against_the_stratified_bootstrap() -> None:
    rng = np.random.default_rng(5)
    members, nonmembers = rng.normal(0.8, 1.5, 150).round(1), rng.normal(0, 1, 220).round(1)
    resampled = [_wins(rng.choice(members, 150), rng.choice(nonmembers, 220)).mean() for _ in range(1500)]
    assert auc_interval(members, nonmembers).variance ** 0.5 == pytest.approx(np.std(resampled), rel=0.08)


@pytest.mark.parametrize(("distance", "n"), [(0.0, 40), (0.0, 300), (0.5, 100), (1.5, 60), (2.5, 60)])
def test_interval_covers_the_closed_form(distance: float, n: int) -> None:
    """Normal scores a distance apart: the AUC is Phi(distance / sqrt 2), and 95 % of intervals hold it."""
    rng = np.random.default_rng(n)
    truth = norm.cdf(distance / 2**0.5)
    intervals = [auc_interval(rng.normal(distance, 1, n), rng.normal(0, 1, n)) for _ in range(400)]
    held = np.mean([found.low <= truth <= found.high for found in intervals])
    assert 0.925 <= held <= 0.985


def test_near_one_the_logit_scale_covers_better_than_the_plain_interval() -> None:
    rng = np.random.default_rng(1)
    truth = norm.cdf(3.3 / 2**0.5)  # 0.990
    found = [auc_interval(rng.normal(3.3, 1, 60), rng.normal(0, 1, 60)) for _ in range(300)]
    held = np.mean([interval.low <= truth <= interval.high for interval in found])
    plain = np.mean([abs(interval.auc - truth) <= 1.96 * interval.variance**0.5 for interval in found])
    assert held > 0.89 and held > plain + 0.05


@pytest.mark.parametrize("n", [2, 10, 599])
def test_without_variance_the_interval_is_the_exact_bound(n: int) -> None:
    """n pairs all won: Clopper-Pearson's lower end solves theta^n = 0.025."""
    high, low = np.arange(n) + 1000.0, np.arange(n + 3) * 1.0
    won, lost, level = auc_interval(high, low), auc_interval(low, high), auc_interval(0 * high, 0 * low)
    assert (won.auc, lost.auc, level.auc) == (1, 0, 0.5)
    assert won.variance == lost.variance == level.variance == 0
    assert won.low**n == pytest.approx(0.025) and won.high == 1
    assert (lost.low, lost.high) == pytest.approx((0, 1 - won.low))
    assert (level.low, level.high) == pytest.approx((0.5 - (1 - won.low) / 2, 0.5 + (1 - won.low) / 2))
    assert "DeLong, logit" not in won.method and f"{n} independent pairs" in won.method


def test_the_bound_at_one_keeps_its_promise() -> None:
    """Members get 1 with probability 99.4 %, else 0 as all non-members do: an AUC of 0.997. Samples of 200
    are often perfect, and their interval has to hold the true AUC nevertheless."""
    rng = np.random.default_rng(0)
    share = 0.994
    truth = 1 - (1 - share) / 2
    found = [auc_interval((rng.random(200) < share) * 1.0, np.zeros(200)) for _ in range(300)]
    perfect = [interval for interval in found if interval.variance == 0]
    assert len(perfect) > 60 and all(interval.low <= truth <= interval.high for interval in perfect)


def _two_attacks(rng: np.random.Generator, n: int, gain: float = 0.0) -> tuple[Attack, Attack]:
    """Correlated scores of the same images; the first attack is better by ``gain``."""
    sides = []
    for shift in (1.0, 0.0):
        common = rng.normal(shift, 1, n)
        sides.append((common + gain * shift + rng.normal(0, 0.7, n), common + rng.normal(0, 0.7, n)))
    (a1, b1), (a0, b0) = sides
    return (a1, a0), (b1, b0)


def test_paired_variance_is_the_definition() -> None:
    first, second = _two_attacks(np.random.default_rng(1), 80, 0.5)
    first, second = (tuple(side.round(1) for side in attack) for attack in (first, second))  # type: ignore[assignment]
    variance = _covariance(first, first) + _covariance(second, second) - 2 * _covariance(first, second)
    found = paired_test(first, second)
    difference = _wins(*first).mean() - _wins(*second).mean()
    assert found.difference == pytest.approx(difference)
    assert found.p_value == pytest.approx(2 * norm.sf(abs(difference) / variance**0.5), rel=1e-9)
    assert (found.low, found.high) == pytest.approx(norm.interval(0.95, difference, variance**0.5))
    back = paired_test(second, first)
    assert (back.difference, back.p_value) == pytest.approx((-found.difference, found.p_value))
    # The pairing matters: as if the images were others, the difference would look less sure.
    assert variance < _covariance(first, first) + _covariance(second, second)


def test_paired_test_is_level_under_the_null_and_sees_a_difference() -> None:
    rng = np.random.default_rng(2)
    null = np.array([paired_test(*_two_attacks(rng, 80)).p_value for _ in range(400)])
    assert 0.025 <= (null < 0.05).mean() <= 0.08 and 0.4 < (null < 0.5).mean() < 0.6
    better = [paired_test(*_two_attacks(rng, 200, 0.8)) for _ in range(50)]
    assert np.mean([test.p_value < 0.05 and test.difference > 0 for test in better]) > 0.9


def test_equal_attacks_do_not_differ() -> None:
    members, nonmembers = np.arange(20.0), np.arange(20.0) - 3
    found = paired_test((members, nonmembers), (np.exp(members), np.exp(nonmembers)))
    assert (found.difference, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_a_perfect_attack_differs_from_a_constant_one() -> None:
    """Both have variance 0: 12 pairs of 12 speak for the first, by lot once in 2^11."""
    perfect, constant = (np.ones(12), np.zeros(12)), (np.zeros(12), np.zeros(12))
    found = paired_test(perfect, constant)
    assert found.difference == 0.5 and found.p_value == pytest.approx(2**-11)


def test_what_has_no_variance_is_refused() -> None:
    with pytest.raises(
        CheckFailed, match=r"non-members: found shape \[1\], expected \[images\], at least two"
    ):
        auc_interval(np.arange(5.0), np.ones(1))
    with pytest.raises(CheckFailed, match="members: 1 are NaN"):
        auc_interval(np.array([1, np.nan]), np.ones(2))
    with pytest.raises(CheckFailed, match="expected the same images"):
        paired_test((np.ones(3), np.ones(3)), (np.ones(3), np.ones(4)))
