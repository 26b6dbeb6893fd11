"""The study's MLP attacks: a network that was trained on a reference model's posteriors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load, save
from torch import nn

from evaluations.datasets.images import Images
from evaluations.membership import mlp
from evaluations.membership.measuring import evaluated, measurement
from evaluations.membership.posteriors import log_softmax
from evaluations.membership.references import POOL, Shadow, references, shadow, untrained
from evaluations.method import Context, Measurement, method
from evaluations.products import find_product, keep_product
from evaluations.target import Target
from sngen.canonical import content_hash
from sngen.settings import Settings
from sngen.zoo.cache import locked

FOLDER = "attack-networks"
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
    network = attack_network(
        shadow(models, settings["shadow_models"]), largest, settings["attack"], seed, context.folders
    )
    found = [
        mlp.scores(network, _posteriors(target.logits(side, settings["batch_size"]), largest))
        for side in (members, nonmembers)
    ]
    return measurement(found[0], found[1], members, nonmembers, seed)


def attack_network(
    known: Shadow, largest: int | None, settings: Mapping[str, Any], seed: int, folders: Settings
) -> nn.Sequential:
    """The network that ``train_attack`` gives, kept in the cache by all that decides it: one for all targets.

    ``largest``: how many of the posteriors it sees, all where None.
    """
    posteriors = _posteriors(known.logits, largest)
    key = {
        "posteriors": hashlib.sha256(posteriors.tobytes()).hexdigest(),
        "is_member": hashlib.sha256(known.is_member.tobytes()).hexdigest(),
        "settings": dict(settings),
        "seed": seed,
        "code": hashlib.sha256(Path(mlp.__file__).read_bytes()).hexdigest(),
        "torch": torch.__version__,
    }
    path = folders.cache / FOLDER / f"{content_hash(key)}.safetensors"
    with locked(path.name, folders):
        content = find_product(path, folders)
        if content is None:
            trained = mlp.train_attack(posteriors, known.is_member, settings, seed)
            content = keep_product(path, save(trained.state_dict()), folders)
    network = mlp.build(posteriors.shape[1], settings["hidden"])
    network.load_state_dict(load(content))
    return network.eval().requires_grad_(False)


def _posteriors(logits: np.ndarray, largest: int | None) -> np.ndarray:
    return mlp.sorted_posteriors(np.exp(log_softmax(logits)), largest)
