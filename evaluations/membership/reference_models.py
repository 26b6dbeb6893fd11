"""Reference models: networks of one architecture, each trained on its own half of a pool of images.

They are trained once per pool and settings, and then serve every target on that dataset: the pool is disjoint
from the evaluated members and non-members, so no reference model has seen any of these. Attacks call them
reference, shadow or out models.

In the cache, ``reference-models/`` notes which weights came out of which settings, ``blobs/<sha256>`` has the
weights, ``reference-logits/`` what they answered. All of it may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout
from safetensors.torch import load_file, save
from torch import nn

from evaluations.datasets.images import Images
from evaluations.membership.pool_halves import in_half
from evaluations.membership.reference_settings import ReferenceSettings
from evaluations.membership.reference_training import on_pixels, train
from evaluations.one_thread import one_thread
from evaluations.products import find_weights, keep_weights
from sngen.canonical import content_hash
from sngen.errors import CheckFailed, UsageError
from sngen.settings import Settings
from sngen.whole_files import write_files
from sngen.zoo.architectures import OPEN_FAMILIES, loaders
from sngen.zoo.weights import find_blob

#: Modules whose source decides the weights, beside the architecture's own. Any change in them trains anew.
CODE = (
    "evaluations.membership.pool_halves",
    "evaluations.membership.reference_training",
    "sngen.zoo.architectures.sequence",
    "sngen.zoo.on_pixels",
)
#: Packages that initialise the networks of these open families.
PACKAGES = {"timm/": "timm", "torchvision/": "torchvision"}
#: Images in one forward pass.
BATCH = 500


class ReferenceModels:
    """The reference models of one pool under one set of settings.

    ``settings`` are the fields of ``ReferenceSettings``; ``pool`` are the images to be halved, with the
    labels that are taught; ``folders`` has the cache. Raises ``UsageError`` for settings that are wrong.
    """

    def __init__(self, settings: Mapping[str, Any], pool: Images, folders: Settings) -> None:
        self.settings = ReferenceSettings.of(settings)
        self.settings.check_channels(pool)
        self.pool = pool
        self.folders = folders

    def __len__(self) -> int:
        return self.settings.models

    def in_mask(self, index: int) -> np.ndarray:
        """Which images of the pool the model is trained on: bool [N]."""
        return in_half(self.pool, self._checked(index))

    def name(self, index: int) -> str:
        """Eight digits that stand for everything that decides the model's weights."""
        return self._entry(index).stem[:8]

    def missing(self) -> list[int]:
        """The models whose weights are not in the cache."""
        return [index for index in range(len(self)) if self._known_sha256(index) is None]

    def ready(self) -> bool:
        """Whether all of them are in the cache."""
        return not self.missing()

    def train(self, index: int) -> None:
        """Train one model into the cache if it is not there, after waiting for whoever is training it.

        Raises ``CheckFailed`` for a training that diverges.
        """
        self._train_locked(index, wait=True)

    def train_missing(self) -> None:
        """Train all that are not in the cache.

        Several processes share the work: each takes the models that no other is training, and at the end
        waits for those of the others. A process that dies loses only the model it was at.
        """
        in_work_elsewhere = [index for index in self.missing() if not self._train_locked(index, wait=False)]
        for index in in_work_elsewhere:
            self._train_locked(index, wait=True)

    def networks(self) -> list[nn.Module]:
        """All models in eval mode: pixels float32 [B, C, H, W] in [0, 1] to logits [B, K].

        Raises ``UsageError`` while some are not trained.
        """
        return [self._network(self._sha256(index)) for index in range(len(self))]

    def logits(self, index: int, images: Images) -> np.ndarray:
        """The model's logits of all images, float32 [N, K]; computed on one thread, once for every target.

        Raises ``UsageError`` if the model is not trained, ``CheckFailed`` for a damaged file in the cache.
        """
        sha256 = self._sha256(index)
        path = self.folders.cache / "reference-logits" / f"{self._logits_key(sha256, images)}.npy"
        if not path.is_file():
            stream = io.BytesIO()
            np.save(stream, _logits(self._network(sha256), images), allow_pickle=False)
            write_files({path: stream.getvalue()})
        return _read_logits(path, images)

    def all_logits(self, images: Images) -> np.ndarray:
        """The logits of every model: float32 [M, N, K]."""
        return np.stack([self.logits(index, images) for index in range(len(self))])

    def _train_locked(self, index: int, wait: bool) -> bool:
        """Whether the model is there now. Without waiting it may be False: another process has the lock."""
        entry = self._entry(index)
        entry.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(entry.with_suffix(".lock"), blocking=wait):
                if self._known_sha256(index) is None:
                    self._train_into(index, entry)
        except Timeout:
            return False
        return True

    def _train_into(self, index: int, entry: Path) -> None:
        chosen = np.flatnonzero(self.in_mask(index))
        half = replace(
            self.pool,
            pixels=self.pool.pixels[chosen],
            labels=self.pool.labels[chosen],
            ids=self.pool.ids[chosen],
        )
        tensors = train(self.settings, index, half)
        if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
            raise CheckFailed(
                f"reference model {index} for {self.pool.dataset_id}, {self.settings.architecture}: weights "
                f"that are not finite after training with lr {self.settings.lr}. Lower the learning rate."
            )
        keep_weights(entry, save(tensors), self._key(index), self.folders)

    def _network(self, sha256: str) -> nn.Module:
        network = on_pixels(self.settings, self.pool)
        network.network.load_state_dict(load_file(find_blob(sha256, self.folders)))
        return network.eval().requires_grad_(False)

    def _sha256(self, index: int) -> str:
        sha256 = self._known_sha256(self._checked(index))
        if sha256 is None:
            raise UsageError(
                f"reference model {index} for {self.pool.dataset_id}, {self.settings.architecture}: not "
                "trained yet. Call train_missing first."
            )
        return sha256

    def _known_sha256(self, index: int) -> str | None:
        return find_weights(self._entry(index), self.folders)

    def _entry(self, index: int) -> Path:
        """The cache's note of the weights that came out of these settings, pool, code and torch."""
        return self.folders.cache / "reference-models" / f"{content_hash(self._key(index))}.json"

    def _key(self, index: int) -> dict[str, object]:
        # How many models there are decides none of them: more can be added to those that are trained.
        settings = {name: value for name, value in asdict(self.settings).items() if name != "models"}
        return {
            "settings": settings,
            "index": self._checked(index),
            "pool": self.pool.fingerprint,
            **made_by(self.settings.architecture),
        }

    def _logits_key(self, sha256: str, images: Images) -> str:
        network = {name: getattr(self.settings, name) for name in ("architecture", "mean", "std")}
        made = made_by(self.settings.architecture)
        return content_hash({"weights": sha256, "images": images.fingerprint, **network, **made})

    def _checked(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise UsageError(f"reference model {index}: expected 0 to {len(self) - 1}.")
        return index


def _logits(network: nn.Module, images: Images) -> np.ndarray:
    with one_thread(), torch.no_grad():
        return np.concatenate([network(x).numpy() for x, _ in images.batches(BATCH)])


def _read_logits(path: Path, images: Images) -> np.ndarray:
    try:
        logits: np.ndarray = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise CheckFailed(f"{path}: cannot be read ({error}). Delete it.") from error
    expected = (len(images), images.num_classes)
    if logits.dtype != np.float32 or logits.shape != expected:
        raise CheckFailed(
            f"{path}: {logits.dtype} {list(logits.shape)}, expected float32 {list(expected)}. Delete it."
        )
    return logits


def made_by(architecture: str, code: Sequence[str] = CODE) -> dict[str, str]:
    """Code and packages that decide weights and logits: modules by name, and the architecture's own."""
    family = next((beginning for beginning in OPEN_FAMILIES if architecture.startswith(beginning)), None)
    own = f"sngen.zoo.architectures.{OPEN_FAMILIES[family]}" if family else loaders().get(architecture)
    modules = [*code, *([own] if own else [])]
    packages = ["torch", *([PACKAGES[family]] if family in PACKAGES else [])]
    digest = hashlib.sha256(b"\0".join(_source(module) for module in modules)).hexdigest()
    return {"code": digest, **{package: importlib.metadata.version(package) for package in packages}}


def _source(module: str) -> bytes:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ImportError(f"the source of {module} is needed as part of a cache key and was not found")
    return Path(spec.origin).read_bytes()
