"""Surrogates: what their weights depend on, and on nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from torch.nn import functional

from evaluations.datasets import Images
from evaluations.stealing.surrogate_settings import SurrogateSettings
from evaluations.stealing.training import batches, fresh, train
from sngen.errors import CheckFailed, UsageError


def one_hot(images: Images) -> np.ndarray:
    return np.eye(images.num_classes, dtype=np.float32)[images.labels]


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_equal_questions_give_equal_weights(auxiliary: Images, surrogate: SurrogateSettings) -> None:
    images = auxiliary.first(100)
    first = train(surrogate, images, one_hot(images), 3)
    torch.rand(7)  # neither torch's own random numbers nor its threads matter, and both stay
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    assert equal(first, train(surrogate, images, one_hot(images), 3))
    assert (torch.get_num_threads(), torch.equal(torch.get_rng_state(), state)) == (threads, True)
    assert not equal(first, train(surrogate, images, one_hot(images), 4))
    assert not equal(first, train(surrogate, images, one_hot(images)[::-1].copy(), 3))


def test_a_step_is_gradient_descent_on_soft_cross_entropy(
    auxiliary: Images, surrogate: SurrogateSettings
) -> None:
    images = auxiliary.first(32)
    soft = np.random.default_rng(0).dirichlet(np.ones(10), 32).astype(np.float32)
    one = replace(surrogate, architecture="digits-linear", steps=1, optimiser="sgd", weight_decay=0.0)
    network = fresh(one, images, 0)
    logits = network(images.tensor())
    loss = -(torch.tensor(soft) * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()
    gradients = torch.autograd.grad(loss, list(network.parameters()))
    expected = [p - one.lr * 1.9 * g for p, g in zip(network.parameters(), gradients, strict=True)]
    found = train(one, images, soft, 0)
    for tensor, (name, _) in zip(expected, network.network.named_parameters(), strict=True):
        torch.testing.assert_close(found[name], tensor)


def test_nothing_asked_is_the_network_as_initialised(auxiliary: Images, surrogate: SurrogateSettings) -> None:
    none = Images("digits", "aux", auxiliary.pixels[:0], 16, auxiliary.labels[:0], auxiliary.ids[:0], 10)
    with torch.random.fork_rng(devices=[]):
        expected = fresh(surrogate, none, 5).network.state_dict()
    assert equal(train(surrogate, none, np.empty((0, 10), np.float32), 5), dict(expected))


def test_every_image_comes_once_before_any_comes_again() -> None:
    order = np.concatenate(list(islice(batches(50, 8, 100, seed=1), 100)))
    for start in range(0, 800 - 50, 50):
        assert sorted(order[start : start + 50]) == list(range(50))
    assert [len(part) for part in batches(5, 8, 3, seed=1)] == [5, 5, 5]


def test_answers_are_checked_before_training(auxiliary: Images, surrogate: SurrogateSettings) -> None:
    images = auxiliary.first(20)
    good = one_hot(images)
    unknown = good.copy()
    unknown[3, 1] = np.nan
    for wrong, words in (
        (good[:, :9], r"shape \[20, 9\], expected \[20, 10\]"),
        (unknown, f"that on image {images.ids[3]} is"),
        (good * 3, "expected probabilities"),
    ):
        with pytest.raises(CheckFailed, match=words):
            train(surrogate, images, wrong, 0)
    with pytest.raises(CheckFailed, match="Lower the learning rate"):
        train(replace(surrogate, lr=1e30, optimiser="sgd"), images, good, 0)
    with pytest.raises(CheckFailed, match="3 means, expected 1"):
        train(replace(surrogate, mean=(0.0,) * 3, std=(1.0,) * 3), images, good, 0)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"steps": 0}, "steps is 0"), ({"batch": 1}, "batch is 1"), ({"lr": -1}, "lr is -1"),
     ({"optimiser": "lion"}, "optimiser is 'lion'"), ({"std": [0.0]}, "std is"),
     ({"more": 1}, "unknown more")],
)  # fmt: skip
def test_wrong_settings_are_named(
    change: dict[str, object], words: str, surrogate: SurrogateSettings
) -> None:
    with pytest.raises(UsageError, match=words):
        SurrogateSettings.of({**surrogate.__dict__, **change})
