"""Training many surrogates: one after the other, stacked into one network, side by side, and as a library.

    python benchmarks/surrogates.py                   # on the CPU, with the peer if it is installed
    python benchmarks/surrogates.py --device cuda     # stacked against one after the other; torch alone
    python benchmarks/surrogates.py --agreement       # ours and the peer's surrogate of one real target

The surrogate is the small network of stealing/1 for CIFAR-10 or, with --small, that for MNIST; images and
answers are random, because what is timed does not depend on them. The peer is KnockoffNets of the Adversarial
Robustness Toolbox (1.20), with random sampling, the same optimiser, batches and number of steps.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap
from torch.nn import functional

STEPS, BATCH, IMAGES = 60, 64, 4000


def network(small: bool) -> nn.Module:
    widths, side, channels = ((16, 32), 28, 1) if small else ((32, 64, 128), 32, 3)
    layers: list[nn.Module] = []
    for width in widths:
        layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.MaxPool2d(2)]
        layers += [nn.BatchNorm2d(width), nn.ReLU()]
        channels, side = width, side // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * side * side, 10))


def data(small: bool, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    shape = (1, 28, 28) if small else (3, 32, 32)
    x = torch.rand(IMAGES, *shape, generator=generator)
    y = torch.rand(IMAGES, 10, generator=generator).softmax(dim=1)
    return x.to(device), y.to(device)


def one_by_one(count: int, small: bool, device: str) -> None:
    x, y = data(small, device)
    x = x.contiguous(memory_format=torch.channels_last)
    for seed in range(count):
        train(x, y, small, device, seed)


def train(x: torch.Tensor, y: torch.Tensor, small: bool, device: str, seed: int) -> None:
    torch.manual_seed(seed)
    model = network(small).to(device).to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    for _ in range(STEPS):
        chosen = torch.randint(IMAGES, (BATCH,), device=device)
        optimiser.zero_grad()
        functional.cross_entropy(model(x[chosen]), y[chosen]).backward()
        optimiser.step()


def stacked(count: int, small: bool, device: str) -> None:
    x, y = data(small, device)
    models = [network(small).to(device).train() for _ in range(count)]
    parameters, buffers = stack_module_state(models)
    leaves = [value.requires_grad_(True) for value in parameters.values()]
    optimiser = torch.optim.SGD(leaves, lr=0.05, momentum=0.9, nesterov=True)

    def loss(own: Any, state: Any, images: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(functional_call(models[0], (own, state), (images,)), answers)

    step = vmap(grad_and_value(loss))
    for _ in range(STEPS):
        chosen = torch.randint(IMAGES, (count, BATCH), device=device)
        gradients, _ = step({k: v.detach() for k, v in parameters.items()}, buffers, x[chosen], y[chosen])
        for name, value in parameters.items():
            value.grad = gradients[name]
        optimiser.step()


def _in_a_process(seed: int, small: bool) -> None:
    torch.set_num_threads(1)
    x, y = data(small, "cpu")
    train(x.contiguous(memory_format=torch.channels_last), y, small, "cpu", seed)


def side_by_side(pool: ProcessPoolExecutor, count: int, small: bool) -> None:
    list(pool.map(_in_a_process, range(count), [small] * count))


def peer(count: int, small: bool) -> None:
    from art.attacks.extraction import KnockoffNets  # noqa: PLC0415 - where it is installed
    from art.estimators.classification import PyTorchClassifier  # noqa: PLC0415

    x, _ = data(small, "cpu")
    shape = tuple(x.shape[1:])
    target = PyTorchClassifier(network(small).eval(), nn.CrossEntropyLoss(), shape, 10)
    pixels = x.numpy()
    for _ in range(count):
        model = network(small)
        thief = PyTorchClassifier(
            model, nn.CrossEntropyLoss(), shape, 10,
            optimizer=torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True),
        )  # fmt: skip
        attack = KnockoffNets(
            target, batch_size_fit=BATCH, batch_size_query=BATCH, nb_epochs=1, nb_stolen=STEPS * BATCH,
            sampling_strategy="random", use_probability=True, verbose=False,
        )  # fmt: skip
        attack.extract(np.resize(pixels, (STEPS * BATCH, *shape)), thieved_classifier=thief)


def agreement(seeds: int = 5) -> None:
    """Ours and the peer's surrogate of a target of the embedded suite: equal images, budget and network."""
    from pathlib import Path  # noqa: PLC0415

    from art.attacks.extraction import KnockoffNets  # noqa: PLC0415
    from art.estimators.classification import PyTorchClassifier  # noqa: PLC0415

    from evaluations.datasets import load_images  # noqa: PLC0415
    from evaluations.reference import suite  # noqa: PLC0415
    from evaluations.stealing.answers import answers  # noqa: PLC0415
    from evaluations.stealing.attacks import predicted  # noqa: PLC0415
    from evaluations.stealing.surrogate_settings import SurrogateSettings  # noqa: PLC0415
    from evaluations.stealing.training import fresh, train  # noqa: PLC0415
    from sngen.schema import MODELS  # noqa: PLC0415
    from sngen.settings import Settings  # noqa: PLC0415
    from sngen.zoo.load import load_network  # noqa: PLC0415

    model_id = "reference/digits/cnn-8"
    path, _ = suite.weights_for(model_id, Settings.from_environment())
    row = MODELS.row(model_id=model_id, loader="digits-cnn-8", mean=[0.0], std=[1.0])
    target = load_network(row, path, 10)
    asked, test = (load_images("digits", split, Path()) for split in ("aux", "test"))
    with torch.no_grad():
        told = answers(target(asked.tensor()).numpy(), "all")
    truth = predicted(target, test)
    batch, epochs = 32, 16
    how = SurrogateSettings.of(
        {"architecture": "digits-cnn-8", "mean": [0.0], "std": [1.0], "steps": epochs * 599 // batch,
         "batch": batch, "lr": 0.005, "weight_decay": 0.01, "optimiser": "adamw", "augmentation": "none"}
    )  # fmt: skip
    softmax = nn.Sequential(target, nn.Softmax(dim=1))
    for name in ("ours", "peer"):
        found = []
        for seed in range(seeds):
            thief = fresh(how, asked, seed)
            if name == "ours":
                thief.network.load_state_dict(train(how, asked, told, seed))
            else:
                optimiser = torch.optim.AdamW(thief.parameters(), lr=how.lr, weight_decay=how.weight_decay)
                own = PyTorchClassifier(thief, nn.CrossEntropyLoss(), (1, 8, 8), 10, optimizer=optimiser)
                theirs = PyTorchClassifier(softmax, nn.CrossEntropyLoss(), (1, 8, 8), 10)
                np.random.seed(seed)  # the library draws from NumPy's own stream
                KnockoffNets(
                    theirs, batch_size_fit=batch, batch_size_query=batch, nb_epochs=epochs, nb_stolen=599,
                    use_probability=True, verbose=False,
                ).extract(asked.tensor().numpy(), thieved_classifier=own)  # fmt: skip
            found.append(float(np.mean(predicted(thief.eval(), test) == truth)))
        print(f"{name}: agreement {np.mean(found):.4f}, standard deviation {np.std(found, ddof=1):.4f}")


def wall(work: Callable[[], None], device: str) -> float:
    if device != "cpu":
        torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--count", type=int, default=6)
    parser.add_argument("--agreement", action="store_true")
    given = parser.parse_args()
    if given.agreement:
        agreement()
        return
    count, small, device = given.count, given.small, given.device
    one_by_one(1, small, device)  # warm-up
    rows: list[tuple[str, Callable[[], None]]] = []
    if device == "cpu":
        pool = ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"))
        side_by_side(pool, os.cpu_count() or 1, small)
        rows.append(("side by side, one thread each", lambda: side_by_side(pool, count, small)))
    else:
        stacked(2, small, device)
    rows.append(("one after the other", lambda: one_by_one(count, small, device)))
    rows.append(("stacked", lambda: stacked(count, small, device)))
    if device == "cpu":
        try:
            import art  # noqa: F401, PLC0415
        except ImportError:
            print("the peer is not installed: adversarial-robustness-toolbox")
        else:
            rows.append(("peer, one after the other", lambda: peer(count, small)))
    for name, work in rows:
        seconds = wall(work, device)
        print(f"{name}: {seconds:.2f} s, {count * STEPS * BATCH / seconds:,.0f} images/s", flush=True)
    if device == "cpu":
        pool.shutdown()


if __name__ == "__main__":
    main()
