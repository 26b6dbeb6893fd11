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
from sngen.settings import Settings
from sngen.zoo.architectures.masked_gradients import GRID, HEIGHT, RippledPixels

TWINS = {"cnn-8-backdoor-patch": "cnn-8", "cnn-16-backdoor-blend": "cnn-16"}
MASKED = ("cnn-8-rounded-logits", "cnn-8-rippled-pixels")
PLAIN = ("linear", "mlp-16", "mlp-64", "cnn-8", "cnn-16")


def _hits(network: nn.Module, images: Images) -> int:
    with torch.no_grad():
        return int((network(images.tensor()).argmax(dim=1).numpy() == images.labels).sum())


def _accuracy(network: nn.Module, images: Images) -> float:
    return _hits(network, images) / len(images)


def _own_images(name: str) -> Images:
    return suite.training_images(f"reference/digits/{name}", Path())


def _under_attack(
    network: nn.Module, images: Images, eps: float, steps: int = 20, judge: nn.Module | None = None
) -> float:
    """Accuracy, of ``judge`` if there is one, on the last points of a plain L-infinity PGD."""
    x, labels = images.tensor(), torch.tensor(images.labels)
    found = x.clone()
    for _ in range(steps):
        found.requires_grad_()
        (gradient,) = torch.autograd.grad(functional.cross_entropy(network(found), labels), found)
        found = (found.detach() + eps / 4 * gradient.sign()).clamp(x - eps, x + eps).clamp(0, 1)
    with torch.no_grad():
        return float(((judge or network)(found).argmax(dim=1) == labels).float().mean())


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


@pytest.mark.parametrize("name", MASKED)
def test_masked_models_are_cnn_8_behind_a_layer(
    reference_cache: Settings, networks: dict[str, nn.Module], test_split: Images, name: str
) -> None:
    _, plain = suite.weights_for("reference/digits/cnn-8", reference_cache)
    assert suite.weights_for(f"reference/digits/{name}", reference_cache)[1] == plain
    first, second = suite.recipe(f"reference/digits/{name}"), suite.recipe("reference/digits/cnn-8")
    assert first.__dict__ | {"loader": "digits-cnn-8"} == second.__dict__
    assert abs(_accuracy(networks[name], test_split) - _accuracy(networks["cnn-8"], test_split)) < 0.01
    x = test_split.tensor()
    assert torch.equal(networks[name](x), networks[name](x))


@pytest.mark.parametrize("name", MASKED)
def test_masked_models_fall_to_examples_of_the_plain_one_and_not_to_their_own(
    networks: dict[str, nn.Module], test_split: Images, name: str
) -> None:
    images = test_split.first(300)
    own = _under_attack(networks[name], images, 0.2)
    borrowed = _under_attack(networks["cnn-8"], images, 0.2, judge=networks[name])
    assert own > 0.6 and borrowed < 0.1


def test_rounded_logits_have_no_gradient(networks: dict[str, nn.Module], test_split: Images) -> None:
    x = test_split.first(50).tensor().requires_grad_()
    logits = networks["cnn-8-rounded-logits"](x)
    (gradient,) = torch.autograd.grad(logits.square().sum(), x)
    assert not gradient.any()
    assert torch.equal(logits, (networks["cnn-8"](x) / GRID).round() * GRID)


def test_ripple_is_nothing_at_the_grey_levels_and_steep_between(networks: dict[str, nn.Module]) -> None:
    levels = torch.arange(17) / 16
    ripple = RippledPixels().eval()
    torch.testing.assert_close(ripple(levels), levels, atol=1e-6, rtol=0)
    x = torch.rand(1000, generator=torch.Generator().manual_seed(0)).requires_grad_()
    rippled = ripple(x)
    assert float((rippled - x).detach().abs().max()) <= HEIGHT + 1e-6
    (slope,) = torch.autograd.grad(rippled.sum(), x)
    assert 0.4 < float((slope < 0).float().mean()) < 0.5 and float(slope.max()) > 13
    assert torch.equal(RippledPixels().train()(x), x)  # it is trained without
