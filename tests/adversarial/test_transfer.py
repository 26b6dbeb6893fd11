"""Transfer: one look at examples of another network, on images that both get right; and noise beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from evaluations.adversarial.apgd import apgd_ce
from evaluations.adversarial.threat import Threat, admissible, distance
from evaluations.adversarial.transfer import noise, strongest, transfer
from evaluations.target import Target
from sngen.errors import UsageError

SETTINGS = {"iterations": 15, "restarts": 1, "batch_size": 16}
NORMS = pytest.mark.parametrize("norm", ["linf", "l2"])


def _surrogate(network: nn.Module) -> Target:
    return Target(network, "test/surrogate", "0" * 64, 1)


class Turned(nn.Module):
    """The network on images with the pixels' order reversed: as good a network, of other directions."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(x.flatten(1).flip(1).view(x.shape))
        return logits


@NORMS
def test_from_itself_it_is_a_white_box_attack(linear: Callable[..., Any], norm: Any) -> None:
    case = linear(60)
    smallest = case.smallest[norm]
    eps = float(np.median(smallest))
    found = transfer(
        case.target, _surrogate(case.target.network), *case.given()[1:], Threat(norm, eps), SETTINGS, 0
    )
    clear = np.abs(smallest / eps - 1) > 0.01
    assert np.array_equal(found.fooled.numpy()[clear], (smallest < eps)[clear])


@NORMS
def test_each_image_that_both_get_right_is_shown_once(curved: Any, norm: Any) -> None:
    target, x, labels, ids = curved.given()
    surrogate = _surrogate(Turned(target.network))
    with torch.no_grad():
        right, both = target(x).argmax(dim=1) == labels, surrogate(x).argmax(dim=1) == labels
    both &= right
    threat = Threat(norm, {"linf": 0.1, "l2": 0.6}[norm])
    found = transfer(target, surrogate, x, labels, ids, threat, SETTINGS, 0)
    assert torch.equal(found.queries, both.long()) and int(both.sum()) > 3
    assert target.queries == int(both.sum()) and target.forward_backwards == 0
    assert surrogate.forward_backwards == 15 * int(both.sum())
    assert found.fooled[~right].all() and not found.fooled[right & ~both].any()
    assert admissible(x, found.adversarial, threat).all()


@NORMS
def test_an_equal_network_is_better_than_another_and_that_better_than_noise(curved: Any, norm: Any) -> None:
    target, x, labels, ids = curved.at(np.arange(6, 48)).given()
    with torch.no_grad():
        close = nn.Sequential(*[_nearly(layer) for layer in target.network])
    threat = Threat(norm, {"linf": 0.04, "l2": 0.25}[norm])
    given = x, labels, ids, threat, SETTINGS, 0
    same = transfer(target, _surrogate(target.network), *given).fooled
    near = transfer(target, _surrogate(close), *given).fooled
    random = noise(target, *given)
    assert int(same.sum()) >= int(near.sum()) > int(random.fooled.sum())
    assert (random.queries == 1).all()


def _loss(target: Target, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return nn.functional.cross_entropy(target(x), labels, reduction="none")


def _nearly(layer: nn.Module) -> nn.Module:
    if not isinstance(layer, nn.Linear):
        return layer
    copy = nn.Linear(layer.in_features, layer.out_features)
    generator = torch.Generator().manual_seed(4)
    copy.weight.copy_(layer.weight + 0.1 * torch.randn(layer.weight.shape, generator=generator))
    copy.bias.copy_(layer.bias)
    return copy.requires_grad_(False)


@NORMS
def test_points_are_the_strongest_and_not_the_first(curved: Any, norm: Any) -> None:
    """Runs go on beyond the boundary, where ``apgd_ce`` leaves an image."""
    target, x, labels, ids = curved.at(np.arange(6, 48)).given()
    threat = Threat(norm, {"linf": 0.06, "l2": 0.4}[norm])
    made = strongest(target, x, labels, ids, threat, SETTINGS, 0)
    first = apgd_ce(target, x, labels, ids, threat, SETTINGS, 0)
    assert int(first.fooled.sum()) > 30 and made.fooled[first.fooled].all()
    higher, lower = (_loss(target, found.adversarial, labels)[first.fooled] for found in (made, first))
    assert (higher >= lower - 1e-5).all()  # the first is on the way
    assert float((higher > lower + 0.02).float().mean()) > 0.8
    assert admissible(x, made.adversarial, threat).all()
    best = strongest(target, x, labels, ids, threat, SETTINGS | {"restarts": 2}, 0)
    of_one, of_two = (_loss(target, found.adversarial, labels) for found in (made, best))
    assert (of_two >= of_one - 1e-5).all() and bool((of_two > of_one + 1e-3).any())


@NORMS
def test_noise_is_on_the_surface_of_the_ball(linear: Callable[..., Any], norm: Any) -> None:
    target, x, labels, ids = linear(60).given()
    flipped = Target(
        Opposite(target.network), "test/opposite", "0" * 64, 1
    )  # sees every altered image wrongly
    threat = Threat(norm, 0.3)
    found = noise(flipped, x, labels, ids, threat, SETTINGS, 0)
    assert found.fooled.all()
    torch.testing.assert_close(distance(x, found.adversarial, norm), torch.full((60,), 0.3))
    change = found.adversarial - x
    assert abs(float(change.mean())) < 0.02
    part = noise(flipped, x[30:], labels[30:], ids[30:], threat, SETTINGS | {"batch_size": 4}, 0)
    assert torch.equal(part.adversarial, found.adversarial[30:])
    other = noise(flipped, x, labels, ids, threat, SETTINGS, 1)
    assert not torch.equal(other.adversarial, found.adversarial)


class Opposite(nn.Module):
    """The network near grey, where the images are; its negative elsewhere."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        altered = (x - 0.5).flatten(1).norm(dim=1, keepdim=True) > 0.26
        logits = self.network(x)
        return torch.where(altered, -logits, logits)


def test_classes_have_to_match(linear: Callable[..., Any]) -> None:
    case, other = linear(5), linear(5, 6)
    with pytest.raises(UsageError, match="test/linear has 6 classes and test/linear 4"):
        transfer(case.target, other.target, *case.given()[1:], Threat("linf", 0.1), SETTINGS, 0)


@NORMS
def test_an_image_gets_the_same_in_any_company(curved: Any, norm: Any) -> None:
    target, x, labels, ids = curved.given()
    surrogate = _surrogate(Turned(target.network))
    threat = Threat(norm, {"linf": 0.2, "l2": 1.2}[norm])
    together = transfer(target, surrogate, x, labels, ids, threat, SETTINGS, 0)
    order = torch.arange(47, -1, -1)
    alone = transfer(
        target,
        surrogate,
        x[order],
        labels[order],
        ids[order.numpy()],
        threat,
        SETTINGS | {"batch_size": 5},
        0,
    )
    assert torch.equal(alone.fooled, together.fooled[order])
