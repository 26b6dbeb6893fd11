"""What a statistic says about a claim."""

from __future__ import annotations

from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """``value`` and interval lie in [-1, 1]; ``p_value`` is two-sided, against zero."""

    value: float
    ci_low: float
    ci_high: float
    p_value: float
    ci_method: str
