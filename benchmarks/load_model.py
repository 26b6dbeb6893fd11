"""What loading a cached model costs beside `torch.load` and building the module; goal: under 10 % more.

Both are timed in turn in one process, on a ResNet-56 for CIFAR-10 saved by `torch.save`: on one
side torch's reader, on the other the catalogue's row, the hash of the published file (taken once a
process), the check of names, shapes and values, and the converted tensors. The first conversion, which
happens once in a cache's life, is shown apart.

Run: python benchmarks/load_model.py
"""

from __future__ import annotations

import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.architectures import build
from sngen.zoo.load import load_network
from sngen.zoo.weights import safe_tensors

GOAL = 0.10
ROUNDS = 15
LOADER, CLASSES = "resnet56-cifar-a", 10


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), cache=Path(folder))
        saved = Path(folder) / "model.pt"
        torch.save({"state_dict": build(LOADER, CLASSES).state_dict()}, saved)
        sha256 = hashlib.sha256(saved.read_bytes()).hexdigest()
        blob = settings.cache / "blobs" / sha256
        blob.parent.mkdir()
        saved.rename(blob)
        row = MODELS.row(
            model_id="benchmark/model", weights_sha256=sha256, weights_format="torch",
            weights_key="state_dict",
            loader=LOADER, mean=[0.0] * 3, std=[1.0] * 3,
        )  # fmt: skip

        def plain() -> None:
            network = build(LOADER, CLASSES)
            network.load_state_dict(torch.load(blob, weights_only=True)["state_dict"])
            network.eval()

        def ours() -> None:
            load_network(row, safe_tensors(row, settings), CLASSES)

        print(f"{blob.stat().st_size / 1e6:.1f} MB; first conversion, in the jail: {seconds(ours):.3f} s")
        plain()
        rounds = [(seconds(plain), seconds(ours)) for _ in range(ROUNDS)]
    theirs, own = (statistics.median(side) for side in zip(*rounds, strict=True))
    added = statistics.median(b / a - 1 for a, b in rounds)
    print(
        f"torch.load and module: {theirs * 1e3:.1f} ms; from the cache: {own * 1e3:.1f} ms ({ROUNDS} rounds)"
    )
    print(f"added: {added:+.1%}, median of {ROUNDS} rounds (goal under {GOAL:.0%})")


if __name__ == "__main__":
    main()
