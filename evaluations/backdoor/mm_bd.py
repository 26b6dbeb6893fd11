"""MM-BD: the class that a backdoor leads to has a larger margin than any other. No image is needed.

H. Wang et al., "MM-BD: Post-Training Detection of Backdoor Attacks with Arbitrary Backdoor Pattern Types
Using a Maximum Margin Statistic", IEEE S&P 2024, arXiv:2205.06900.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.stats import gamma

from evaluations.backdoor.detection import (
    CLEAN,
    DEFAULT,
    TWO_CLASSES,
    Case,
    Detection,
    gives_probabilities,
    log_posteriors,
)
from sngen.errors import CheckFailed
from sngen.results import ArrayEntry, ScoreEntry

#: Published: alarm below it.
LEVEL = 0.05
#: A class needs this many others that a distribution is fitted to.
FEWEST = 4


def mm_bd(case: Case) -> Detection:
    """Index is -log10 of the p-value of the largest margin; alarm at p < 0.05.

    Settings: ``starts``, random images per class; ``steps`` of size ``lr`` of gradient ascent on the margin,
    within [0, 1]; ``seeds``, of whose p-values the median counts. A gamma distribution of two parameters is
    fitted to the margins of the other classes (the authors' code also fits its origin, three parameters to
    nine numbers); p = 1 - F(largest)^K. Steps are plain: the authors' optimiser is made anew in every step,
    so that its momentum never acts. Of a network that ends in a softmax the margin is one of
    log-probabilities, which is that of the logits.
    """
    classes = case.data[CLEAN].num_classes
    if classes <= FEWEST:
        return Detection(status=TWO_CLASSES if classes == 2 else "not-applicable-few-classes")
    seeds = range(case.seed, case.seed + case.settings["seeds"])
    margins = np.stack([_margins(case, classes, seed) for seed in seeds])
    p_values = np.array([p_value(row) for row in margins])
    chosen = int(np.argsort(p_values, kind="stable")[len(p_values) // 2])
    p, index = float(p_values[chosen]), float(-np.log10(max(p_values[chosen], 1e-300)))
    n = case.settings["starts"]
    scores = [ScoreEntry("gamma", "p_value", p, n, ci_method="none: median over seeds")]
    scores += [
        ScoreEntry(f"seed-{number}", "p_value", float(value), n, ci_method="none: one seed")
        for number, value in enumerate(p_values)
    ]
    target = int(margins[chosen].argmax())
    if case.goal is not None:
        scores.append(ScoreEntry(DEFAULT, "target_found", float(target == case.goal), 1, ci_method="none"))
    meaning = "largest margin of logits"
    array = ArrayEntry(
        DEFAULT, "margin-by-class", "class", meaning, tuple(map(float, range(classes))),
        tuple(margins[chosen].tolist()),
    )  # fmt: skip
    return Detection(
        index=index, alarm=p < LEVEL, target=target, separation=index, norms=(), scores=tuple(scores),
        arrays=(array,),
    )  # fmt: skip


def p_value(margins: np.ndarray) -> float:
    """Of the largest of K margins [K], under the gamma distribution of the K - 1 others.

    Margins that are not positive are no gamma numbers: they count as the smallest positive one.
    """
    largest = int(margins.argmax())
    others = np.delete(margins, largest)
    positive = others[others > 0]
    if not len(positive):
        return 1.0
    others = np.maximum(others, positive.min())
    if np.ptp(others) == 0:
        return 1.0 if margins[largest] <= others[0] else 0.0
    shape, _, scale = gamma.fit(others, floc=0)
    below = gamma.logcdf(margins[largest], shape, scale=scale)
    return float(-np.expm1(len(margins) * below))


def _margins(case: Case, classes: int, seed: int) -> np.ndarray:
    """The largest margin of each class, float64 [K]."""

    def compute() -> dict[str, np.ndarray]:
        return {"margins": np.array([_ascend(case, number, seed) for number in range(classes)])}

    return np.asarray(case.step(f"seed-{seed}", compute)["margins"])


def _ascend(case: Case, number: int, seed: int) -> float:
    settings, shape = case.settings, case.data[CLEAN].pixels.shape[1:]
    drawn = np.random.Generator(np.random.Philox(key=[seed, number])).random(
        (settings["starts"], *shape), dtype=np.float32
    )
    x = torch.from_numpy(drawn)
    clean = case.target.logits(case.data[CLEAN], settings["batch_size"])
    probabilities = gives_probabilities(clean)
    best = -np.inf
    with torch.enable_grad():
        for step in range(settings["steps"] + 1):
            x = x.detach().requires_grad_(step < settings["steps"])
            outputs = log_posteriors(case.target(x), True) if probabilities else case.target(x)
            others = outputs.clone()
            others[:, number] = -torch.inf
            margin = outputs[:, number] - others.amax(dim=1)
            best = max(best, float(margin.detach().max()))
            if step < settings["steps"]:
                (gradient,) = torch.autograd.grad(margin.sum(), x)
                x = (x.detach() + settings["lr"] * gradient).clamp(0, 1)
    if not np.isfinite(best):
        raise CheckFailed(f"{case.target.model_id}: margin of class {number} is {best}. Check the weights.")
    return best
