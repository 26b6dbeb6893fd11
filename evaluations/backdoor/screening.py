"""Which classes are searched in full where there are too many to search them all.

A short search of every class ranks them. Searched in full are the most suspicious ones, among which the
smallest trigger is, and some drawn without a look at the ranking. The drawn ones tell how sizes of short and
full searches hang together, which fills in the classes that are left: the median and the deviation are those
of all classes, the smallest trigger is always one that was searched in full.

Simulated with 100 clean classes of which 30 are drawn, alarms at the published threshold are those of the
full search within 2 percentage points; median and deviation of the drawn ones alone would raise them from 1
to 11 % (log-normal sizes).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sngen.errors import UsageError

#: Tell the streams of the draw and of the filling in from those of the search.
DRAW, FILL = 2**33, 2**34
#: A straight line and its residuals say nothing with fewer.
FEWEST = 5


@dataclass(frozen=True)
class Screen:
    """``steps`` of ``batches`` mini-batches for every class; ``suspicious`` and ``drawn``: how many are then
    searched in full for the one reason and for the other."""

    steps: int
    batches: int
    suspicious: int
    drawn: int

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Screen:
        """From a protocol's mapping. Raises ``UsageError`` for what is missing, unknown or too small."""
        known = list(cls.__annotations__)
        if sorted(settings) != sorted(known):
            raise UsageError(f"screen: found {', '.join(settings)}; expected exactly {', '.join(known)}.")
        least = {"steps": 1, "batches": 1, "suspicious": 1, "drawn": FEWEST}
        wrong = [
            f"{name} is {settings[name]!r}, expected at least {minimum}"
            for name, minimum in least.items()
            if settings[name] < minimum
        ]
        if wrong:
            raise UsageError(f"screen: {'; '.join(wrong)}.")
        return cls(**settings)

    def sample(self, classes: int, seed: int) -> np.ndarray:
        """The drawn classes, int64 in ascending order; all where there are no more."""
        drawn = np.random.Philox(key=[seed, DRAW]).random_raw(classes)
        return np.sort(np.argsort(drawn, kind="stable")[: self.drawn])

    def chosen(self, sizes: np.ndarray, seed: int) -> np.ndarray:
        """The classes to search in full, int64 in ascending order, by their ``sizes`` [K] in the short
        search; infinite where no trigger worked in time."""
        suspicious = np.argsort(sizes, kind="stable")[: self.suspicious]
        return np.union1d(suspicious, self.sample(len(sizes), seed))

    def completed(self, short: np.ndarray, full: np.ndarray, seed: int) -> np.ndarray:
        """Sizes [K] of full searches: ``full`` where it is there (else NaN), filled in from ``short`` [K].

        Logarithms of the drawn classes give a straight line; a class that was not searched in full gets its
        value on it plus a residual of the drawn ones, at random. One whose short search found no trigger
        counts as the largest. Without five drawn classes with both sizes nothing is filled in.
        """
        known = np.log(np.where(np.isfinite(short), short, short[np.isfinite(short)].max(initial=1.0)))
        drawn = self.sample(len(short), seed)
        drawn = drawn[np.isfinite(full[drawn])]
        absent = np.setdiff1d(np.flatnonzero(np.isnan(full)), self.chosen(short, seed))
        if len(drawn) < FEWEST or not len(absent):
            return full
        slope, offset = _line(known[drawn], np.log(full[drawn]))
        freedom = np.sqrt(len(drawn) / (len(drawn) - 2))
        residuals = freedom * (np.log(full[drawn]) - offset - slope * known[drawn])
        generator = np.random.Generator(np.random.Philox(key=[seed, FILL]))
        filled = full.copy()
        filled[absent] = np.exp(offset + slope * known[absent] + generator.choice(residuals, len(absent)))
        return filled


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and offset of least squares; flat where all ``x`` are equal."""
    spread = float(np.square(x - x.mean()).sum())
    slope = float(((x - x.mean()) * (y - y.mean())).sum()) / spread if spread > 0 else 0.0
    return slope, float(y.mean() - slope * x.mean())
