"""The anomaly index against scipy, its false alarms on clean models, and p-values against clean ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest, median_abs_deviation

from evaluations.backdoor.anomaly import THRESHOLD, anomaly, indices
from evaluations.backdoor.null_distribution import norms_p_value, rank_p_value


@pytest.mark.parametrize("count", [3, 10, 43])
def test_the_index_is_the_distance_in_median_absolute_deviations(count: int) -> None:
    norms = np.random.default_rng(count).gamma(4, size=count)
    found = anomaly(norms)
    assert found is not None
    scaled = 1.4826 * median_abs_deviation(norms)
    assert found.index == pytest.approx((np.median(norms) - norms.min()) / scaled)
    assert found.position == norms.argmin()


def test_large_norms_are_no_alarm_and_classes_without_a_trigger_do_not_count() -> None:
    norms = np.array([5.0, 5.1, 4.9, 5.2, 90.0])
    found = anomaly(norms)
    assert found is not None
    assert (found.index, found.position) == (pytest.approx(0.2 / (1.4826 * 0.1)), 2)
    assert anomaly(np.append(norms, np.nan)) == found


@pytest.mark.parametrize("norms", [[1.0, 2.0], [3.0, 3.0, 3.0, 1.0], [np.nan, np.nan, 1.0, 2.0]])
def test_there_is_no_index_of_two_numbers_or_without_spread(norms: list[float]) -> None:
    assert anomaly(np.array(norms)) is None


@pytest.mark.parametrize(("draw", "expected"), [("normal", 0.33), ("uniform", 0.18), ("lognormal", 0.10)])
def test_of_ten_independent_norms_the_threshold_flags_many_clean_models(draw: str, expected: float) -> None:
    """Why a p-value stands beside the published threshold."""
    rng = np.random.default_rng(0)
    rows = {
        "normal": rng.normal(100, 1, (20_000, 10)),
        "uniform": rng.random((20_000, 10)),
        "lognormal": rng.lognormal(0, 0.5, (20_000, 10)),
    }[draw]
    found = indices(rows)
    assert np.mean(found > THRESHOLD) == pytest.approx(expected, abs=0.02)


def test_p_values_of_clean_models_are_uniform() -> None:
    """Norms of models that differ in scale, as networks do; the null comes from four of them."""
    rng = np.random.default_rng(3)
    values = []
    for seed in range(150):
        scales = rng.uniform(1, 10, 5)
        models = scales[:, None] * rng.lognormal(0, 0.2, (5, 10))
        judged = anomaly(models[0])
        assert judged is not None
        p = norms_p_value(judged.index, models[1:].tolist(), 10, seed)
        assert p is not None
        values.append(p)
    assert kstest(values, "uniform").pvalue > 0.001
    assert np.mean(np.array(values) < 0.05) < 0.11


def test_a_planted_class_has_a_small_p_value() -> None:
    rng = np.random.default_rng(4)
    clean = rng.lognormal(2, 0.2, (4, 10))
    poisoned = np.append(rng.lognormal(2, 0.2, 9), 1.0)
    found = anomaly(poisoned)
    assert found is not None and found.position == 9
    p = norms_p_value(found.index, clean.tolist(), 10, 0)
    assert p is not None and p < 0.02
    assert norms_p_value(found.index, [[1.0, 2.0]], 10, 0) is None


def test_ranks_count_the_judged_model_itself() -> None:
    assert rank_p_value(3.0, [1.0, 2.0, 4.0]) == 0.5
    assert rank_p_value(9.0, [1.0, 2.0, 4.0]) == 0.25
