"""Networks whose robustness is known in closed form, one that is small and curved, and a published one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from evaluations.datasets import load_images
from evaluations.target import Target
from sngen.settings import Settings
from sngen.zoo.model import load_model

SHAPE = (3, 4, 5)


@dataclass
class Case:
    """A target with images: ``x`` float32 [N, C, H, W], ``labels`` int64 [N], ``ids`` [N].

    ``smallest`` maps a norm to each image's smallest perturbation, float64 [N], where that is known.
    """

    target: Target
    x: torch.Tensor
    labels: torch.Tensor
    ids: np.ndarray
    smallest: dict[str, np.ndarray]

    def given(self) -> tuple[Target, torch.Tensor, torch.Tensor, np.ndarray]:
        """The first arguments of every attack."""
        return self.target, self.x, self.labels, self.ids

    def at(self, rows: np.ndarray) -> Case:
        """The same target on some of the images."""
        return Case(
            self.target, self.x[rows], self.labels[rows], self.ids[rows],
            {norm: values[rows] for norm, values in self.smallest.items()},
        )  # fmt: skip


class Hyperplane(nn.Module):
    """Logits of K classes, of which two share the space, f and -f with f linear; the rest are far below."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.w = nn.Parameter(torch.randn(SHAPE, generator=generator))
        self.b = nn.Parameter(-0.5 * self.w.sum().detach())
        self.classes = classes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        f = (x * self.w).flatten(1).sum(dim=1) + self.b
        others = f.new_full((len(f), self.classes - 2), -1000.0) - torch.arange(self.classes - 2)
        return torch.cat([torch.stack([f, -f], dim=1), others], dim=1)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def linear() -> Callable[..., Case]:
    """``linear(n, classes)``: images near grey, so that the range of pixels never matters, all labelled
    right. Smallest perturbation: \\|f\\| / \\|\\|w\\|\\|_1 for L-inf, \\|f\\| / \\|\\|w\\|\\|_2 for L2."""

    def make(n: int = 60, classes: int = 4) -> Case:
        network = Hyperplane(classes)
        generator = torch.Generator().manual_seed(5)
        x = 0.5 + 0.1 * (torch.rand((n, *SHAPE), generator=generator) - 0.5)
        w = network.w.detach().double()
        f = (x.double() * w).flatten(1).sum(dim=1) + network.b.detach().double()
        smallest = {"linf": (f.abs() / w.abs().sum()).numpy(), "l2": (f.abs() / w.norm()).numpy()}
        target = Target(network, "test/linear", "0" * 64, 1)
        return Case(target, x, (f < 0).long(), np.arange(1000, 1000 + n), smallest)

    return make


@pytest.fixture
def curved() -> Case:
    """A small network with two hidden layers on images it half knows; smallest perturbations are unknown."""
    torch.manual_seed(11)
    wide = [nn.Linear(60, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 6)]
    network = nn.Sequential(nn.Flatten(), *wide)
    for layer in wide[::2]:
        nn.init.normal_(layer.weight, std=0.35)
    target = Target(network, "test/curved", "0" * 64, 1)
    x = torch.rand(48, *SHAPE)
    with torch.no_grad():
        labels = network(x).argmax(dim=1)
    labels[:6] = (labels[:6] + 1) % 6
    return Case(target, x, labels, np.arange(48) * 7 + 3, {})


@pytest.fixture(scope="session")
def resnet20(shared_data: Path, shared_zoo: Path, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A published ResNet-20 on the first 64 test images of CIFAR-10."""
    settings = Settings(data=shared_data, cache=tmp_path_factory.mktemp("cache"), zoo=shared_zoo)
    network = load_model("akamaster/cifar10/resnet20", settings)
    images = load_images("cifar10", "test", shared_data, 64)
    target = Target(network, "akamaster/cifar10/resnet20", "0" * 64, 1)
    return Case(target, images.tensor(), torch.tensor(images.labels), images.ids, {})
