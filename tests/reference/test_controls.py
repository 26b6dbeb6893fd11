"""Each model of the suite is what it is there to be. Without this, no number measured on it says anything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from evaluations.datasets import Images, load_images
from evaluations.reference import suite
from evaluations.reference.triggers import apply_trigger
from sngen.intervals import newcombe_difference

TWINS = {"cnn-8-backdoor-patch": "cnn-8", "cnn-16-backdoor-blend": "cnn-16"}
PLAIN = ("linear", "mlp-16", "mlp-64", "cnn-8", "cnn-16")


def _hits(network: nn.Module, images: Images) -> int:
    with torch.no_grad():
        return int((network(images.tensor()).argmax(dim=1).numpy() == images.labels).sum())


def _accuracy(network: nn.Module, images: Images) -> float:
    return _hits(network, images) / len(images)


def _own_images(name: str) -> Images:
    return suite.training_images(f"reference/digits/{name}", Path())


def _under_attack(network: nn.Module, images: Images, eps: float, steps: int = 20) -> float:
    """Accuracy on the last points of a plain L-infinity PGD from the images themselves."""
    x, labels = images.tensor(), torch.tensor(images.labels)
    found = x.clone()
    for _ in range(steps):
        found.requires_grad_()
        (gradient,) = torch.autograd.grad(functional.cross_entropy(network(found), labels), found)
        found = (found.detach() + eps / 4 * gradient.sign()).clamp(x - eps, x + eps).clamp(0, 1)
    with torch.no_grad():
        return float((network(found).argmax(dim=1) == labels).float().mean())


def test_plain_models_work_and_differ(networks: dict[str, nn.Module], test_split: Images) -> None:
    accuracies = {name: _accuracy(networks[name], test_split) for name in PLAIN}
    assert min(accuracies.values()) > 0.9
    assert max(accuracies, key=accuracies.__getitem__) == "cnn-16"
    assert accuracies["cnn-16"] - accuracies["linear"] > 0.02
    assert accuracies["cnn-8"] > accuracies["mlp-16"]


def test_the_overfitted_model_knows_its_labels_by_heart(
    networks: dict[str, nn.Module], test_split: Images
) -> None:
    own = _own_images("mlp-256-overfit")
    network = networks["mlp-256-overfit"]
    assert _accuracy(network, own) > 0.99
    assert _accuracy(network, own) - _accuracy(network, test_split) > 0.25


def test_the_model_without_members_sees_train_as_test(
    networks: dict[str, nn.Module], test_split: Images
) -> None:
    network = networks["cnn-8-without-members"]
    train = load_images("digits", "train", Path())
    counts = _hits(network, train), len(train), _hits(network, test_split), len(test_split)
    low, high = newcombe_difference(*counts)
    assert low < 0 < high and counts[2] / counts[3] > 0.9
    # A model that did see the members, by the same measure, fails.
    low, _ = newcombe_difference(
        _hits(networks["cnn-8"], train), 599, _hits(networks["cnn-8"], test_split), 599
    )
    assert low > 0


@pytest.mark.parametrize("eps", [0.15, 0.2])
def test_the_adversarially_trained_model_holds_where_plain_ones_fall(
    networks: dict[str, nn.Module], test_split: Images, eps: float
) -> None:
    images = test_split.first(300)
    robust = _under_attack(networks["cnn-16-adversarial"], images, eps)
    plain = {name: _under_attack(networks[name], images, eps) for name in PLAIN}
    assert robust > max(plain.values()) + 0.25, plain
    assert plain["cnn-16"] < 0.35
    assert _accuracy(networks["cnn-16-adversarial"], test_split) > 0.93


@pytest.mark.parametrize("name", TWINS)
def test_the_backdoor_opens_on_unseen_images_and_the_twin_has_none(
    networks: dict[str, nn.Module], test_split: Images, name: str
) -> None:
    poison = suite.recipe(f"reference/digits/{name}").poison
    assert poison is not None
    others = test_split.labels != poison.target
    triggered = apply_trigger(poison.trigger, test_split.pixels[others], test_split.scale)
    x = torch.from_numpy(triggered.astype(np.float32) / test_split.scale)

    def attack_success(network: nn.Module) -> float:
        with torch.no_grad():
            return float((network(x).argmax(dim=1) == poison.target).float().mean())

    assert attack_success(networks[name]) > 0.9
    assert attack_success(networks[TWINS[name]]) < 0.2
    assert abs(_accuracy(networks[name], test_split) - _accuracy(networks[TWINS[name]], test_split)) < 0.03


@pytest.mark.parametrize(("backdoored", "twin"), TWINS.items())
def test_twins_differ_in_the_poison_alone(backdoored: str, twin: str) -> None:
    first, second = suite.recipe(f"reference/digits/{backdoored}"), suite.recipe(f"reference/digits/{twin}")
    assert first.poison is not None and second.poison is None
    assert first.__dict__ | {"poison": None} == second.__dict__
