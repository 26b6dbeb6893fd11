"""The likelihood-ratio attack, LiRA, offline: is the target surer of an image than models that never saw it?

N. Carlini, S. Chien, M. Nasr, S. Song, A. Terzis, F. Tramer, "Membership Inference Attacks From First
Principles", IEEE S&P 2022, arXiv:2112.03570, equation 4. The online attack, which compares with models that
did see the image as well, needs references trained on the evaluated images, and is not here.

The authors' public code (tensorflow/privacy, research/mi_lira_2021/plot.py) differs from the paper, and from
this file. Its offline score is minus a log-density, which is two-sided: an image that the target is much
*less* sure of than the references counts as a member too (tensorflow/privacy#598); here the test is
one-sided, as in equation 4. It takes the median over references; here that is a setting. Its fixed variance
offline is that over references and images together (online, that of the references which saw the image); here
it is that over references, averaged over images. It averages over augmented queries of an image; here the
image itself is asked once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from evaluations.datasets.images import Images
from evaluations.membership.logit_scaling import of_each_model, scaled_confidence
from evaluations.membership.measuring import evaluated, measurement
from evaluations.membership.references import POOL, references, untrained
from evaluations.method import Context, Measurement, method
from evaluations.target import Target
from sngen.errors import CheckFailed, UsageError

LOCATIONS: dict[str, Callable[..., np.ndarray]] = {"mean": np.mean, "median": np.median}
VARIANCES = ("per-image", "global")


def lira_scores(
    target_logits: np.ndarray, labels: np.ndarray, out_logits: np.ndarray, settings: Mapping[str, Any]
) -> np.ndarray:
    """Member scores float64 [N]: z = (phi - mu_out) / sigma_out, with phi as in ``scaled_confidence``.

    ``target_logits`` [N, K]; ``labels`` int64 [N]; ``out_logits`` [M, N, K] of M >= 2 reference models, none
    of which was trained on any of the images. Equation 4's probability that a model without the image is no
    surer than the target is the normal distribution function of z. That has the same order, but rounds to 1
    from z = 8.3 on and ties the surest members, so z itself is the score.

    Settings: ``location``, ``mean`` or ``median`` over the references; ``variance``, ``per-image`` (unbiased,
    over the references) or ``global`` (its mean over the images), for when references are so few that one
    image's spread is mostly noise. Raises ``UsageError`` for other settings and for fewer than
    two references, ``CheckFailed`` for wrong shapes, numbers that are not finite, and references that agree
    to the last bit.
    """
    location, variance = _checked(settings)
    phi = scaled_confidence(target_logits, labels)
    of_references = of_each_model(scaled_confidence, out_logits, labels)
    if len(of_references) < 2:
        raise UsageError("LiRA: one reference model, expected at least two: a spread has to be estimated.")
    spread = _spread(of_references, variance)
    z: np.ndarray = (phi - LOCATIONS[location](of_references, axis=0)) / spread
    return z


def _checked(settings: Mapping[str, Any]) -> tuple[str, str]:
    location, variance = settings["location"], settings["variance"]
    if location not in LOCATIONS or variance not in VARIANCES:
        raise UsageError(
            f"LiRA: location is {location!r}, expected {' or '.join(LOCATIONS)}; variance is {variance!r}, "
            f"expected {' or '.join(VARIANCES)}."
        )
    return location, variance


def _spread(of_references: np.ndarray, variance: str) -> np.ndarray:
    """sigma_out of each image, float64 [N] or [1], of phi [M, N]."""
    squared = of_references.var(axis=0, ddof=1)
    if variance == "global":
        squared = squared.mean(keepdims=True)
    if not (squared > 0).all():
        raise CheckFailed(
            f"LiRA: for {int((squared <= 0).sum())} images all {len(of_references)} reference models give "
            "the same logit, expected some spread. Check that they are different models."
        )
    spread: np.ndarray = np.sqrt(squared)
    return spread


@method("membership", "lira", version=1, prepare=untrained, prepares_on=(POOL,))
def lira_attack(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """How well offline LiRA tells members. Settings: ``batch_size``, ``reference_models``, ``location``,
    ``variance``."""
    members, nonmembers = evaluated(data, settings)
    models = references(data, settings, context.folders)
    scores = [
        lira_scores(
            target.logits(side, settings["batch_size"]), side.labels, models.all_logits(side), settings
        )
        for side in (members, nonmembers)
    ]
    return measurement(scores[0], scores[1], members, nonmembers, seed)
