"""What white-box attacks raise: one loss for each image, never averaged over a batch.

A loss takes logits [B, K], the true labels int64 [B] and target classes int64 [B] (which untargeted losses
do not read) and gives [B].
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

from sngen.errors import UsageError

Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]

SMALL = 1e-12  # keeps a ratio of equal logits finite, as in the reference


def cross_entropy(logits: torch.Tensor, labels: torch.Tensor, _classes: torch.Tensor) -> torch.Tensor:
    """-log of the softmax at the true label."""
    return functional.cross_entropy(logits, labels, reduction="none")


def dlr(logits: torch.Tensor, labels: torch.Tensor, _classes: torch.Tensor) -> torch.Tensor:
    """Difference of logits ratio (Croce and Hein, 2003.01690, eq. 6): positive where the label is wrong.

    Raises ``UsageError`` below 3 classes, where the third largest logit is not there.
    """
    if logits.shape[1] < 3:
        raise UsageError(f"the DLR loss needs 3 classes or more, found {logits.shape[1]}; use cross-entropy.")
    ordered = logits.sort(dim=1).values
    own = _at(logits, labels)
    best_other = torch.where(logits.argmax(dim=1) == labels, ordered[:, -2], ordered[:, -1])
    return -(own - best_other) / (ordered[:, -1] - ordered[:, -3] + SMALL)


def targeted_dlr(logits: torch.Tensor, labels: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Targeted DLR (2003.01690, eq. 7): positive where the target class is above the label.

    Raises ``UsageError`` below 4 classes, where the fourth largest logit is not there.
    """
    require_targeted_dlr(logits.shape[1])
    ordered = logits.sort(dim=1).values
    scale = ordered[:, -1] - 0.5 * (ordered[:, -3] + ordered[:, -4]) + SMALL
    return -(_at(logits, labels) - _at(logits, classes)) / scale


def require_targeted_dlr(classes: int) -> None:
    """Raises ``UsageError`` where a model has too few classes for the targeted DLR loss."""
    if classes < 4:
        raise UsageError(
            f"the targeted DLR loss needs 4 classes or more, found {classes}; use cross-entropy."
        )


def _at(logits: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    return logits.gather(1, classes[:, None])[:, 0]
