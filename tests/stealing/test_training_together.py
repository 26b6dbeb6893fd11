"""Stacked surrogates against those that are trained one after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from evaluations.datasets.images import Images
from evaluations.stealing.surrogate_settings import SurrogateSettings
from evaluations.stealing.training import train
from evaluations.stealing.training_together import Run, train_together
from sngen.errors import CheckFailed

RUNS = [Run(64, 0), Run(100, 0), Run(100, 7)]
PLAIN = SurrogateSettings(
    architecture="sequence: conv 8 k3 p1 nobias, bn, relu, maxpool 2, flatten, linear",
    mean=(0.2, 0.3, 0.4),
    std=(0.5, 0.6, 0.7),
    steps=12,
    batch=32,
    lr=0.02,
    weight_decay=0.001,
    optimiser="sgd",
    augmentation="none",
)


@pytest.fixture
def asked() -> tuple[Images, np.ndarray]:
    random = np.random.default_rng(3)
    count = 100
    pixels = random.integers(0, 256, (count, 3, 8, 8), dtype=np.uint8)
    labels = np.zeros(count, dtype=np.int64)
    images = Images("test", "train", pixels, 255, labels, np.arange(count, dtype=np.int32), 5)
    return images, random.dirichlet(np.ones(5), count).astype(np.float32)


@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
@pytest.mark.parametrize("augmentation", ["none", "flip-crop"])
def test_each_of_a_stack_is_the_one_trained_alone(
    asked: tuple[Images, np.ndarray], optimiser: str, augmentation: str
) -> None:
    images, answers = asked
    settings = replace(PLAIN, optimiser=optimiser, augmentation=augmentation, lr=0.002)
    together = train_together(settings, images, answers, RUNS, "cpu")
    for run, found in zip(RUNS, together, strict=True):
        alone = train(settings, images.first(run.budget), answers[: run.budget], run.seed)
        assert found.keys() == alone.keys()
        for name, tensor in alone.items():
            torch.testing.assert_close(found[name], tensor, rtol=2e-3, atol=2e-4)
    assert not torch.allclose(together[1]["0.weight"], together[2]["0.weight"])


def test_leaves_random_numbers_as_they_were_and_repeats(asked: tuple[Images, np.ndarray]) -> None:
    images, answers = asked
    before = torch.random.get_rng_state()
    first, again = (train_together(PLAIN, images, answers, RUNS, "cpu") for _ in range(2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(torch.equal(a[name], b[name]) for a, b in zip(first, again, strict=True) for name in a)


def test_refuses_what_cannot_be_trained(asked: tuple[Images, np.ndarray]) -> None:
    images, answers = asked
    with pytest.raises(ValueError, match=r"budgets \[31\] are below the batch of 32"):
        train_together(PLAIN, images, answers, [Run(31, 0)], "cpu")
    with pytest.raises(CheckFailed, match="expected probabilities"):
        train_together(PLAIN, images, answers * 2, RUNS, "cpu")
    with pytest.raises(CheckFailed, match="not finite"):
        train_together(replace(PLAIN, lr=1e30), images, answers, RUNS, "cpu")
