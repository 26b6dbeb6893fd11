"""Neural Cleanse: the publication's schedule beside the protocol's, and searching classes together.

    python benchmarks/trigger_search.py MODEL --classes 0,3 --steps 200   # a checkpoint, on the CPU
    python benchmarks/trigger_search.py --synthetic --device cuda         # a ResNet-18 of random weights

The first prints, class by class, the norm that both schedules find and their processor time; the peer is
the loop of the publication's script (31 mini-batches of 32 a step, one class at a time, the network as it
is). The second prints images per second for 1, 2, 5 and 10 classes side by side, in float32 and in bfloat16,
and how far norms differ after equal steps. It needs torch, torchvision and NumPy alone.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from evaluations.backdoor.trigger_search import MASKED, Found, search

PROTOCOL: dict[str, Any] = {
    "steps": 300, "batches": 4, "batch": 32, "lr": 0.1, "success": 0.99, "patience": 5, "stale": 25,
}  # fmt: skip
PUBLISHED: dict[str, Any] = {**PROTOCOL, "batches": 31, "steps": 1000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?")
    parser.add_argument("--classes", default="0,1")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--synthetic", action="store_true")
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    if given.synthetic:
        synthetic(given.device)
    else:
        checkpoint(given.model, [int(part) for part in given.classes.split(",")], given.steps)


def checkpoint(model_id: str, classes: list[int], steps: int) -> None:
    import sngen  # noqa: PLC0415 - not needed for the synthetic part
    from evaluations.adversarial.fast_network import fast_network  # noqa: PLC0415
    from evaluations.datasets import load_images  # noqa: PLC0415
    from evaluations.target import Target  # noqa: PLC0415
    from sngen.settings import Settings  # noqa: PLC0415

    torch.set_num_threads(1)
    dataset = sngen.show(model_id)["model"]["dataset_id"]
    x = load_images(dataset, "test", Settings.from_environment().data, 1000).tensor()
    target = Target(sngen.load_model(model_id), model_id, "", 1)
    fast = fast_network(target, x[:32]).target
    for goal in classes:
        for name, network, how in (
            ("published", target, {**PUBLISHED, "steps": steps}),
            ("protocol", fast, {**PROTOCOL, "steps": min(steps, PROTOCOL["steps"])}),
        ):
            found, seconds = timed(partial(run, network, x, [goal], how), "cpu")
            size = float(MASKED.size(torch.from_numpy(found.parameters))[0])
            taken = int(found.steps[0])
            images = taken * how["batches"] * how["batch"]
            print(
                f"class {goal} {name}: norm {size:.3f}, {taken} steps, {images:,} images, {seconds:.1f} s",
                flush=True,
            )


def run(network: Any, x: torch.Tensor, classes: list[int], how: dict[str, Any]) -> Found:
    return search(MASKED, lambda pixels: network(pixels).log_softmax(dim=1), x, classes, how, 0)


def synthetic(device: str) -> None:
    from torchvision.models import resnet18  # noqa: PLC0415

    torch.manual_seed(0)
    network = resnet18(num_classes=10).eval().requires_grad_(False).to(device)
    x = torch.rand(1000, 3, 32, 32, generator=torch.Generator().manual_seed(0)).to(device)
    how = {**PROTOCOL, "steps": 20}
    run(network, x, [0], {**how, "steps": 2})  # warm-up
    exact: dict[int, float] = {}
    for kind in (torch.float32, torch.bfloat16):
        for together in (1, 2, 5, 10):

            def all_classes(together: int = together, kind: torch.dtype = kind) -> list[Found]:
                with torch.autocast(device, dtype=kind, enabled=kind is not torch.float32):
                    return [
                        run(network, x, list(range(first, first + together)), how)
                        for first in range(0, 10, together)
                    ]

            found, seconds = timed(all_classes, device)
            images = 10 * how["steps"] * how["batches"] * how["batch"]
            masks = np.concatenate([part.parameters for part in found])
            sizes = MASKED.size(torch.from_numpy(masks)).numpy()
            if kind is torch.float32 and together == 1:
                exact = dict(enumerate(sizes))
            gap = max(abs(sizes[number] / exact[number] - 1) for number in range(10))
            print(
                f"{kind} {together} together: {images / seconds:,.0f} images/s, sizes within {gap:.2%}",
                flush=True,
            )


def timed(work: Callable[[], Any], device: str) -> tuple[Any, float]:
    """Result, and processor seconds on a CPU, wall seconds on a GPU."""
    if device == "cpu":
        start = time.process_time()
        return work(), time.process_time() - start
    torch.cuda.synchronize()
    start = time.perf_counter()
    found = work()
    torch.cuda.synchronize()
    return found, time.perf_counter() - start


if __name__ == "__main__":
    main()
