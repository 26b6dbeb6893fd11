"""PGD against theory, against peers, and against itself in other batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from evaluations.adversarial.found import Found
from evaluations.adversarial.pgd import pgd, step_length
from evaluations.adversarial.threat import Threat, distance, verify
from sngen.errors import UsageError

EPS = {"linf": 0.03, "l2": 0.15}


def settings(**changes: Any) -> dict[str, Any]:
    return {"steps": 10, "restarts": 1, "alpha": 0.25, "batch_size": 64, **changes}


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_a_linear_model_falls_exactly_where_theory_says(linear: Callable, norm: str) -> None:
    """Twenty steps of the whole budget turn any start to the nearest point of the boundary."""
    case = linear()
    ordered = np.sort(case.smallest[norm])
    for broken in (1, 30, 59):
        eps = float(ordered[broken - 1] + ordered[broken]) / 2
        found = pgd(*case.given(), Threat(norm, eps), settings(steps=20, alpha=1), 0)
        assert np.array_equal(found.fooled.numpy(), case.smallest[norm] < eps)


def test_steps_too_short_to_arrive_do_not_arrive(linear: Callable) -> None:
    """From a start inside, two steps of 1 % of the budget cannot reach a boundary at 99 % of it."""
    case = linear()
    rows = np.argsort(case.smallest["linf"])[-3:]
    eps = float(case.smallest["linf"][rows].max()) / 0.99
    assert not pgd(*case.at(rows).given(), Threat("linf", eps), settings(steps=2, alpha=0.01), 0).fooled.any()
    assert pgd(*case.at(rows).given(), Threat("linf", eps), settings(steps=2, alpha=2), 0).fooled.all()


def test_a_step_is_given_in_one_of_two_ways() -> None:
    threat = Threat.parse("linf", "8/255")
    assert step_length(threat, {"alpha": 0.25}) == pytest.approx(2 / 255)
    assert step_length(threat, {"step_size": "2/255"}) == 2 / 255
    assert step_length(threat, {"step_size": 0.01}) == 0.01
    for wrong in ({}, {"alpha": 0.25, "step_size": "2/255"}):
        with pytest.raises(UsageError, match="either alpha"):
            step_length(threat, wrong)


def test_relative_and_absolute_steps_are_the_same_attack(curved: Any) -> None:
    threat = Threat("linf", 0.02)
    one = pgd(*curved.given(), threat, settings(alpha=0.5), 0)
    absolute = {key: value for key, value in settings(step_size=0.01).items() if key != "alpha"}
    other = pgd(*curved.given(), threat, absolute, 0)
    assert torch.equal(one.fooled, other.fooled)
    torch.testing.assert_close(one.adversarial, other.adversarial, rtol=0, atol=1e-6)


def test_budget_zero_is_clean_accuracy(curved: Any) -> None:
    found = pgd(*curved.given(), Threat("l2", 0.0), settings(), 0)
    assert found.fooled.nonzero().flatten().tolist() == list(range(6))
    assert torch.equal(found.adversarial, curved.x)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_steps_restarts_and_budget_break_more_here(curved: Any, norm: str) -> None:
    def broken(factor: float = 0.3, **changes: Any) -> int:
        return int(
            pgd(*curved.given(), Threat(norm, factor * EPS[norm]), settings(**changes), 0).fooled.sum()
        )

    assert broken(steps=0) < broken(steps=1) < broken(steps=10)
    assert broken(0.1) < broken(0.3) < broken(1.0) < broken(8.0)


def test_restarts_only_add(curved: Any) -> None:
    threat = Threat("linf", 0.06)
    few = pgd(*curved.given(), threat, settings(steps=0), 0).fooled
    more = pgd(*curved.given(), threat, settings(steps=0, restarts=10), 0).fooled
    assert (more | ~few).all()
    assert more.sum() > few.sum()


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_results_do_not_depend_on_batches_order_or_shards(curved: Any, norm: str) -> None:
    """In float64 inside the network: float32 products may round by the size of their batch."""
    curved.target.network = nn.Sequential(_AsDouble(), curved.target.network.double())
    threat, options = Threat(norm, 0.5 * EPS[norm]), settings(restarts=2, steps=5)
    whole = pgd(*curved.given(), threat, options, 1)
    assert 8 < whole.fooled.sum() < 40
    for batch_size in (1, 7):
        _same(pgd(*curved.given(), threat, {**options, "batch_size": batch_size}, 1), whole)
    order = np.random.default_rng(0).permutation(48)
    for rows in (order, np.arange(1, 48, 2)):
        part = Found(
            whole.adversarial[rows], whole.fooled[rows], whole.queries[rows], whole.zero_gradients[rows]
        )
        _same(pgd(*curved.at(rows).given(), threat, {**options, "batch_size": 5}, 1), part)


def _same(one: Found, other: Found) -> None:
    assert torch.equal(one.fooled, other.fooled)
    torch.testing.assert_close(one.adversarial, other.adversarial, rtol=0, atol=1e-6)
    assert torch.equal(one.zero_gradients, other.zero_gradients)


class _AsDouble(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.double()


def test_an_unbroken_image_costs_its_steps_and_one_forward_pass(linear: Callable) -> None:
    case = linear(8)
    pgd(*case.given(), Threat("linf", 1e-6), settings(steps=10, restarts=2), 0)
    assert (case.target.forward_backwards, case.target.forwards) == (8 * 10 * 2, 8 + 8 * 2)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_starts_are_uniform_in_the_ball(linear: Callable, norm: str) -> None:
    """With no steps the examples are starts that are wrong: those of images on the boundary, half a ball.

    By symmetry half of the starts fall on the wrong side; their distance from the centre has the law of the
    ball: the radius to the power of the dimension is uniform.
    """
    case = linear(400)
    w, b = case.target.network.w, case.target.network.b
    f = (case.x * w).flatten(1).sum(dim=1) + b
    x = case.x - (f * 0.999 / w.pow(2).sum())[:, None, None, None] * w  # just on the right side
    found = pgd(
        case.target, x, case.labels, case.ids, Threat(norm, 0.2), settings(steps=0, batch_size=100), 0
    )
    assert 160 < found.fooled.sum() < 240
    at = distance(x, found.adversarial, norm)[found.fooled].double() / 0.2
    assert at.max() <= 1 + 1e-5
    uniform = at ** case.x[0].numel()
    assert 0.4 < uniform.mean() < 0.6  # standard error 0.02
    assert 0.05 < uniform.var() < 0.12  # of a uniform variable: 1/12


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_every_example_is_in_the_threat_and_wrong(curved: Any, norm: str) -> None:
    threat = Threat(norm, EPS[norm])
    found = pgd(*curved.given(), threat, settings(), 0)
    verify(curved.x, found.adversarial, threat, curved.ids)
    assert torch.equal(curved.target(found.adversarial).argmax(dim=1) != curved.labels, found.fooled)


def test_wrong_pixels_are_refused_before_any_work(curved: Any) -> None:
    with pytest.raises(UsageError, match=r"pixels outside \[0, 1\]"):
        pgd(curved.target, curved.x - 0.5, curved.labels, curved.ids, Threat("linf", 0.1), settings(), 0)
    assert curved.target.forwards == 0


@pytest.mark.parametrize("peer", ["foolbox", "torchattacks"])
def test_peers_break_as_many_images_of_a_published_network(resnet20: Any, peer: str) -> None:
    """Same steps, another generator: counts differ by no more than two seeds of our own might.

    Peers judge the last point, we the whole path; at a budget where most images fall that is little.
    """
    library = pytest.importorskip(peer)
    case = resnet20.at(np.arange(16))
    threat, steps = Threat.parse("linf", "1/255"), 5
    ours = [
        int(pgd(*case.given(), threat, settings(steps=steps, batch_size=16), seed).fooled.sum())
        for seed in (0, 1)
    ]
    network = case.target.network
    torch.manual_seed(0)
    if peer == "foolbox":
        model = library.PyTorchModel(network, bounds=(0, 1), device="cpu")
        attack = library.attacks.LinfPGD(rel_stepsize=0.25, steps=steps)
        adversarial = attack(model, case.x, case.labels, epsilons=threat.eps)[1]
    else:
        attack = library.PGD(network, eps=threat.eps, alpha=threat.eps / 4, steps=steps)
        adversarial = attack(case.x, case.labels)
    with torch.no_grad():
        theirs = int((network(adversarial).argmax(dim=1) != case.labels).sum())
    assert max(ours) < 16 and min(ours) > 4
    assert abs(theirs - sum(ours) / 2) <= 3
