"""The robust membership inference attack, RMIA, offline: how often does an image beat a random other one?

S. Zarifzadeh, P. Liu, R. Shokri, "Low-Cost High-Power Membership Inference Attacks", ICML 2024,
arXiv:2312.03262. Both sides of the comparison are how much
likelier the target finds an image's label than models in general do: p / p-bar, and p-bar is estimated from
reference models that did not see the image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import logsumexp

from evaluations.datasets.images import Images
from evaluations.membership.logit_scaling import label_log_probability, of_each_model
from evaluations.membership.measuring import SETTING, evaluated, measurement
from evaluations.membership.references import POOL, references, untrained
from evaluations.membership.roc import Roc
from evaluations.method import Context, Measurement, method
from evaluations.target import Target
from sngen.errors import CheckFailed, UsageError
from sngen.results import ArrayEntry

#: Values of ``a`` among which ``tuned_a`` chooses.
CANDIDATES = tuple(step / 10 for step in range(11))


def rmia_scores(
    target_logits_x: np.ndarray,
    labels_x: np.ndarray,
    out_logits_x: np.ndarray,
    target_logits_z: np.ndarray,
    labels_z: np.ndarray,
    out_logits_z: np.ndarray,
    out_mask_z: np.ndarray,
    settings: Mapping[str, Any],
) -> np.ndarray:
    """Member scores float64 [Nx] in [0, 1]: the share of z with (p_x / p-bar_x) / (p_z / p-bar_z) >= gamma.

    ``target_logits_x`` [Nx, K], ``labels_x`` int64 [Nx] and ``out_logits_x`` [M, Nx, K] are of the evaluated
    images, which no reference model was trained on. Those of z are of the population: any images that are
    not evaluated. ``out_mask_z`` bool [M, Nz] says which reference models were *not* trained on each, and
    only these enter p-bar_z. The pool of the reference models serves: there, half of them were not.

    p is the softmax probability of the label, with no temperature and no margin. Settings: ``gamma`` > 0;
    ``a`` in [0, 1] of p-bar = ((1 + a) * mean p_out + 1 - a) / 2, which makes up for the references that saw
    the image and are not there (see ``tuned_a``).

    For one target the score is a rising step function of p_x / p-bar_x, with Nz steps, whatever z and gamma
    are. A population that the target was trained on moves the steps up, and so can tie images; so does a
    large gamma. With gamma = 2 and a = 1 nearly every image is tied, where references are as good as the
    target. O((Nx + Nz) log Nz). Raises ``UsageError`` for settings out of range and ``CheckFailed`` for wrong
    shapes, numbers that are not finite, and a z that every reference model was trained on.
    """
    gamma, a = settings["gamma"], settings["a"]
    if not gamma > 0 or not 0 <= a <= 1:
        raise UsageError(f"RMIA: gamma is {gamma}, expected above 0; a is {a}, expected 0 to 1.")
    every_model = np.ones(out_logits_x.shape[:2], dtype=np.bool_)
    ratio_x = log_ratio(target_logits_x, labels_x, out_logits_x, every_model, a)
    ratio_z = np.sort(log_ratio(target_logits_z, labels_z, out_logits_z, out_mask_z, a))
    beaten = np.searchsorted(ratio_z, ratio_x - np.log(gamma), side="right")
    return beaten / len(ratio_z)


def log_ratio(
    target_logits: np.ndarray, labels: np.ndarray, out_logits: np.ndarray, out_mask: np.ndarray, a: float
) -> np.ndarray:
    """log(p / p-bar), float64 [N]; ``out_mask`` bool [M, N]: the models not trained on each image."""
    of_target = label_log_probability(target_logits, labels)
    of_references = of_each_model(label_log_probability, out_logits, labels)
    return of_target - _log_average(of_references, out_mask, a)


def tuned_a(pool_logits: np.ndarray, labels: np.ndarray, in_mask: np.ndarray) -> float:
    """The ``a`` that attacks the reference models best, whose members are known: one of 0, 0.1, ... 1.

    ``pool_logits`` [M, N, K] of all reference models on their pool; ``labels`` int64 [N]; ``in_mask`` bool
    [M, N], models 2k and 2k + 1 trained on two halves of it. Each model in turn plays the target; references
    are all others but its twin, which was trained on exactly what the target was not. Chosen is the greatest
    mean AUC of p / p-bar, which is that of the score up to ties; of equal ones the smallest. Raises
    ``UsageError`` for fewer than four models or an odd number.
    """
    models = len(pool_logits)
    if models < 4 or models % 2:
        raise UsageError(
            f"RMIA: {models} reference models, expected an even number from 4 to tune a on; or fix a."
        )
    log_p = of_each_model(label_log_probability, pool_logits, labels)
    areas = np.array(
        [[_area_against(target, log_p, in_mask, a) for a in CANDIDATES] for target in range(models)]
    )
    return CANDIDATES[int(areas.mean(axis=0).argmax())]


def _area_against(target: int, log_p: np.ndarray, in_mask: np.ndarray, a: float) -> float:
    """AUC of the attack on one reference model by the others but its twin."""
    others = np.arange(len(log_p)) // 2 != target // 2
    ratio = log_p[target] - _log_average(log_p[others], ~in_mask[others], a)
    return Roc.of(ratio[in_mask[target]], ratio[~in_mask[target]]).auc


def _log_average(log_p: np.ndarray, out_mask: np.ndarray, a: float) -> np.ndarray:
    """log p-bar, float64 [N], of log p [M, N]; only models of the mask bool [M, N] count."""
    if out_mask.shape != log_p.shape or out_mask.dtype != np.bool_:
        raise CheckFailed(
            f"RMIA: mask of the reference models {out_mask.dtype} {list(out_mask.shape)}, expected bool "
            f"{list(log_p.shape)}."
        )
    models = out_mask.sum(axis=0)
    if not models.all():
        raise CheckFailed(
            f"RMIA: {int((models == 0).sum())} images were seen by every reference model, expected at "
            "least one model that was not trained on each."
        )
    # Logarithms throughout: with a = 1, probabilities of surely wrong labels would reach 0.
    mean_out = logsumexp(np.where(out_mask, log_p, -np.inf), axis=0) - np.log(models)
    if a == 1:
        return np.asarray(mean_out)
    return np.logaddexp(np.log((1 + a) / 2) + mean_out, np.log((1 - a) / 2))


@method("membership", "rmia", version=1, prepare=untrained, prepares_on=(POOL,))
def rmia_attack(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """How well offline RMIA tells members, with the pool as its population and ``a`` tuned on the reference
    models. Settings: ``batch_size``, ``reference_models``, ``gamma``. The array ``tuned-a`` has the ``a``."""
    members, nonmembers = evaluated(data, settings)
    models = references(data, settings, context.folders)
    pool = models.pool
    of_pool = models.all_logits(pool)
    in_mask = np.stack([models.in_mask(index) for index in range(len(models))])
    a = tuned_a(of_pool, pool.labels, in_mask)
    population = target.logits(pool, settings["batch_size"]), pool.labels, of_pool, ~in_mask
    scores = [
        rmia_scores(
            target.logits(side, settings["batch_size"]), side.labels, models.all_logits(side), *population,
            {"gamma": settings["gamma"], "a": a},
        )
        for side in (members, nonmembers)
    ]  # fmt: skip
    found = measurement(scores[0], scores[1], members, nonmembers, seed)
    chosen = ArrayEntry(SETTING, "tuned-a", "gamma", "a", (float(settings["gamma"]),), (a,))
    return replace(found, arrays=(*found.arrays, chosen))
