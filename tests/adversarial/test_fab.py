"""FAB-T: exact where the smallest perturbation is known, equal to the reference where it is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from evaluations.adversarial.fab import fab_minimal, fab_t
from evaluations.adversarial.threat import Threat, admissible, distance
from evaluations.target import Target
from sngen.errors import CheckFailed

SETTINGS: dict[str, Any] = {
    "iterations": 30, "targets": 9, "restarts": 1, "alpha_max": 0.1, "eta": 1.05, "beta": 0.9,
    "batch_size": 48, "stop_at_eps": True,
}  # fmt: skip
NORMS = pytest.mark.parametrize("norm", ["linf", "l2"])


def _rows(case: Any, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
    return case.x[rows], case.labels[rows], case.ids[rows.numpy()]


@NORMS
def test_minimal_distance_is_the_closed_form_on_a_linear_model(linear: Callable[..., Any], norm: Any) -> None:
    case = linear(60)
    examples, found = fab_minimal(*case.given(), norm, SETTINGS | {"targets": 1}, 0)
    ratio = found.double().numpy() / case.smallest[norm]
    assert ratio.min() >= 1 - 1e-4 and ratio.max() < 1.01
    torch.testing.assert_close(distance(case.x, examples, norm), found)


@NORMS
def test_budget_decides_as_the_closed_form(linear: Callable[..., Any], norm: Any) -> None:
    case = linear(60)
    smallest = case.smallest[norm]
    eps = float(np.median(smallest))
    clear = np.abs(smallest / eps - 1) > 0.02
    found = fab_t(*case.given(), Threat(norm, eps), SETTINGS, 0)
    assert np.array_equal(found.fooled.numpy()[clear], (smallest < eps)[clear])
    assert admissible(case.x, found.adversarial, Threat(norm, eps)).all()
    assert torch.equal(found.adversarial[~found.fooled], case.x[~found.fooled])
    assert not fab_t(*case.given(), Threat(norm, 0.0), SETTINGS, 0).fooled.any()


@NORMS
def test_stopping_early_fools_the_same_images_for_less(curved: Any, norm: Any) -> None:
    eps = {"linf": 0.02, "l2": 0.1}[norm]
    passes, found = [], []
    for stop in (True, False):
        before = curved.target.forward_backwards
        found.append(fab_t(*curved.given(), Threat(norm, eps), SETTINGS | {"stop_at_eps": stop}, 0))
        passes.append(curved.target.forward_backwards - before)
    early, late = found
    assert torch.equal(early.fooled, late.fooled) and 6 < int(early.fooled.sum()) < 48
    assert passes[0] < passes[1]
    assert (late.fooled_at(curved.x, norm) <= early.fooled_at(curved.x, norm) + 1e-7).all()


@NORMS
def test_budget_and_minimal_distance_agree(curved: Any, norm: Any) -> None:
    _, smallest = fab_minimal(*curved.given(), norm, SETTINGS, 0)
    assert (smallest[:6] == 0).all() and torch.isfinite(smallest).all()
    eps = float(smallest[6:].median()) * 1.0001
    found = fab_t(*curved.given(), Threat(norm, eps), SETTINGS, 0)
    assert torch.equal(found.fooled, smallest <= eps)


class Plateau(nn.Module):
    """Flat around grey: the gradient is zero at the images and not where random starts are."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(12, generator=torch.Generator().manual_seed(1)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height = ((x - 0.5).flatten(1) @ self.w).abs()
        return torch.stack([torch.full_like(height, 0.05), (height - 0.01).relu()], dim=1)


@NORMS
def test_random_starts_leave_a_plateau(norm: Any) -> None:
    network = Plateau()
    target = Target(network, "test/plateau", "0" * 64, 1)
    given = target, torch.full((20, 3, 2, 2), 0.5), torch.zeros(20, dtype=torch.int64), np.arange(20)
    settings = SETTINGS | {"restart_radius": 0.3}
    _, once = fab_minimal(*given, norm, settings, 0)
    _, four = fab_minimal(*given, norm, settings | {"restarts": 4}, 0)
    _, other = fab_minimal(*given, norm, settings | {"restarts": 4}, 1)
    assert torch.isinf(once).all() and torch.isfinite(four).all() and not torch.equal(four, other)
    w = network.w.detach().double()
    smallest = 0.06 / float(w.abs().sum() if norm == "linf" else w.norm())
    assert float(four.min()) > smallest * (1 - 1e-4) and float(four.median()) < 1.1 * smallest
    more = fab_t(*given, Threat(norm, 0.3), settings | {"restarts": 4}, 0)
    assert more.fooled.all() and (more.zero_gradients >= 30).all()  # all of the first run


@NORMS
def test_an_image_gets_the_same_in_any_company(curved: Any, norm: Any) -> None:
    settings = SETTINGS | {"targets": 3, "restarts": 2, "restart_radius": 0.1, "iterations": 10}
    case = curved.at(np.arange(3, 27))
    _, together = fab_minimal(*case.given(), norm, settings, 0)
    order = torch.from_numpy(np.random.default_rng(0).permutation(24))
    _, shuffled = fab_minimal(case.target, *_rows(case, order), norm, settings | {"batch_size": 7}, 0)
    torch.testing.assert_close(shuffled, together[order], rtol=1e-3, atol=0)  # up to rounding of sums


@NORMS
def test_distances_are_those_of_the_reference(curved: Any, norm: Any) -> None:
    """torchattacks' FAB is the reference's code. One target: of several it keeps the first."""
    torchattacks = pytest.importorskip("torchattacks")
    name = {"linf": "Linf", "l2": "L2"}[norm]
    peer = torchattacks.FAB(
        curved.target.network, norm=name, eps=10.0, steps=30, n_restarts=1, multi_targeted=True, n_classes=2
    )
    adversarial = peer(curved.x, curved.labels).detach()
    _, ours = fab_minimal(*curved.given(), norm, SETTINGS | {"targets": 1}, 0)
    theirs = distance(curved.x, adversarial, norm)
    right = ours > 0
    ratio = (ours / theirs)[right]
    assert int(right.sum()) == 42
    assert float(ratio.median()) == pytest.approx(1, abs=1e-4)
    assert float(ratio.max()) < 1.02 and float(ratio.min()) > 0.98


class Rounded(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.round(self.network(x))


def test_without_gradients_nothing_is_found_and_it_is_counted(curved: Any) -> None:
    target = Target(Rounded(curved.target.network), "test/rounded", "0" * 64, 1)
    with torch.no_grad():
        labels = target(curved.x).argmax(dim=1)
    found = fab_t(target, curved.x, labels, curved.ids, Threat("linf", 0.1), SETTINGS, 0)
    assert not found.fooled.any()
    assert (found.zero_gradients == 5 * 30).all()  # six classes, every iteration of every run
    assert target.forward_backwards == 5 * 48  # though a run that cannot move is computed once


class Broken(nn.Module):
    """Finite logits whose gradient at 0 is not."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        total = x.flatten(1).sum(dim=1)
        return torch.stack([1 - total.sqrt(), total], dim=1)


def test_a_gradient_that_is_no_number_names_the_image() -> None:
    target = Target(Broken(), "test/broken", "0" * 64, 1)
    x, labels = torch.zeros(2, 1, 2, 2), torch.zeros(2, dtype=torch.int64)
    x[0] += 0.01
    with pytest.raises(CheckFailed, match="test/broken: the gradient of image 78 is not finite"):
        fab_t(target, x, labels, np.array([77, 78]), Threat("linf", 0.1), SETTINGS, 0)
