"""What attacks are given, what they give back, and the proof that an example is one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from evaluations.adversarial.fast_network import judge
from evaluations.adversarial.threat import Norm, Threat, admissible, distance
from evaluations.target import Target
from sngen.errors import CheckFailed, UsageError


@dataclass
class Found:
    """The result of one attack on N images.

    ``adversarial`` float32 [N, C, H, W]: the example where ``fooled`` (bool [N]), the original elsewhere.
    ``queries`` int64 [N]: black-box queries spent on each image (0 for white-box attacks).
    ``zero_gradients`` int64 [N]: gradients that were exactly zero, a sign of masking.
    """

    adversarial: torch.Tensor
    fooled: torch.Tensor
    queries: torch.Tensor
    zero_gradients: torch.Tensor

    @classmethod
    def nothing(cls, x: torch.Tensor) -> Found:
        """No example for any of the images ``x`` [N, C, H, W], nothing spent."""
        n = len(x)
        return cls(
            x.clone(),
            torch.zeros(n, dtype=torch.bool),
            torch.zeros(n, dtype=torch.int64),
            torch.zeros(n, dtype=torch.int64),
        )

    def fooled_at(self, x: torch.Tensor, norm: Norm) -> torch.Tensor:
        """Distance float32 [N] from the originals ``x`` to the examples, infinite where there is none."""
        return torch.where(self.fooled, distance(x, self.adversarial, norm), torch.inf)


def check_inputs(x: torch.Tensor, labels: torch.Tensor, ids: np.ndarray) -> None:
    """Raises ``UsageError`` unless ``x`` is float32 [N, C, H, W] in [0, 1] with one label and id for each.

    Ids are distinct: they decide the noise.
    """
    if x.dtype != torch.float32 or x.ndim != 4:
        raise UsageError(f"pixels are {x.dtype} {list(x.shape)}; expected torch.float32 [N, C, H, W].")
    if labels.shape != (len(x),) or labels.dtype != torch.int64 or len(ids) != len(x):
        raise UsageError(
            f"{len(x)} images with labels {labels.dtype} {list(labels.shape)} and {len(ids)} ids; "
            "expected one int64 label and one id for each."
        )
    if len(np.unique(np.asarray(ids))) != len(ids):
        raise UsageError("image ids are not distinct; two images of one id would get the same noise.")
    outside = ~((x >= 0) & (x <= 1)).flatten(1).all(dim=1)
    if outside.any():
        row = int(torch.nonzero(outside)[0])
        raise UsageError(
            f"{int(outside.sum())} of {len(x)} images have pixels outside [0, 1]; image {int(ids[row])} goes "
            f"from {float(x[row].min())} to {float(x[row].max())}. Normalisation belongs into the network."
        )


def check_logits(logits: torch.Tensor, ids: np.ndarray, model_id: str) -> None:
    """Raises ``CheckFailed`` naming the images ``ids`` whose logits [N, K] are not finite."""
    if math.isfinite(float(logits.sum())):  # no sum is finite with a term that is not, and it is quick to see
        return
    broken = ~torch.isfinite(logits).all(dim=1)
    if broken.any():
        names = [int(ids[row]) for row in torch.nonzero(broken).flatten()[:10]]
        raise CheckFailed(
            f"{model_id}: logits of {int(broken.sum())} images under attack are not finite: image "
            f"{', '.join(map(str, names))}. Check the weights and the normalisation."
        )


def confirm(
    target: Target,
    x: torch.Tensor,
    labels: torch.Tensor,
    ids: np.ndarray,
    threat: Threat,
    found: Found,
    batch_size: int,
) -> Found:
    """``found`` with only those examples kept that are examples.

    An example is kept if the target (the original of a ``FastTarget``) gives it a wrong label in a fresh
    float32 forward pass, which is counted, and it is in the threat; elsewhere ``fooled`` is false and the
    original stands.
    """
    adversarial, fooled = found.adversarial.clone(), found.fooled.clone()
    claimed = torch.nonzero(found.fooled).flatten()
    for rows in claimed.split(batch_size) if len(claimed) else ():  # nothing splits into one empty part
        examples = found.adversarial[rows]
        with torch.no_grad():
            logits = judge(target)(examples)
        check_logits(logits, np.asarray(ids)[rows.numpy()], target.model_id)
        kept = (logits.argmax(dim=1) != labels[rows]) & admissible(x[rows], examples, threat)
        fooled[rows] = kept
        adversarial[rows[~kept]] = x[rows[~kept]]
    return Found(adversarial, fooled, found.queries, found.zero_gradients)
