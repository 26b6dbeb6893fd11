"""The rule of Neural Cleanse for a class unlike the others: median absolute deviation, small side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Makes the median absolute deviation of normal numbers estimate their standard deviation.
CONSISTENCY = 1.4826
#: Published: beyond it a class is an outlier (B. Wang et al., S&P 2019).
THRESHOLD = 2.0
#: With fewer numbers their median absolute deviation says nothing: of two, the index is never above 1.
FEWEST = 3


@dataclass(frozen=True)
class Anomaly:
    """The greatest ``index`` on the small side, and the position it is at."""

    index: float
    position: int


def anomaly(norms: np.ndarray, among: np.ndarray | None = None) -> Anomaly | None:
    """Of ``norms`` [K], NaN where a class has none. None for fewer than three numbers, or equal ones.

    ``among`` [K]: the norms that give median and deviation, where they are others; NaN does not count there
    either.

    index = (median - norm) / (1.4826 MAD). The median of an even number is the mean of the middle two, not
    the lower of them.
    """
    others = norms if among is None else among
    compared = others[np.isfinite(others)]
    if len(compared) < FEWEST or np.isnan(norms).all():
        return None
    index = float(indices(compared[None], np.nanmin(norms)[None])[0])
    return None if np.isnan(index) else Anomaly(index, int(np.nanargmin(norms)))


def indices(norms: np.ndarray, smallest: np.ndarray | None = None) -> np.ndarray:
    """The index of each of B models with finite ``norms`` [B, K]: float64 [B], NaN where all are equal.

    ``smallest`` [B]: the norms that are judged; the smallest of ``norms``, where None.
    """
    median = np.median(norms, axis=1)
    deviation = CONSISTENCY * np.median(np.abs(norms - median[:, None]), axis=1)
    distance = median - (norms.min(axis=1) if smallest is None else smallest)
    return np.divide(distance, deviation, out=np.full(len(norms), np.nan), where=deviation > 0)
