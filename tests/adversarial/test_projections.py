"""The nearest point of a hyperplane in the box, against solvers that know nothing of its structure."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import linprog, minimize

from evaluations.adversarial.projections import onto_hyperplane


def _cases(n: int, size: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Points, some of them on faces of the box, normals with zeros, and gaps that the box allows."""
    generator = torch.Generator().manual_seed(seed)
    points = (1.4 * torch.rand(n, size, generator=generator) - 0.2).clamp(0, 1)
    normals = torch.randn(n, size, generator=generator)
    normals[:, 2] *= torch.rand(n, generator=generator) < 0.5
    goal = torch.rand(n, size, generator=generator)  # a point of the box on the hyperplane
    return points, normals, ((goal - points) * normals).sum(dim=1)


def test_linf_against_a_linear_program() -> None:
    points, normals, gaps = _cases(25, 6, seed=0)
    moves = onto_hyperplane(points, normals, gaps, "linf").double().numpy()
    for point, normal, gap, move in zip(points.numpy(), normals.numpy(), gaps.numpy(), moves, strict=True):
        # Variables: the move and its largest size.
        sizes = np.vstack([np.c_[np.eye(6), -np.ones(6)], np.c_[-np.eye(6), -np.ones(6)]])
        bounds = [(-p, 1 - p) for p in point] + [(0, None)]
        best = linprog(
            np.r_[np.zeros(6), 1], sizes, np.zeros(12), np.r_[normal, 0][None], [gap], bounds=bounds
        )
        assert best.success
        assert np.abs(move).max() == pytest.approx(best.fun, abs=1e-6)
        assert normal @ move == pytest.approx(gap, abs=1e-5)
        assert (point + move).min() >= -1e-7 and (point + move).max() <= 1 + 1e-7


def test_l2_against_a_quadratic_program() -> None:
    points, normals, gaps = _cases(15, 5, seed=1)
    moves = onto_hyperplane(points, normals, gaps, "l2").double().numpy()
    for point, normal, gap, move in zip(points.numpy(), normals.numpy(), gaps.numpy(), moves, strict=True):
        best = minimize(
            lambda d: d @ d,
            np.zeros(5),
            jac=lambda d: 2 * d,
            bounds=[(-p, 1 - p) for p in point],
            constraints={
                "type": "eq", "fun": lambda d, n=normal, g=gap: n @ d - g, "jac": lambda d, n=normal: n,
            },
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        )  # fmt: skip
        assert best.success
        np.testing.assert_allclose(move, best.x, atol=2e-5)
        assert normal @ move == pytest.approx(gap, abs=1e-5)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_the_corner_where_the_box_does_not_reach(norm: str) -> None:
    points, normals, _ = _cases(8, 6, seed=2)
    room = torch.where(normals > 0, 1 - points, -points) * (normals != 0)
    most = (room * normals).sum(dim=1)
    assert torch.equal(onto_hyperplane(points, normals, most + 0.5, norm), room)  # type: ignore[arg-type]
    torch.testing.assert_close(onto_hyperplane(points, normals, most, norm), room)  # type: ignore[arg-type]


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_downwards_is_upwards_in_the_mirror(norm: str) -> None:
    points, normals, gaps = _cases(30, 40, seed=3)
    moves = onto_hyperplane(points, normals, gaps, norm)  # type: ignore[arg-type]
    assert torch.equal(onto_hyperplane(points, -normals, -gaps, norm), moves)  # type: ignore[arg-type]
    mirrored = onto_hyperplane(1 - points, normals, -gaps, norm)  # type: ignore[arg-type]
    torch.testing.assert_close(mirrored, -moves, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_the_scale_of_a_hyperplane_does_not_matter(norm: str, scale: float) -> None:
    points, normals, gaps = _cases(30, 40, seed=4)
    scaled = onto_hyperplane(points, normals * scale, gaps * scale, norm)  # type: ignore[arg-type]
    torch.testing.assert_close(
        scaled, onto_hyperplane(points, normals, gaps, norm), atol=1e-6, rtol=1e-5  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_nothing_moves_without_a_normal_or_a_gap(norm: str) -> None:
    points, normals, gaps = _cases(4, 6, seed=5)
    assert not onto_hyperplane(points, torch.zeros_like(normals), gaps, norm).any()  # type: ignore[arg-type]
    assert not onto_hyperplane(points, normals, torch.zeros(4), norm).any()  # type: ignore[arg-type]


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_many_coordinates_of_very_different_weight(norm: str) -> None:
    """The value is reached to float32's precision, and no coordinate does more than the norm asks."""
    generator = torch.Generator().manual_seed(6)
    points = torch.rand(20, 3072, generator=generator)
    normals = torch.randn(20, 3072, generator=generator) * torch.rand(20, 3072, generator=generator) ** 8
    gaps = torch.linspace(-20, 20, 20)
    moves = onto_hyperplane(points, normals, gaps, norm).double()  # type: ignore[arg-type]
    reached = (moves * normals.double()).sum(dim=1)
    torch.testing.assert_close(reached, gaps.double(), atol=1e-4, rtol=1e-5)
    speed = torch.ones_like(moves) if norm == "linf" else normals.double().abs()
    free = ((points + moves) > 1e-6) & ((points + moves) < 1 - 1e-6) & (normals.abs() > 1e-5)
    for move, of_speed, is_free in zip(moves.abs(), speed, free, strict=True):
        pace = move[is_free] / of_speed[is_free]
        assert float(pace.max() / pace.min()) < 1.01  # all that are not on a face move in step
        assert float((move / of_speed).nan_to_num(0).max()) < 1.01 * float(pace.max())


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_rows_do_not_see_each_other(norm: str) -> None:
    points, normals, gaps = _cases(20, 50, seed=7)
    together = onto_hyperplane(points, normals, gaps, norm)  # type: ignore[arg-type]
    for row in range(20):
        part = slice(row, row + 1)
        alone = onto_hyperplane(points[part], normals[part], gaps[part], norm)  # type: ignore[arg-type]
        assert torch.equal(alone, together[part])
