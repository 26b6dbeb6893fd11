"""A published number and the same number measured again: equal, within its interval, or different."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sngen.results import ScoreEntry
from sngen.schema import METRICS

EQUAL, WITHIN, DIFFERS = "equal", "within interval", "differs"
#: Other processors add floating-point numbers in another order.
EQUAL_TOLERANCE = 1e-9
#: Seconds, once scaled by the machine's speed, are judged no more finely than by this factor either way.
TIMING_FACTOR = 1.5


@dataclass(frozen=True)
class Verdict:
    """``low`` and ``high``: what ``now`` was judged against; ``scale``: how much slower this machine is."""

    published: float
    now: float
    low: float | None
    high: float | None
    scale: float | None
    word: str

    @property
    def difference(self) -> float:
        return self.now - self.published


def judge(published: ScoreEntry, now: ScoreEntry, calibration: tuple[float, float]) -> Verdict:
    """Compare. ``calibration``: seconds of the calibration kernel at publication and now.

    A metric that varies with the machine is compared after scaling the published value and interval by the
    ratio of the two, with the interval widened to the factor ``TIMING_FACTOR`` either way.
    """
    if METRICS[published.metric].repeats == "with-machine":
        return _timing(published, now, calibration[1] / calibration[0])
    low, high = published.ci_low, published.ci_high
    if math.isclose(now.value, published.value, rel_tol=EQUAL_TOLERANCE, abs_tol=EQUAL_TOLERANCE):
        word = EQUAL
    else:
        word = WITHIN if low is not None and high is not None and low <= now.value <= high else DIFFERS
    return Verdict(published.value, now.value, low, high, None, word)


def _timing(published: ScoreEntry, now: ScoreEntry, scale: float) -> Verdict:
    expected = published.value * scale
    lows = [expected / TIMING_FACTOR] + ([published.ci_low * scale] if published.ci_low is not None else [])
    highs = [expected * TIMING_FACTOR] + (
        [published.ci_high * scale] if published.ci_high is not None else []
    )
    low, high = min(lows), max(highs)
    return Verdict(
        published.value, now.value, low, high, scale, WITHIN if low <= now.value <= high else DIFFERS
    )
