"""Square attack: windows as the paper defines them, exact counts, and success as its peers have it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from evaluations.adversarial.noise import Noise
from evaluations.adversarial.square import square
from evaluations.adversarial.square_windows import (
    Humps,
    Stripes,
    Window,
    halvings,
    hump,
    place,
    two_humps,
    window_sides,
)
from evaluations.adversarial.threat import Threat, admissible, distance

SETTINGS = {"queries": 120, "p_init": 0.8, "batch_size": 32}
NORMS = pytest.mark.parametrize("norm", ["linf", "l2"])
COLOURED = torch.Size((3, 16, 16))


def test_shares_are_halved_as_in_the_paper() -> None:
    made = torch.tensor(
        [0, 10, 11, 50, 51, 200, 201, 500, 501, 1000, 1001, 2000, 2001, 4000, 4001, 6000, 8001]
    )
    assert halvings(made).tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 9]
    assert window_sides(0.8, 32, 32).tolist() == [29, 20, 14, 10, 7, 5, 4, 3, 2, 1]
    assert window_sides(0.8, 32, 32, smallest=3, odd=True).tolist() == [29, 21, 15, 11, 7, 5, 5, 3, 3, 3]
    assert window_sides(1.0, 8, 8, smallest=3, odd=True).tolist()[:2] == [8, 7]


def test_windows_lie_anywhere_last_row_and_column_included() -> None:
    draws = Noise(0, "test").uniform(np.arange(20_000), 0, 0, (2,))
    side = torch.full((20_000,), 6)
    window = place(side, draws, 8, 10)
    counts = np.bincount(window.top.numpy(), minlength=3), np.bincount(window.left.numpy(), minlength=5)
    for count in counts:
        assert np.abs(count / 20_000 - 1 / len(count)).max() < 0.015
    assert place(side[:1], torch.full((1, 2), 1 - 2**-24), 8, 10).left.tolist() == [4]
    assert window.inside(8, 10).sum(dim=(1, 2, 3)).unique().tolist() == [36]


def test_pixels_of_windows_are_those_inside() -> None:
    side = torch.tensor([1, 4, 2, 6])
    window = place(side, Noise(0, "test").uniform(np.arange(4), 0, 0, (2,)), 8, 10)
    marked = torch.zeros(4, 1, 80).scatter(2, window.pixels(10), 1.0).view(4, 1, 8, 10)
    assert torch.equal(marked.bool(), window.inside(8, 10))


def test_a_pattern_is_put_in_its_window() -> None:
    pattern = torch.zeros(2, 5, 5)
    pattern[:, :2, :2] = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    window = Window(torch.tensor([1, 2]), torch.tensor([3, 0]), torch.tensor([2, 2]))
    filled = window.fill(pattern, torch.tensor([False, True]), 4, 6)
    expected = torch.zeros(2, 1, 4, 6)
    expected[0, 0, 1:3, 3:5] = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    expected[1, 0, 2:4, 0:2] = torch.tensor([[1.0, 3.0], [2.0, 4.0]])
    assert torch.equal(filled, expected)


@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (3, 7), (7, 3), (6, 13)])
def test_a_hump_is_a_pile_of_squares(shape: tuple[int, int]) -> None:
    height, width = shape
    pile = np.zeros(shape)
    for k in range(max(height, width) // 2 + 1):
        for row in range(height):
            for column in range(width):
                if abs(row - height // 2) <= k and abs(column - width // 2) <= k:
                    pile[row, column] += 1 / (k + 1) ** 2
    np.testing.assert_allclose(hump(*shape).numpy(), pile / np.linalg.norm(pile), rtol=1e-5)


def test_two_humps_of_opposite_sign() -> None:
    both = two_humps(7)
    assert float(both.norm()) == pytest.approx(1, abs=1e-6)
    assert (both[:3] > 0).all() and (both[3:] < 0).all()
    torch.testing.assert_close(both[:3] / both[:3].norm(), hump(3, 7))


def test_stripes_start_and_windows_follow_at_full_budget() -> None:
    proposals = Stripes(COLOURED, 0.1, 0.8)
    source, x = Noise(1, "test"), torch.full((40, *COLOURED), 0.5)
    ids = np.arange(40)
    points = proposals.start(x, source.uniform(ids, 0, 0, (proposals.start_draws,)))
    assert torch.equal(points, points[:, :, :1].expand_as(points))
    torch.testing.assert_close((points - x).abs(), torch.full_like(x, 0.1))
    made = torch.full((40,), 30)
    following = proposals.propose(x, points, made, source.uniform(ids, 0, 1, (proposals.draws,)))
    torch.testing.assert_close((following - x).abs(), torch.full_like(x, 0.1))
    side = int(window_sides(0.8, 16, 16)[1])
    for change in (following != points).any(dim=1):
        rows, columns = torch.nonzero(change.any(dim=1)), torch.nonzero(change.any(dim=0))
        assert len(rows) == 0 or int(rows.max() - rows.min()) < side >= int(columns.max() - columns.min()) + 1


def test_humps_keep_their_length_and_change_two_windows() -> None:
    proposals = Humps(COLOURED, 0.7, 0.8)
    source, x = Noise(2, "test"), torch.full((40, *COLOURED), 0.5)
    ids = np.arange(40)
    points = proposals.start(x, source.uniform(ids, 0, 0, (proposals.start_draws,)))
    made = torch.full((40,), 300)
    for step in range(1, 4):
        torch.testing.assert_close(distance(x, points, "l2"), torch.full((40,), 0.7))
        before, draws = points, source.uniform(ids, 0, step, (proposals.draws,))
        points = proposals.propose(x, points, made, draws)
        sides = proposals.sides[halvings(made)]
        first, second = place(sides, draws[:, :2], 16, 16), place(sides, draws[:, 2:4], 16, 16)
        inside, emptied = first.inside(16, 16), second.inside(16, 16)
        # With nothing to spare, what the second window loses is what the first gains.
        untouched = (~(inside | emptied)).expand_as(x)
        torch.testing.assert_close(points[untouched], before[untouched], atol=1e-5, rtol=0)
        gone = (emptied & ~inside).expand_as(x)
        assert torch.equal(points[gone], x[gone])
        assert bool((points != before).flatten(1).any(dim=1).all())


@NORMS
def test_never_below_the_smallest_perturbation_of_a_linear_model(
    linear: Callable[..., Any], norm: Any
) -> None:
    case = linear(60)
    smallest = case.smallest[norm]
    eps = float(np.quantile(smallest, 0.7))
    found = square(*case.given(), Threat(norm, eps), SETTINGS, 0)
    assert not (found.fooled.numpy() & (smallest > eps * 1.0001)).any()
    assert float(found.fooled.double().mean()) > 0.1
    assert found.fooled.numpy()[smallest < eps / 30].all()
    assert admissible(case.x, found.adversarial, Threat(norm, eps)).all()


@NORMS
def test_every_query_is_counted_and_there_are_no_gradients(curved: Any, norm: Any) -> None:
    target = curved.target
    eps = {"linf": 0.03, "l2": 0.3}[norm]
    found = square(*curved.given(), Threat(norm, eps), SETTINGS, 0)
    assert target.forward_backwards == 0
    assert int(found.queries.sum()) == target.queries
    assert (found.queries[:6] == 0).all() and found.fooled[:6].all()  # wrong as they are
    assert (found.queries[~found.fooled] == 120).all() and (found.queries[6:] >= 1).all()
    assert 12 < int(found.fooled.sum()) < 44
    # Fewer queries: the same walk, cut short.
    less = square(*curved.given(), Threat(norm, eps), SETTINGS | {"queries": 60}, 0)
    early = (found.queries <= 60) & found.fooled
    assert torch.equal(less.fooled, early)
    assert torch.equal(less.queries[early], found.queries[early])


@NORMS
def test_an_image_gets_the_same_in_any_company(curved: Any, norm: Any) -> None:
    threat = Threat(norm, {"linf": 0.03, "l2": 0.3}[norm])
    case = curved.at(np.arange(3, 27))
    together = square(*case.given(), threat, SETTINGS, 0)
    order = torch.from_numpy(np.random.default_rng(0).permutation(24))
    x, labels, ids = case.x[order], case.labels[order], case.ids[order.numpy()]
    shuffled = square(case.target, x, labels, ids, threat, SETTINGS | {"batch_size": 5}, 0)
    assert torch.equal(shuffled.queries, together.queries[order])
    assert torch.equal(shuffled.adversarial, together.adversarial[order])
    other = square(*case.given(), threat, SETTINGS, 1)
    assert not torch.equal(other.queries, together.queries)


@NORMS
def test_success_is_that_of_a_peer_within_the_spread_over_seeds(resnet20: Any, norm: Any) -> None:
    """Known differences: torchattacks leaves out the last position and gives a batch one window."""
    torchattacks = pytest.importorskip("torchattacks")
    part = resnet20.at(np.arange(12))
    threat = Threat(norm, {"linf": 10 / 255, "l2": 2.5}[norm])
    settings = SETTINGS | {"queries": 20}
    ours = [int(square(*part.given(), threat, settings, seed).fooled.sum()) for seed in range(2)]
    theirs = []
    for seed in range(2):
        peer = torchattacks.Square(
            part.target.network, norm={"linf": "Linf", "l2": "L2"}[norm], eps=threat.eps, n_queries=19,
            seed=seed, resc_schedule=False,
        )  # fmt: skip
        with torch.no_grad():
            theirs.append(int((part.target(peer(part.x, part.labels)).argmax(dim=1) != part.labels).sum()))
    assert 1 < np.mean(theirs) < 11, theirs
    assert abs(np.mean(ours) - np.mean(theirs)) <= 3, (ours, theirs)
