"""What it would take to change a verdict: how many groups of related models more, or fewer.

Both answers use closed-form intervals over groups of related models, also where the finding itself has a
bootstrap interval, because they are computed for hundreds of selections.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from sngen.findings.difference import group_means, is_constant, mean_difference
from sngen.findings.share import share_above
from sngen.findings.spearman import fisher_interval, spearman

#: (x [N], y [N], groups [N]) -> interval; None where there is none.
Interval = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[float, float] | None]
#: (x [N], y [N], groups [N]) -> how much each group, in the order of ``numpy.unique``, speaks for plus.
Weight = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
#: Past this many groups, more models are no answer.
MOST = 10_000


@dataclass(frozen=True)
class Quick:
    """A statistic in closed form. ``repeated``: the interval if the same groups came k times as often."""

    interval: Interval
    weight: Weight
    repeated: Callable[[np.ndarray, np.ndarray, np.ndarray, float], tuple[float, float] | None]


def would_flip(
    quick: Quick, x: np.ndarray, y: np.ndarray, groups: np.ndarray, found: str, verdict: Callable[..., str]
) -> str | None:
    """In words, what would give another verdict than ``found``; ``verdict(low, high)`` says which one an
    interval leads to. None where nothing can be said."""
    ends = quick.interval(x, y, groups)
    if ends is None:
        return None
    if verdict(*ends) != found:
        return f"Close to the line: another interval for related models says {verdict(*ends)}."
    if found == "undecided":
        return _more(quick, x, y, groups, verdict)
    return _fewer(quick, x, y, groups, found, verdict)


def _fewer(
    quick: Quick, x: np.ndarray, y: np.ndarray, groups: np.ndarray, found: str, verdict: Callable[..., str]
) -> str:
    names = np.unique(groups)
    weight = quick.weight(x, y, groups)
    low, high = quick.interval(x, y, groups) or (0.0, 0.0)
    strongest = names[np.argsort(-weight if low + high > 0 else weight, kind="stable")]
    for count in range(1, len(names) - 1):
        keep = ~np.isin(groups, strongest[:count])
        ends = quick.interval(x[keep], y[keep], groups[keep])
        if ends is None or verdict(*ends) != found:
            return f"Leaving out {count} of the {len(names)} groups of models, those that speak most for it."
    return f"Not by leaving out models: any three of the {len(names)} groups say the same."


def _more(quick: Quick, x: np.ndarray, y: np.ndarray, groups: np.ndarray, verdict: Callable[..., str]) -> str:
    """The fewest groups, of the kind there are, that would decide it."""
    count = len(np.unique(groups))
    fewest = _bisect(
        count, MOST, lambda n: verdict(*(quick.repeated(x, y, groups, n / count) or (-1, 1))) != "undecided"
    )
    if fewest is None:
        return f"Not by more models of this kind: {MOST:,} groups would not decide it."
    return f"About {fewest:,} groups of models like these {count} would decide it."


def _bisect(low: int, high: int, holds: Callable[[int], bool]) -> int | None:
    """The smallest n in (low, high] for which ``holds``, which stays true once it is; None if none does."""
    if not holds(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _fisher(x: np.ndarray, y: np.ndarray, n: float) -> tuple[float, float] | None:
    if n <= 3 or len(set(x)) == 1 or len(set(y)) == 1:
        return None
    rho, _ = spearman(x, y)
    return (rho, rho) if abs(rho) >= 1 else fisher_interval(rho, n)


def _rank_products(x: np.ndarray, y: np.ndarray, groups: np.ndarray) -> np.ndarray:
    ranks = [rankdata(values) - (len(values) + 1) / 2 for values in (x, y)]
    return np.bincount(np.unique(groups, return_inverse=True)[1], weights=ranks[0] * ranks[1])


def _difference(
    x: np.ndarray, y: np.ndarray, groups: np.ndarray, times: float = 1.0
) -> tuple[float, float] | None:
    if len(np.unique(groups)) < 2 or is_constant(x, y, groups):
        return None
    found = mean_difference(x, y, groups)
    low, high = (found.value + (end - found.value) * times**-0.5 for end in (found.ci_low, found.ci_high))
    return low, high


def quick_share(nominal: float) -> Quick:
    """That of ``share_above``."""

    def ends(y: np.ndarray, groups: np.ndarray, times: float = 1.0) -> tuple[float, float]:
        found = share_above(y, groups, nominal, times)
        return found.ci_low, found.ci_high

    return Quick(
        lambda x, y, groups: ends(y, groups),
        lambda x, y, groups: group_means(y, groups),
        lambda x, y, groups, times: ends(y, groups, times),
    )


QUICK_SPEARMAN = Quick(
    lambda x, y, groups: _fisher(x, y, len(np.unique(groups))),
    _rank_products,
    lambda x, y, groups, times: _fisher(x, y, len(np.unique(groups)) * times),
)
QUICK_DIFFERENCE = Quick(_difference, lambda x, y, groups: group_means(y - x, groups), _difference)
