"""One forward pass for all methods of a model, found again by whatever decides the logits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from evaluations.datasets import Images
from evaluations.logit_store import LogitStore
from evaluations.target import Target
from sngen.settings import Settings

IDENTITY = {"weights": "a" * 64, "packages": {"torch": "1"}}


def images(shift: int = 0) -> Images:
    pixels = np.arange(shift, shift + 5 * 4, dtype=np.uint8).reshape(5, 1, 2, 2)
    return Images("blobs", "test", pixels, 255, np.zeros(5, np.int64), np.arange(5, dtype=np.int32), 3)


def target(folder: Path, identity: dict[str, object] = IDENTITY) -> Target:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    store = LogitStore(Settings(data=folder, cache=folder), identity)
    return Target(network, "fakes/a", "a" * 64, 1, store)


def test_the_second_target_reads_what_the_first_computed(tmp_path: Path) -> None:
    first, second = target(tmp_path), target(tmp_path)
    assert (first.logits(images(), 2) == second.logits(images(), 2)).all()
    assert (first.forwards, first.reused) == (5, 0)
    assert (second.forwards, second.reused) == (5, 5)  # what is asked for does not depend on the cache


def test_other_pixels_batches_and_identities_are_computed(tmp_path: Path) -> None:
    target(tmp_path).logits(images(), 2)
    for asked, one, batch_size in (
        (target(tmp_path), images(1), 2),
        (target(tmp_path), images(), 3),
        (target(tmp_path, IDENTITY | {"weights": "b" * 64}), images(), 2),
    ):
        asked.logits(one, batch_size)
        assert asked.reused == 0


def test_a_damaged_file_is_computed_anew(tmp_path: Path) -> None:
    expected = target(tmp_path).logits(images(), 2)
    [path] = (tmp_path / "logits").glob("*.npy")
    path.write_bytes(path.read_bytes()[:40])
    again = target(tmp_path)
    assert (again.logits(images(), 2) == expected).all() and again.reused == 0
    assert np.load(path).shape == (5, 3)
