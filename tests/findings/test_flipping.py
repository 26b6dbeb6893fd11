"""What would flip a verdict: against removal by hand, and against the sample size formula."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.stats import binomtest, norm, spearmanr

from sngen.findings.findings import verdict
from sngen.findings.flipping import QUICK_DIFFERENCE, QUICK_SPEARMAN, quick_share, would_flip
from sngen.findings.spearman import fisher_interval

POSITIVE, NEGATIVE = partial(verdict, 1), partial(verdict, -1)


def number(words: str | None) -> int:
    assert words is not None
    return int(next(part for part in words.replace(",", "").split() if part.isdigit()))


def pairs(n: int, slope: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.Generator(np.random.Philox(seed))
    x = generator.normal(size=n)
    return x, slope * x + generator.normal(size=n)


def test_models_that_carry_a_correlation_are_counted() -> None:
    x, y = pairs(40, 0.8, seed=1)
    groups = np.arange(40)
    count = number(would_flip(QUICK_SPEARMAN, x, y, groups, "supported", POSITIVE))
    ranks_x, ranks_y = (values.argsort().argsort() - 19.5 for values in (x, y))
    order = np.argsort(-ranks_x * ranks_y, kind="stable")
    for left_out, low_is_positive in ((count - 1, True), (count, False)):
        keep = np.sort(order[left_out:])
        rho = spearmanr(x[keep], y[keep]).statistic
        assert (fisher_interval(rho, len(keep))[0] > 0) is low_is_positive


def test_the_claimed_side_decides_who_speaks_for_it() -> None:
    x, y = pairs(40, -0.8, seed=1)
    against = would_flip(QUICK_SPEARMAN, x, y, np.arange(40), "supported", NEGATIVE)
    assert against == would_flip(QUICK_SPEARMAN, x, y, np.arange(40), "contradicted", POSITIVE)


def test_an_undecided_correlation_needs_as_many_models_as_the_formula_says() -> None:
    x, y = pairs(30, 0.25, seed=3)
    rho = spearmanr(x, y).statistic
    wanted = number(would_flip(QUICK_SPEARMAN, x, y, np.arange(30), "undecided", POSITIVE))
    z = norm.ppf(0.975)
    expected = 3 + (1 + rho**2 / 2) * (z / np.arctanh(rho)) ** 2
    assert wanted == pytest.approx(expected, abs=1)


def test_related_models_count_once() -> None:
    x, y = pairs(12, 1.5, seed=4)
    groups = np.arange(12)
    copies = np.r_[groups, np.zeros(30, dtype=int)]
    once = would_flip(QUICK_DIFFERENCE, x, x + 0.1 + 0.01 * y, groups, "supported", POSITIVE)
    many = would_flip(
        QUICK_DIFFERENCE, x[copies], (x + 0.1 + 0.01 * y)[copies], copies, "supported", POSITIVE
    )
    assert once == many


def test_a_share_that_nothing_would_move() -> None:
    marks = np.r_[np.ones(5), np.zeros(95)]
    words = would_flip(quick_share(0.05), marks, marks, np.arange(100), "undecided", POSITIVE)
    assert words is not None and "10,000 groups would not decide it" in words
    few = np.r_[np.ones(4), np.zeros(36)]
    wanted = number(would_flip(quick_share(0.05), few, few, np.arange(40), "undecided", POSITIVE))
    lows = [binomtest(n // 10, n).proportion_ci(method="wilson").low for n in (wanted - 20, wanted + 20)]
    assert lows[0] < 0.05 < lows[1]


def test_a_verdict_of_another_interval_is_close_to_the_line() -> None:
    x, y = pairs(30, 0.2, seed=3)
    words = would_flip(QUICK_SPEARMAN, x, y, np.arange(30), "supported", POSITIVE)
    assert words == "Close to the line: another interval for related models says undecided."
    assert would_flip(QUICK_SPEARMAN, x, np.ones(30), np.arange(30), "supported", POSITIVE) is None
