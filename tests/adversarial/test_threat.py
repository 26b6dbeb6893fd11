"""Budgets and their names, the ball, and the proof that an image is in it."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluations.adversarial.threat import Threat, admissible, distance, project, verify
from sngen.errors import CheckFailed, UsageError


@pytest.mark.parametrize(
    ("norm", "text", "eps", "name"),
    [
        ("linf", "8/255", 8 / 255, "linf-8-255"),
        ("linf", "0.25/255", 0.25 / 255, "linf-0.25-255"),
        ("linf", "0.3", 0.3, "linf-0.3"),
        ("l2", 0.5, 0.5, "l2-0.5"),
        ("l2", "128 / 255", 128 / 255, "l2-128-255"),
        ("l2", 0, 0.0, "l2-0"),
    ],
)
def test_budgets_keep_the_way_they_are_written(norm: str, text: str | float, eps: float, name: str) -> None:
    threat = Threat.parse(norm, text)
    assert (threat.eps, threat.name) == (eps, name)
    assert threat == Threat(norm, eps)


@pytest.mark.parametrize(
    ("eps", "name"),
    [(8 / 255, "linf-8-255"), (0.25 / 255, "linf-0.25-255"), (0.3, "linf-0.3"), (math.pi, f"linf-{math.pi}")],
)
def test_budgets_without_text_get_the_shortest_exact_name(eps: float, name: str) -> None:
    assert Threat("linf", eps).name == name


@pytest.mark.parametrize("text", ["8/0", "eight", "", "8/255/2", "-1/255", "nan", "inf"])
def test_budgets_that_are_no_budgets_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="budget"):
        Threat.parse("linf", text)


def test_unknown_norms_are_refused() -> None:
    with pytest.raises(UsageError, match=r"'l1' is not known; choose from linf, l2"):
        Threat("l1", 0.5)


@pytest.mark.parametrize("norm", ["linf", "l2"])
@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**31), eps=st.floats(0, 2), spread=st.floats(0, 5))
def test_projection_is_admissible_and_leaves_what_is_inside(
    norm: str, seed: int, eps: float, spread: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    threat = Threat(norm, eps)
    x0 = torch.rand(5, 3, 4, 4, generator=generator)
    x = x0 + spread * torch.randn(x0.shape, generator=generator)
    projected = project(x0, x, threat)
    verify(x0, projected, threat)
    torch.testing.assert_close(project(x0, projected, threat), projected)


def test_projection_goes_to_the_nearest_point() -> None:
    x0 = torch.full((1, 1, 1, 2), 0.5)
    x = torch.tensor([[[[0.8, 0.9]]]])
    torch.testing.assert_close(project(x0, x, Threat("linf", 0.35)), torch.tensor([[[[0.8, 0.85]]]]))
    torch.testing.assert_close(project(x0, x, Threat("l2", 0.25)), torch.tensor([[[[0.65, 0.7]]]]))
    beyond = torch.tensor([[[[1.7, 0.5]]]])
    torch.testing.assert_close(project(x0, beyond, Threat("l2", 0.9)), torch.tensor([[[[1.0, 0.5]]]]))


def test_distances_are_exact_to_float32() -> None:
    x0, x = torch.zeros(1, 1, 1, 10_000), torch.full((1, 1, 1, 10_000), 0.1)
    assert distance(x0, x, "l2").item() == pytest.approx(10.0, rel=1e-7)
    assert distance(x0, x, "linf").item() == torch.tensor(0.1).item()
    assert distance(x0, x, "linf").dtype == torch.float32


def test_verification_names_the_images_outside() -> None:
    x0 = torch.full((4, 1, 2, 2), 0.5)
    x = x0.clone()
    x[1, 0, 0, 0] = math.nan
    x[3, 0, 1, 1] = 0.5 + 0.1 + 3e-6
    assert admissible(x0, x, Threat("linf", 0.1)).tolist() == [True, False, True, False]
    with pytest.raises(CheckFailed, match=r"2 of 4 images are outside: image 21, 23\."):
        verify(x0, x, Threat("linf", 0.1), [20, 21, 22, 23])
    with pytest.raises(CheckFailed, match=r"row 1, 3"):
        verify(x0, x, Threat("linf", 0.1))


def test_a_pixel_outside_the_range_is_not_admissible_however_near() -> None:
    x0 = torch.ones(2, 1, 1, 1)
    x = torch.tensor([1.0, 1.0 + 1e-7]).reshape(2, 1, 1, 1)
    assert admissible(x0, x, Threat("linf", 0.5)).tolist() == [True, False]


def test_rounding_of_a_budget_is_tolerated_and_no_more() -> None:
    x0 = torch.zeros(2, 1, 1, 1)
    x = torch.tensor([0.1 + 0.9e-6, 0.1 + 1.2e-6]).reshape(2, 1, 1, 1)
    assert admissible(x0, x, Threat("l2", 0.1)).tolist() == [True, False]
