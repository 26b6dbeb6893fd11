"""The mean difference against scipy, against a loop by hand, and where it must refuse."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sngen.findings.difference import is_constant, mean_difference


def _pairs(n: int, seed: int, shift: float = -0.05) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.Generator(np.random.Philox(seed))
    x = generator.uniform(0.5, 0.9, n)
    return x, x + shift + generator.normal(0, 0.05, n)


def test_of_unrelated_models_it_is_the_paired_t_test() -> None:
    x, y = _pairs(17, seed=1)
    found = mean_difference(x, y, np.arange(17))
    expected = stats.ttest_rel(y, x)
    interval = expected.confidence_interval(0.95)
    assert found.value == pytest.approx(np.mean(y - x))
    assert (found.ci_low, found.ci_high) == pytest.approx((interval.low, interval.high))
    assert found.p_value == pytest.approx(expected.pvalue)


def test_of_related_models_each_group_counts_once() -> None:
    x, y = _pairs(20, seed=2)
    groups = np.array(["a"] * 9 + [f"alone-{number}" for number in range(11)], dtype=object)
    found = mean_difference(x, y, groups)
    means = [np.mean((y - x)[groups == name]) for name in dict.fromkeys(groups)]
    expected = stats.ttest_1samp(means, 0)
    assert found.value == pytest.approx(np.mean(means))
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.ci_low < found.value < found.ci_high


def test_copies_of_models_change_nothing() -> None:
    x, y = _pairs(15, seed=3)
    copies = np.repeat(np.arange(15), 4)
    alone, copied = mean_difference(x, y, np.arange(15)), mean_difference(x[copies], y[copies], copies)
    for field in ("value", "ci_low", "ci_high", "p_value"):
        assert getattr(copied, field) == pytest.approx(getattr(alone, field)), field


def test_swapped_scores_turn_it_round() -> None:
    x, y = _pairs(15, seed=4)
    one, other = mean_difference(x, y, np.arange(15)), mean_difference(y, x, np.arange(15))
    assert (other.ci_low, other.ci_high) == pytest.approx((-one.ci_high, -one.ci_low))
    assert other.p_value == pytest.approx(one.p_value)


def test_interval_stays_where_differences_of_shares_lie() -> None:
    x, y = np.array([0.0, 0.5]), np.array([1.0, 1.0])
    found = mean_difference(x, y, np.arange(2))
    assert (found.ci_low, found.ci_high) == (-1.0, 1.0)


@pytest.mark.parametrize("groups", [np.zeros(3), np.arange(3)])
def test_without_spread_it_refuses(groups: np.ndarray) -> None:
    x = np.array([0.1, 0.2, 0.3])
    assert is_constant(x, x + 0.1, groups)
    with pytest.raises(ValueError, match="two groups"):
        mean_difference(x, x + 0.1, groups)


def test_interval_covers_as_often_as_it_says() -> None:
    """95 % of 600 intervals hold the true difference, give or take 3.5 standard errors."""
    found = [mean_difference(*_pairs(12, seed, shift=-0.03), np.arange(12)) for seed in range(600)]
    covered = np.mean([one.ci_low <= -0.03 <= one.ci_high for one in found])
    assert covered == pytest.approx(0.95, abs=3.5 * np.sqrt(0.95 * 0.05 / 600))
