"""Canaries: small networks of our own, clean and poisoned ones, that every run of a detector is tried on.

They are trained once per dataset and settings, and a detector's findings on them once per detector, settings
and images. In the cache, ``canaries/`` has the weights' names, ``canary-detections/`` the findings. All of it
may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save

from evaluations.backdoor import (
    anomaly,
    class_triggers,
    detection,
    input_scores,
    mm_bd,
    neo,
    scale_up,
    screening,
    strip,
    trigger_search,
    triggers,
)
from evaluations.backdoor.detection import CLEAN, VERDICT, Case, Detector
from evaluations.backdoor.triggers import Trigger
from evaluations.datasets.images import Images
from evaluations.membership.reference_models import made_by
from evaluations.membership.reference_settings import ReferenceSettings
from evaluations.membership.reference_training import on_pixels, train
from evaluations.products import find_product, find_weights, keep_product, keep_weights
from evaluations.target import Target
from sngen.canonical import content_hash
from sngen.errors import CheckFailed
from sngen.settings import Settings
from sngen.zoo.cache import locked
from sngen.zoo.weights import find_blob

POOL = "pool"
#: A canary whose trigger works less often than this has no backdoor to be found.
WORKS = 0.9
#: Whose code decides what a detector finds.
DETECTOR_CODE = (
    anomaly, class_triggers, detection, input_scores, mm_bd, neo, scale_up, screening, strip, trigger_search,
    triggers,
)  # fmt: skip


@dataclass(frozen=True)
class Canary:
    """``number`` counts clean and poisoned ones apart; ``goal`` is where a poisoned one's trigger leads."""

    number: int
    goal: int | None

    @property
    def name(self) -> str:
        return f"canary-{'clean' if self.goal is None else 'poisoned'}-{self.number + 1}"


@dataclass(frozen=True)
class Finding:
    """What a detector says of a canary; see ``Detection``."""

    canary: Canary
    index: float | None
    alarm: bool | None
    target: int | None
    separation: float | None
    norms: tuple[float, ...]


def canaries(settings: Mapping[str, Any]) -> list[Canary]:
    """The clean ones, then the poisoned ones, one for each class of ``targets``."""
    clean = [Canary(number, None) for number in range(settings["clean"])]
    return clean + [Canary(number, goal) for number, goal in enumerate(settings["targets"])]


def trigger_of(settings: Mapping[str, Any], pool: Images) -> Trigger:
    """A white square in the lower right corner, the trigger of BadNets (T. Gu et al. 2017)."""
    return Trigger.patch(settings["side"], channels=pool.pixels.shape[1])


def findings(
    name: str, detector: Detector, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int,
    folders: Settings,
) -> list[Finding]:  # fmt: skip
    """What the detector says of every canary, from the cache where it is there."""
    return [
        finding(name, detector, canary, data, settings, seed, folders)
        for canary in canaries(settings["canaries"])
    ]


def absent(
    name: str, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, folders: Settings
) -> list[Canary]:
    """Canaries that the detector has not seen yet."""
    found = []
    for canary in canaries(settings["canaries"]):
        sha256 = find_weights(_entry(canary, data[POOL], settings["canaries"], folders), folders)
        place = None if sha256 is None else _place(name, canary, sha256, data, settings, seed, folders)
        if place is None or find_product(place, folders) is None:
            found.append(canary)
    return found


def finding(
    name: str, detector: Detector, canary: Canary, data: Mapping[str, Images], settings: Mapping[str, Any],
    seed: int, folders: Settings,
) -> Finding:  # fmt: skip
    """Of one canary, which is trained where it is not. Raises ``CheckFailed`` for one whose trigger fails."""
    network, sha256 = trained(canary, data[POOL], settings["canaries"], folders)
    path = _place(name, canary, sha256, data, settings, seed, folders)
    with locked(path.name, folders):
        content = find_product(path, folders)
        if content is None:
            found = _detect(detector, canary, network, sha256, data, settings, seed)
            content = keep_product(path, json.dumps(found).encode(), folders)
    kept = json.loads(content)
    return Finding(canary=canary, **{**kept, "norms": tuple(kept["norms"])})


def _place(
    name: str, canary: Canary, sha256: str, data: Mapping[str, Images], settings: Mapping[str, Any],
    seed: int, folders: Settings,
) -> Path:  # fmt: skip
    """Where the finding is kept, by everything that decides it."""
    key = content_hash(
        {
            "detector": name,
            "canary": sha256,
            "shown": _shown(canary, settings["canaries"]),
            "side": settings["canaries"]["side"],
            "settings": {key: value for key, value in settings.items() if key != "canaries"},
            "seed": seed,
            "images": {role: data[role].fingerprint for role in (CLEAN, VERDICT)},
            "code": _code(),
            **made_by(settings["canaries"]["network"]["architecture"]),
        }
    )
    return folders.cache / "canary-detections" / f"{key}.json"


def _detect(
    detector: Detector, canary: Canary, network: torch.nn.Module, sha256: str, data: Mapping[str, Images],
    settings: Mapping[str, Any], seed: int,
) -> dict[str, Any]:  # fmt: skip
    target = Target(network, canary.name, sha256, torch.get_num_threads())
    trigger = trigger_of(settings["canaries"], data[POOL])
    if canary.goal is not None:
        _check_works(target, trigger, canary, data[VERDICT])
    goal = _shown(canary, settings["canaries"])
    found = detector(Case(target, data, settings, seed, trigger, goal, _at_once))
    return {
        "index": found.index, "alarm": found.alarm, "target": found.target, "separation": found.separation,
        "norms": list(found.norms),
    }  # fmt: skip


def _shown(canary: Canary, settings: Mapping[str, Any]) -> int:
    """Where the trigger leads that the canary is shown. Clean ones are shown it too: a detector of inputs
    must not find it there."""
    return int(settings["targets"][0] if canary.goal is None else canary.goal)


def _at_once(name: str, compute: Callable[[], Mapping[str, np.ndarray]]) -> Mapping[str, np.ndarray]:
    return compute()


def _check_works(target: Target, trigger: Trigger, canary: Canary, images: Images) -> None:
    triggered = trigger.apply(images.pixels, images.scale)[images.labels != canary.goal]
    x = torch.from_numpy(triggered.astype(np.float32)) / images.scale
    with torch.no_grad():
        labels = torch.cat([target(part).argmax(dim=1) for part in x.split(500)]).numpy()
    works = float(np.mean(labels == canary.goal))
    if works < WORKS:
        raise CheckFailed(
            f"{canary.name} on {images.dataset_id}: its trigger works on {works:.1%} of images, expected at "
            f"least {WORKS:.0%}. Poison more images, or train longer."
        )


def trained(
    canary: Canary, pool: Images, settings: Mapping[str, Any], folders: Settings
) -> tuple[torch.nn.Module, str]:
    """The canary's network on pixels, and the SHA-256 of its weights; trained into the cache if need be."""
    how = ReferenceSettings.of(settings["network"])
    images = pool if canary.goal is None else poisoned(pool, settings, canary)
    entry = _entry(canary, pool, settings, folders)
    with locked(entry.name, folders):
        sha256 = find_weights(entry, folders)
        if sha256 is None:
            weights = save(train(how, _number(canary, settings), images))
            sha256 = keep_weights(entry, weights, {"canary": canary.name}, folders)
    network = on_pixels(how, images)
    network.network.load_state_dict(load_file(find_blob(sha256, folders)))
    return network.eval().requires_grad_(False), sha256


def _number(canary: Canary, settings: Mapping[str, Any]) -> int:
    """Counts all canaries, so that no two are trained with the same random numbers."""
    return canary.number + (0 if canary.goal is None else int(settings["clean"]))


def _entry(canary: Canary, pool: Images, settings: Mapping[str, Any], folders: Settings) -> Path:
    """The cache's note of the weights that came out of these settings, pool, code and torch."""
    key = {
        "settings": dict(settings["network"]),
        "number": _number(canary, settings),
        "goal": canary.goal,
        "poisoning": None if canary.goal is None else [settings["side"], settings["rate"]],
        "pool": pool.fingerprint,
        "code": _code(),
        **made_by(settings["network"]["architecture"]),
    }
    return folders.cache / "canaries" / f"{content_hash(key)}.json"


def poisoned(pool: Images, settings: Mapping[str, Any], canary: Canary) -> Images:
    """The pool, with the trigger and its class put on a share ``rate`` of the images of other classes, chosen
    by hash."""
    assert canary.goal is not None
    chosen = np.array(
        [
            label != canary.goal and _share(f"{canary.name}/{image}") < settings["rate"]
            for image, label in zip(pool.ids, pool.labels, strict=True)
        ]
    )
    pixels, labels = pool.pixels.copy(), pool.labels.copy()
    pixels[chosen] = trigger_of(settings, pool).apply(pixels[chosen], pool.scale)
    labels[chosen] = canary.goal
    return replace(pool, pixels=pixels, labels=labels, preparation=canary.name)


def _share(name: str) -> float:
    """Uniform in [0, 1), by the hash of a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) / 2**64


def are_right(found: Sequence[Finding]) -> bool:
    """Whether every poisoned canary stands above every clean one, with its class where a class is named."""
    clean = [one.separation for one in found if one.canary.goal is None]
    poisoned_ones = [one for one in found if one.canary.goal is not None]
    if any(value is None for value in (*clean, *(one.separation for one in poisoned_ones))):
        return False
    highest = max(value for value in clean if value is not None)
    return all(
        one.separation is not None and one.separation > highest and one.target in (None, one.canary.goal)
        for one in poisoned_ones
    )


def _code() -> str:
    sources = "\0".join(inspect.getsource(module) for module in DETECTOR_CODE)
    return hashlib.sha256(sources.encode()).hexdigest()
