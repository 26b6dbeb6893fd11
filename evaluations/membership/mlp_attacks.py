"""The study's MLP attacks: a network that was trained on a reference model's posteriors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluations.datasets.images import Images
from evaluations.membership.measuring import evaluated, measurement
from evaluations.membership.mlp import scores, sorted_posteriors, train_attack
from evaluations.membership.posteriors import log_softmax
from evaluations.membership.references import POOL, references, shadow, untrained
from evaluations.method import Context, Measurement, method
from evaluations.target import Target

TOP = 3


@method("membership", "mlp-full", version=1, prepare=untrained, prepares_on=(POOL,))
def mlp_full(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """How well a network on all posteriors, in falling order, tells members.

    It learns from the answers of the first ``shadow_models`` reference models to their pool. Settings:
    ``batch_size``, ``reference_models``, ``shadow_models``, and under ``attack`` those of ``train_attack``.
    """
    return _measure(None, target, data, settings, seed, context)


@method("membership", "mlp-top3", version=1, prepare=untrained, prepares_on=(POOL,))
def mlp_top3(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """As ``mlp-full``, on the three largest posteriors."""
    return _measure(TOP, target, data, settings, seed, context)


def _measure(
    largest: int | None, target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int,
    context: Context,
) -> Measurement:  # fmt: skip
    members, nonmembers = evaluated(data, settings)
    models = references(data, settings, context.folders)
    known = shadow(models, settings["shadow_models"])
    network = train_attack(_posteriors(known.logits, largest), known.is_member, settings["attack"], seed)
    found = [
        scores(network, _posteriors(target.logits(side, settings["batch_size"]), largest))
        for side in (members, nonmembers)
    ]
    return measurement(found[0], found[1], members, nonmembers, seed)


def _posteriors(logits: np.ndarray, largest: int | None) -> np.ndarray:
    return sorted_posteriors(np.exp(log_softmax(logits)), largest)
