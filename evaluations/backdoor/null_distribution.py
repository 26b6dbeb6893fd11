"""How unusual an anomaly index is among clean models.

The rule behind the threshold of 2 takes a class for an outlier at a fixed distance from the median,
whatever the number of classes, so that of ten independent norms it flags 10 to 33 % of clean models. Here
the distribution of the index comes from norms of clean networks of the same dataset.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluations.backdoor.anomaly import indices

DRAWS = 10_000


def rank_p_value(index: float, clean: Sequence[float]) -> float:
    """Share of clean models at least as suspicious, the judged one counted among them: 1/(R+1) at least."""
    return (1 + sum(one >= index for one in clean)) / (len(clean) + 1)


def norms_p_value(index: float, norms: Sequence[Sequence[float]], classes: int, seed: int) -> float | None:
    """Share of indices at least as large among models made up of clean ones.

    ``norms``: those of R clean models, one per class, NaN where there is none. Each model's logarithms are
    centred on their median and pooled; a made-up model draws ``classes`` of them with replacement. None where
    there are fewer than ten numbers.
    """
    logs = [np.log(np.array(row)[np.isfinite(row) & (np.array(row) > 0)]) for row in norms]
    pooled = np.concatenate([row - np.median(row) for row in logs if len(row)] or [np.empty(0)])
    if len(pooled) < 10:
        return None
    generator = np.random.Generator(np.random.Philox(key=[seed, 1]))
    drawn = np.exp(generator.choice(pooled, size=(DRAWS, classes)))
    above = int((indices(drawn) >= index).sum())
    return (1 + above) / (DRAWS + 1)
