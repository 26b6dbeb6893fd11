"""Cases for detectors: networks whose answers can be worked out by hand, and settings that take a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from evaluations.backdoor.detection import CLEAN, VERDICT, Case
from evaluations.backdoor.triggers import Trigger
from evaluations.datasets import Images
from evaluations.target import Target

SEARCH: dict[str, Any] = {
    "batch_size": 250, "images": 250, "seeds": 1, "together": 10, "steps": 60, "batches": 4, "batch": 32,
    "lr": 0.1, "success": 0.99, "patience": 5, "stale": 25,
}  # fmt: skip


def at_once(name: str, compute: Callable[[], Mapping[str, np.ndarray]]) -> Mapping[str, np.ndarray]:
    return compute()


def case(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], trigger: Trigger | None = None,
    goal: int | None = None, seed: int = 0,
) -> Case:  # fmt: skip
    return Case(target, data, settings, seed, trigger, goal, at_once)


class Function(nn.Module):
    """Logits by any function of pixels [B, C, H, W]."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


def target_of(function: Callable[[torch.Tensor], torch.Tensor]) -> Target:
    return Target(Function(function), "by-hand", "0" * 64, 1)


def random_images(count: int, classes: int = 10, side: int = 8, seed: int = 0) -> dict[str, Images]:
    """The roles ``clean`` and ``verdict``: uniform noise in 16 levels, with random labels."""
    roles = {}
    for number, role in enumerate((CLEAN, VERDICT)):
        rng = np.random.default_rng([seed, number])
        roles[role] = Images(
            "noise", role, rng.integers(0, 17, (count, 1, side, side), dtype=np.uint8), 16,
            rng.integers(0, classes, count), np.arange(count, dtype=np.int32), classes,
        )  # fmt: skip
    return roles
