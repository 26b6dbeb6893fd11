"""STRIP: an input whose label survives being mixed with other images carries a trigger.

Y. Gao et al., "STRIP: A Defence Against Trojan Attacks on Deep Neural Networks", ACSAC 2019,
arXiv:1902.06531.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.stats import norm

from evaluations.backdoor.detection import (
    CLEAN,
    CONSTANT,
    Case,
    Detection,
    gives_probabilities,
    log_posteriors,
)
from evaluations.backdoor.input_scores import input_detection, judged
from sngen.results import ScoreEntry

#: "sum": clipped sum of both, as the authors' code; "mean": half and half.
MIXTURES = {
    "sum": lambda x, overlay: (x + overlay).clamp(0, 1),
    "mean": lambda x, overlay: (x + overlay) / 2,
}


def strip(case: Case) -> Detection:
    """The share of images with a mean entropy below what clean ones have.

    Settings: ``overlays`` an image is mixed with, ``threshold_images`` (both from the role ``clean``,
    disjoint), ``images`` judged (role ``verdict``), ``mixture`` (see ``MIXTURES``) and ``rejected``, the
    share of clean inputs that may be flagged: the threshold is that quantile of a normal fitted to their
    entropies. Suspicion is minus the entropy, in bits. STRIP judges inputs; it has no verdict on a model.
    """
    settings = case.settings
    clean = case.enough(CLEAN, settings["threshold_images"] + settings["overlays"])
    if case.is_constant():
        return Detection(status=CONSTANT)
    overlay = clean.after(settings["threshold_images"]).tensor()
    reference = mean_entropies(case, clean.first(settings["threshold_images"]).tensor(), overlay)
    images, triggered, other = judged(case, settings["images"])
    entropies = mean_entropies(case, images.tensor(), overlay)
    of_triggered = None
    if triggered is not None:
        x = torch.from_numpy(triggered[other].astype(np.float32)) / images.scale
        of_triggered = -mean_entropies(case, x, overlay)
    threshold = float(norm.ppf(settings["rejected"], reference.mean(), reference.std(ddof=1)))
    empirical = entropies < np.quantile(reference, settings["rejected"])
    extra = ScoreEntry(
        "empirical-quantile", "false_positive_rate", float(empirical.mean()), len(empirical),
        ci_method="none: beside the normal quantile",
    )  # fmt: skip
    return input_detection(
        images, -entropies, of_triggered, -threshold, "minus the mean entropy, in bits", (extra,)
    )


def mean_entropies(case: Case, x: torch.Tensor, overlays: torch.Tensor) -> np.ndarray:
    """Of each of ``x`` [N, C, H, W]: the entropy of the answer, in bits, averaged over its mixtures with
    all of
    the ``overlays`` [M, C, H, W]. float64 [N]; N M queries."""
    mix = MIXTURES[case.settings["mixture"]]
    probabilities = gives_probabilities(case.target.logits(case.data[CLEAN], case.settings["batch_size"]))
    entropies = []
    for image in x:
        parts = [
            _entropy(log_posteriors(case.target.query(mix(image, part)).double(), probabilities))
            for part in overlays.split(case.settings["batch_size"])
        ]
        entropies.append(float(torch.cat(parts).mean()))
    return np.array(entropies)


def _entropy(log_p: torch.Tensor) -> torch.Tensor:
    """Entropy [B] in bits, over the classes."""
    return -(log_p.exp() * log_p).sum(dim=1) / np.log(2)
