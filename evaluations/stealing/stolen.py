"""Surrogates by the question that they answer: trained once, and kept by the content of their weights.

In the cache, ``surrogates/`` notes which weights came out of which images, answers and settings, and
``blobs/<sha256>`` has the weights. The attack by transfer asks for the same ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save

from evaluations.datasets.images import Images
from evaluations.membership.reference_models import made_by
from evaluations.method import CPU
from evaluations.products import find_weights, keep_weights
from evaluations.stealing.surrogate_settings import SurrogateSettings
from evaluations.stealing.training import fresh, train
from evaluations.stealing.training_together import Run, train_together
from sngen.canonical import content_hash
from sngen.settings import Settings
from sngen.zoo.cache import locked
from sngen.zoo.on_pixels import OnPixels
from sngen.zoo.weights import find_blob

#: Modules whose source decides the weights, beside the architecture's own.
CODE = (
    "evaluations.stealing.training",
    "evaluations.membership.reference_training",
    "sngen.zoo.architectures.sequence",
    "sngen.zoo.on_pixels",
)
TOGETHER = "evaluations.stealing.training_together"


@dataclass(frozen=True)
class Surrogate:
    """``network`` takes float pixels [B, C, H, W] in [0, 1] and gives logits [B, K]; ``sha256`` names its
    weights."""

    network: OnPixels
    sha256: str


def stolen(
    settings: SurrogateSettings,
    images: Images,
    answers: np.ndarray,
    budget: int,
    seed: int,
    folders: Settings,
    device: str = CPU,
) -> Surrogate:
    """The surrogate of the first ``budget`` images [N, C, H, W] and what the target said of them [N, K].

    Trained on the processor where it is not in the cache; whoever wants the same one waits. ``device``: where
    ``steal_together`` may have trained it. Raises what ``train`` raises.
    """
    asked, told = _first(images, budget), answers[:budget]
    entry = _entry(settings, asked, told, seed, folders, device)
    with locked(entry.name, folders):
        sha256 = find_weights(entry, folders)
        if sha256 is None:
            sha256 = _keep(train(settings, asked, told, seed), settings, Run(budget, seed), entry, folders)
    with torch.random.fork_rng(devices=[]):
        network = fresh(settings, asked, seed)
    network.network.load_state_dict(load_file(find_blob(sha256, folders)))
    return Surrogate(network.eval().requires_grad_(False), sha256)


def steal_together(
    settings: SurrogateSettings,
    images: Images,
    answers: np.ndarray,
    runs: Sequence[Run],
    folders: Settings,
    device: str,
) -> None:
    """Train at once, on ``device``, what of ``runs`` is not in the cache, where ``stolen`` finds it. Budgets
    below one batch are left to ``stolen``."""
    entries = {
        run: _entry(settings, _first(images, run.budget), answers[: run.budget], run.seed, folders, device)
        for run in runs
        if run.budget >= settings.batch
    }
    missing = [run for run, entry in entries.items() if find_weights(entry, folders) is None]
    if missing:
        trained = train_together(settings, images, answers, missing, device)
        for run, tensors in zip(missing, trained, strict=True):
            _keep(tensors, settings, run, entries[run], folders)


def _entry(
    settings: SurrogateSettings,
    asked: Images,
    told: np.ndarray,
    seed: int,
    folders: Settings,
    device: str,
) -> Path:
    """Where the cache notes which weights came out."""
    key = content_hash(
        {
            "settings": asdict(settings),
            "images": asked.fingerprint,
            "answers": hashlib.sha256(np.ascontiguousarray(told).tobytes()).hexdigest(),
            "classes": asked.num_classes,
            "seed": seed,
            **({} if device == CPU else {"device": device}),
            **made_by(settings.architecture, CODE if device == CPU else (*CODE, TOGETHER)),
        }
    )
    return folders.cache / "surrogates" / f"{key}.json"


def _first(images: Images, budget: int) -> Images:
    """``Images.first``, of which none are allowed as well."""
    if budget:
        return images.first(budget)
    return Images(
        images.dataset_id, images.split, images.pixels[:0], images.scale, images.labels[:0], images.ids[:0],
        images.num_classes,
    )  # fmt: skip


def _keep(
    tensors: dict[str, torch.Tensor],
    settings: SurrogateSettings,
    run: Run,
    entry: Path,
    folders: Settings,
) -> str:
    said = {"settings": asdict(settings), "seed": run.seed, "budget": run.budget}
    return keep_weights(entry, save(tensors), said, folders)
