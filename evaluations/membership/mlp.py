"""The study's learned attacks: a small network on the target's sorted posteriors.

MLP-full sees all of them, MLP-top3 the three largest. It is trained on the posteriors of a shadow model,
whose members are known, and on nothing of the target. Y. Liu et al., "ML-Doctor", USENIX Security 2022,
arXiv:2102.02551; A. Salem et al., "ML-Leaks", NDSS 2019, arXiv:1806.01246.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from evaluations.one_thread import one_thread
from sngen.errors import CheckFailed

SLACK = 1e-5  # rounding of float32 probabilities and of their sum


def sorted_posteriors(posteriors: np.ndarray, largest: int | None = None) -> np.ndarray:
    """Probabilities [N, K] in falling order, float32 [N, min(K, ``largest``)]; all of them by default.

    Raises ``CheckFailed`` for numbers that are no probabilities: logits, above all.
    """
    _check_probabilities(posteriors)
    sums = posteriors.sum(axis=1)
    if np.abs(sums - 1).max() > SLACK:
        row = int(np.abs(sums - 1).argmax())
        raise CheckFailed(f"posteriors: row {row} sums to {sums[row]}, expected 1.")
    return np.sort(posteriors, axis=1)[:, ::-1][:, :largest].astype(np.float32)


def train_attack(
    posteriors_sorted: np.ndarray, is_member: np.ndarray, settings: Mapping[str, Any], seed: int
) -> nn.Sequential:
    """The attack network, trained on shadow data: posteriors [S, W] and membership bool [S].

    The posteriors are those of ``sorted_posteriors``. Settings: ``hidden``, the widths of the hidden layers
    (ReLU between); ``epochs``; ``batch_size``; ``lr`` of Adam. The network ends in one logit, trained with
    binary cross-entropy; the order of the images is drawn anew each epoch. ``seed`` decides order and initial
    weights; trained on one thread, torch's own random numbers and thread count are left as they were. Raises
    ``CheckFailed`` for what is no sorted probability, for one side missing, and for posteriors that are all
    alike, from which nothing can be learned.
    """
    _check_shadow(posteriors_sorted, is_member)
    x = torch.tensor(posteriors_sorted, dtype=torch.float32)
    wanted = torch.tensor(is_member, dtype=torch.float32)
    order = torch.Generator().manual_seed(seed)
    with one_thread(), torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(seed)
        network = build(x.shape[1], settings["hidden"])
        optimiser = torch.optim.Adam(network.parameters(), lr=settings["lr"])
        for _epoch in range(settings["epochs"]):
            for chosen in torch.randperm(len(x), generator=order).split(settings["batch_size"]):
                optimiser.zero_grad()
                logits = network(x[chosen])[:, 0]
                functional.binary_cross_entropy_with_logits(logits, wanted[chosen]).backward()
                optimiser.step()
    return network.eval().requires_grad_(False)


def scores(network: nn.Sequential, posteriors_sorted: np.ndarray) -> np.ndarray:
    """Member scores float64 [N], the network's logits, of the target's sorted posteriors [N, W].

    W is that of training. Raises ``CheckFailed`` for another width and for what is no sorted probability.
    """
    _check_sorted(posteriors_sorted)
    width = network[0].in_features
    if posteriors_sorted.shape[1] != width:
        raise CheckFailed(
            f"posteriors: found {posteriors_sorted.shape[1]} an image, expected {width}: the shadow model of "
            "the attack has that many. Train it on a shadow model of the target's task."
        )
    with one_thread(), torch.no_grad():
        logits = network(torch.tensor(posteriors_sorted, dtype=torch.float32))[:, 0]
    return logits.double().numpy()


def build(width: int, hidden: list[int]) -> nn.Sequential:
    widths = [width, *hidden]
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], 1))


def _check_probabilities(posteriors: np.ndarray) -> None:
    if posteriors.ndim != 2 or 0 in posteriors.shape:
        raise CheckFailed(f"posteriors: found shape {list(posteriors.shape)}, expected [images, classes].")
    inside = (posteriors >= 0) & (posteriors <= 1 + SLACK)  # false for NaN
    if not inside.all():
        row = int(np.flatnonzero(~inside.all(axis=1))[0])
        raise CheckFailed(
            f"posteriors: row {row} is {posteriors[row]}, expected probabilities from 0 to 1. "
            "Logits go through one softmax first."
        )


def _check_sorted(posteriors_sorted: np.ndarray) -> None:
    _check_probabilities(posteriors_sorted)
    if (np.diff(posteriors_sorted, axis=1) > 0).any():
        raise CheckFailed("posteriors: not in falling order; sort them with 'sorted_posteriors'.")
    if posteriors_sorted.sum(axis=1).max() > 1 + SLACK * posteriors_sorted.shape[1]:
        raise CheckFailed("posteriors: a row sums to more than 1, expected probabilities of classes.")


def _check_shadow(posteriors_sorted: np.ndarray, is_member: np.ndarray) -> None:
    _check_sorted(posteriors_sorted)
    if is_member.shape != posteriors_sorted.shape[:1] or is_member.dtype != np.bool_:
        raise CheckFailed(
            f"shadow membership: found {is_member.dtype} {list(is_member.shape)}, expected bool "
            f"[{len(posteriors_sorted)}], one for each shadow image."
        )
    if is_member.all() or not is_member.any():
        raise CheckFailed(
            f"shadow membership: {int(is_member.sum())} members among {len(is_member)} images, expected some "
            "of either kind."
        )
    if (posteriors_sorted == posteriors_sorted[0]).all():
        raise CheckFailed(
            f"shadow posteriors: all {len(posteriors_sorted)} images have the same, {posteriors_sorted[0]}; "
            "expected a shadow model whose answers depend on the image. Check its training."
        )
