"""A surrogate that is trained in a moment."""

from __future__ import annotations

from typing import Any

SURROGATE: dict[str, Any] = {
    "architecture": "digits-mlp-16", "mean": [0.0], "std": [1.0], "steps": 200, "batch": 32, "lr": 0.01,
    "weight_decay": 0.01, "optimiser": "adamw", "augmentation": "none",
}  # fmt: skip
