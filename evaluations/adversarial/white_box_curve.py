"""The white-box curve: APGD on the cross-entropy, then targeted APGD on what still stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from evaluations.adversarial.apgd import apgd_ce, apgd_t
from evaluations.adversarial.found import Found
from evaluations.adversarial.measuring import measure_curves
from evaluations.adversarial.threat import Threat
from evaluations.datasets.images import Images
from evaluations.method import Context, Measurement, method
from evaluations.target import Target


@method("adversarial", "white-box", version=1, needs_gradients=True)
def white_box_curve(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """Robust accuracy at every budget. Settings: ``batch_size``; ``linf`` and ``l2``, the budgets; and under
    ``apgd-ce`` and ``apgd-t`` those of the two attacks."""
    return measure_curves(one_after_the_other, target, data, settings, seed, context)


def one_after_the_other(
    target: Target, x: torch.Tensor, labels: torch.Tensor, ids: np.ndarray, threat: Threat,
    settings: Mapping[str, Any], noise_seed: int, clean_logits: torch.Tensor,
) -> Found:  # fmt: skip
    """As each of the two attacks; the second sees only what the first left."""
    batch = {"batch_size": settings["batch_size"]}
    first = apgd_ce(target, x, labels, ids, threat, batch | settings["apgd-ce"], noise_seed, clean_logits)
    rows = torch.nonzero(~first.fooled).flatten()
    if len(rows):
        second = apgd_t(
            target, x[rows], labels[rows], ids[rows.numpy()], threat, batch | settings["apgd-t"], noise_seed,
            clean_logits[rows],
        )  # fmt: skip
        first.fooled[rows], first.adversarial[rows] = second.fooled, second.adversarial
        first.zero_gradients[rows] += second.zero_gradients
    return first
