"""The model under evaluation, and the count of what was asked of it."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from evaluations.datasets.images import Images
from evaluations.logit_store import LogitStore
from evaluations.pieces import in_pieces
from sngen.errors import CheckFailed


class Target:
    """A network on pixels in [0, 1] with machine-free counters of its use.

    Each image counts once: in ``forward_backwards`` if it was passed with gradients wanted (with respect
    to the pixels; those of the parameters are off), in ``forwards`` otherwise. ``queries`` counts, on top,
    the images of black-box queries. ``reused`` of the forwards were read from ``store`` and cost nothing: the
    counts say what a method asks for, whatever is there already. Batch normalisation is in eval mode, so an
    image's logits do not depend on the images that share its batch. ``device`` is torch's name of where the
    network computes; pixels may lie elsewhere, and logits come back to where the pixels are. Of a batch no
    more than ``largest_batch`` images are passed at a time, if that is given.
    """

    def __init__(
        self,
        network: nn.Module,
        model_id: str,
        weights_sha256: str,
        threads: int,
        store: LogitStore | None = None,
        device: str = "cpu",
        largest_batch: int | None = None,
    ) -> None:
        self.network = network.to(device).eval().requires_grad_(False)
        self.device = device
        self.model_id = model_id
        self.weights_sha256 = weights_sha256
        self.threads = threads
        self.largest_batch = largest_batch
        self.forwards = 0
        self.forward_backwards = 0
        self.queries = 0
        self.reused = 0
        self._store = store
        self._logits: dict[str, np.ndarray] = {}
        torch.set_num_threads(threads)  # torch knows no smaller scope than the process

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Logits [B, K] of pixels float32 [B, C, H, W] in [0, 1]."""
        if x.requires_grad and torch.is_grad_enabled():
            self.forward_backwards += len(x)
        else:
            self.forwards += len(x)
        logits: torch.Tensor = in_pieces(self.network, x.to(self.device), self.largest_batch)
        return logits.to(x.device)

    def query(self, x: torch.Tensor) -> torch.Tensor:
        """What a black-box attacker gets for pixels [B, C, H, W]: logits [B, K], no gradients, counted."""
        self.queries += len(x)
        with torch.no_grad():
            return self(x)

    def logits(self, images: Images, batch_size: int) -> np.ndarray:
        """Logits float32 [N, K] of all images, computed once per fingerprint and then kept.

        Raises ``CheckFailed`` for logits that are not finite or not one per class.
        """
        if images.fingerprint not in self._logits:
            logits = self._stored(images, batch_size)
            logits.flags.writeable = False
            self._logits[images.fingerprint] = logits
        return self._logits[images.fingerprint]

    def _stored(self, images: Images, batch_size: int) -> np.ndarray:
        if self._store is None:
            return self._computed(images, batch_size)
        logits, was_there = self._store.get(images, batch_size, lambda: self._computed(images, batch_size))
        if was_there:
            self.forwards += len(images)
            self.reused += len(images)
        return logits

    def _computed(self, images: Images, batch_size: int) -> np.ndarray:
        with torch.no_grad():
            logits = np.concatenate([self(x).numpy() for x, _ in images.batches(batch_size)])
        self._check(logits, images)
        return logits

    @property
    def parameters(self) -> int:
        """Number of parameters; the statistics of normalisation layers are not parameters."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    def _check(self, logits: np.ndarray, images: Images) -> None:
        where = f"{self.model_id} on {images.dataset_id}, split {images.split}"
        if logits.shape != (len(images), images.num_classes):
            expected = [len(images), images.num_classes]
            raise CheckFailed(f"{where}: logits of shape {list(logits.shape)}, expected {expected}.")
        if not np.isfinite(logits).all():
            row = int(np.flatnonzero(~np.isfinite(logits).all(axis=1))[0])
            raise CheckFailed(
                f"{where}: logits of image {images.ids[row]} are not finite: {logits[row]}. "
                "Check the weights and the normalisation."
            )
