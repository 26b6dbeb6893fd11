"""The statistic against scipy, against formulas by hand and against a published value."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sngen.findings.spearman import (
    cluster_bootstrap,
    clustered,
    fisher_interval,
    independent,
    spearman,
    weighted_spearman,
)


def _random(n: int, seed: int, slope: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.Generator(np.random.Philox(seed))
    x = generator.normal(size=n)
    return x, slope * x + generator.normal(size=n)


def test_interval_is_the_published_one() -> None:
    assert fisher_interval(0.870, 15) == pytest.approx((0.584, 0.964), abs=5e-4)


def test_interval_by_hand() -> None:
    rho, n = -0.4, 30
    error = math.sqrt((1 + rho * rho / 2) / (n - 3))
    centre = 0.5 * math.log((1 + rho) / (1 - rho))
    by_hand = [math.tanh(centre + sign * 1.959963984540054 * error) for sign in (-1, 1)]
    assert fisher_interval(rho, n) == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize(("rho", "n"), [(1.0, 20), (-1.0, 20), (0.5, 3)])
def test_interval_refuses_where_it_has_no_meaning(rho: float, n: int) -> None:
    with pytest.raises(ValueError, match="n > 3"):
        fisher_interval(rho, n)


def test_rho_and_p_by_hand_with_ties() -> None:
    x = np.array([1.0, 2.0, 2.0, 4.0, 5.0, 5.0, 5.0, 9.0, 10.0, 11.0, 12.0])
    y = np.array([3.0, 1.0, 2.0, 2.0, 6.0, 5.0, 9.0, 9.0, 8.0, 12.0, 11.0])
    ranks = [np.array([(v < w).sum() + ((v == w).sum() + 1) / 2 for w in v]) for v in (x, y)]
    rho = np.corrcoef(*ranks)[0, 1]
    t = rho * math.sqrt((len(x) - 2) / (1 - rho**2))
    assert spearman(x, y) == pytest.approx((rho, 2 * stats.t.sf(abs(t), len(x) - 2)), rel=1e-9)


def test_p_value_agrees_with_permutations() -> None:
    x, y = _random(25, seed=1, slope=0.35)
    rho, p_value = spearman(x, y)
    generator = np.random.Generator(np.random.Philox(2))
    ranks_x, ranks_y = stats.rankdata(x), stats.rankdata(y)
    shuffled = np.array([np.corrcoef(ranks_x, generator.permutation(ranks_y))[0, 1] for _ in range(4000)])
    by_permutation = (np.abs(shuffled) >= abs(rho)).mean()
    assert 0.005 < p_value < 0.5  # an effect that is neither nothing nor everything
    assert by_permutation == pytest.approx(
        p_value, abs=3.5 * math.sqrt(p_value * (1 - p_value) / 4000) + 0.005
    )


def test_weighted_resamples_equal_resamples_written_out() -> None:
    x, y = _random(14, seed=3)
    x, y = np.round(x, 1), np.round(y, 1)  # with ties
    weights = np.random.Generator(np.random.Philox(4)).multinomial(14, np.full(14, 1 / 14), size=50)
    written_out = [
        stats.spearmanr(np.repeat(x, counts), np.repeat(y, counts)).statistic for counts in weights
    ]
    assert weighted_spearman(x, y, weights) == pytest.approx(written_out, abs=1e-12)


def test_weighted_resample_of_one_model_has_no_rho() -> None:
    x, y = _random(5, seed=3)
    assert np.isnan(weighted_spearman(x, y, np.array([[5, 0, 0, 0, 0]]))).all()


def test_bootstrap_agrees_with_one_written_out() -> None:
    x, y = _random(40, seed=5, slope=0.6)
    low, high, _ = cluster_bootstrap(x, y, np.arange(40), resamples=4000, seed=0)
    generator = np.random.Generator(np.random.Philox(99))
    draws = generator.integers(0, 40, size=(1500, 40))
    plain = [stats.spearmanr(x[draw], y[draw]).statistic for draw in draws]
    assert (low, high) == pytest.approx(tuple(np.quantile(plain, [0.025, 0.975])), abs=0.05)


def test_copies_of_models_are_no_evidence() -> None:
    """Three copies of each model: the interval is that of the models alone."""
    x, y = _random(24, seed=6, slope=0.7)
    copies = np.repeat(np.arange(24), 3)
    alone = cluster_bootstrap(x, y, np.arange(24), resamples=3000, seed=0)
    copied = clustered(x[copies], y[copies], copies, resamples=3000, seed=0)
    assert (copied.ci_low, copied.ci_high) == pytest.approx(alone[:2], abs=0.03)
    naive = fisher_interval(copied.value, 72)
    assert copied.ci_high - copied.ci_low > 1.4 * (naive[1] - naive[0])
    assert copied.p_value > spearman(x[copies], y[copies])[1]


def test_bootstrap_p_value_is_small_for_order_and_rarely_for_nothing() -> None:
    x, _ = _random(30, seed=7)
    *_, p_of_order = cluster_bootstrap(x, x, np.arange(30), resamples=999, seed=0)
    assert p_of_order == pytest.approx(2 / 1000)
    generator = np.random.Generator(np.random.Philox(8))
    p_of_nothing = [
        cluster_bootstrap(*generator.normal(size=(2, 30)), np.arange(30), resamples=299, seed=0)[2]
        for _ in range(150)
    ]
    assert 0.3 < np.mean(p_of_nothing) < 0.6
    assert np.mean(np.array(p_of_nothing) < 0.05) < 0.13


def test_same_seed_same_interval_other_seed_other_interval() -> None:
    x, y = _random(20, seed=9)
    groups = np.arange(20) // 2
    first, again, other = (clustered(x, y, groups, resamples=500, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other


@pytest.mark.parametrize("sign", [1, -1])
def test_perfect_order_is_known_whatever_rounding_makes_of_it(sign: int) -> None:
    """Ties leave rho an ulp below one in this sample, and a closed interval of no width with it."""
    ranks = np.random.Generator(np.random.Philox(0))
    samples = [np.round(ranks.random(15), 1) for _ in range(200)]
    below = [x for x in samples if abs(stats.spearmanr(x, sign * x).statistic) != 1]
    assert below
    for x in below:
        assert spearman(x, sign * 3 * x)[0] == sign
        assert "bootstrap" in independent(x, sign * 3 * x, 99, 0).ci_method


def test_perfect_order_gets_the_bootstrap() -> None:
    x = np.arange(12.0)
    result = independent(x, -x, resamples=200, seed=0)
    assert (result.value, result.ci_low, result.ci_high) == (-1.0, -1.0, -1.0)
    assert "bootstrap" in result.ci_method
    assert 0 < result.p_value < 0.05


def test_interval_covers_as_often_as_it_says() -> None:
    """95 % of 400 intervals hold the true rho of a bivariate normal, give or take 3.5 standard errors."""
    generator = np.random.Generator(np.random.Philox(10))
    r = 0.6
    true_rho = 6 / math.pi * math.asin(r / 2)
    covered = 0
    for _ in range(400):
        x, noise = generator.normal(size=(2, 40))
        result = independent(x, r * x + math.sqrt(1 - r * r) * noise, resamples=1, seed=0)
        covered += result.ci_low <= true_rho <= result.ci_high
    assert covered / 400 == pytest.approx(0.95, abs=3.5 * math.sqrt(0.95 * 0.05 / 400))
