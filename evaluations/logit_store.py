"""Logits on disk, by everything that decides them: the methods of a model share one pass."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluations.datasets.images import Images
from sngen.canonical import content_hash
from sngen.settings import Settings
from sngen.whole_files import write_files
from sngen.zoo.cache import locked

FOLDER = "logits"


@dataclass(frozen=True)
class LogitStore:
    """Logits of one network in the cache. ``identity`` names weights, network, packages and machine: what is
    measured elsewhere, or with another torch, is measured anew. All of it may be deleted at any time."""

    settings: Settings
    identity: Mapping[str, Any]

    def get(
        self, images: Images, batch_size: int, compute: Callable[[], np.ndarray]
    ) -> tuple[np.ndarray, bool]:
        """Logits float32 [N, K] and whether they were there already. Processes that ask at once
        compute once."""
        name = content_hash({**self.identity, "images": images.fingerprint, "batch_size": batch_size})
        path = self.settings.cache / FOLDER / f"{name}.npy"
        with locked(f"logits-{name}", self.settings):
            found = _read(path)
            if found is not None:
                return found, True
            logits = compute()
            buffer = io.BytesIO()
            np.save(buffer, logits, allow_pickle=False)
            write_files({path: buffer.getvalue()})
            return logits, False


def _read(path: Path) -> np.ndarray | None:
    """What is stored; None where nothing is, or what a full disk left, which is then written anew."""
    try:
        stored: np.ndarray = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return stored
