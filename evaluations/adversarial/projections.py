"""The nearest point of a hyperplane within the box [0, 1]^D, in the L-infinity and in the L2 norm."""

from __future__ import annotations

from typing import Literal

import torch


def onto_hyperplane(
    points: torch.Tensor, normals: torch.Tensor, gaps: torch.Tensor, norm: Literal["linf", "l2"]
) -> torch.Tensor:
    """Smallest displacements, float32 [B, D], that bring points of the box onto hyperplanes, inside the box.

    ``points`` float32 [B, D] in [0, 1]; ``normals`` float32 [B, D]; ``gaps`` [B] is how far the value
    ``normals @ points`` has to rise (negative: to fall) to lie on the hyperplane. Where no point of the box
    lies on it, the displacement leads to the corner of the box that comes nearest in that value. Coordinates
    with a normal of 0 never move.

    The minimiser moves each coordinate towards its face by ``min(t * speed, room)``: at speed 1 for
    L-infinity, at the size of its normal for L2 (the problem of arXiv:1907.02044, section 2.2). The value
    gained is a concave, piecewise linear and rising function of t. Newton's method on such a function, from
    t = 0, rises to its exact root after finitely many steps and needs no sorting of coordinates.
    """
    # A hyperplane is the same at every scale; at this one the squares of tiny gradients do not vanish.
    scale = normals.abs().amax(dim=1, keepdim=True)
    scale = torch.where(scale > 0, scale, 1.0)
    direction = (normals / scale) * torch.where(gaps < 0, -1.0, 1.0)[:, None]
    size = direction.abs()
    room = torch.where(direction > 0, 1 - points, points).clamp_min(0) * (size > 0)
    speed = (size > 0).float() if norm == "linf" else size
    t = _root(size, speed, room, gaps.double().abs() / scale[:, 0].double())
    moved = torch.where(torch.isinf(t), room, torch.minimum(t * speed, room))
    return moved * direction.sign()


def _root(size: torch.Tensor, speed: torch.Tensor, room: torch.Tensor, gap: torch.Tensor) -> torch.Tensor:
    """t, float32 [B, 1], where the sum of ``size * min(t * speed, room)`` is ``gap``; inf if it never is."""
    slope, limit = size * speed, size * room
    t = torch.zeros(len(size), 1)
    while True:
        free = t * speed < room
        rate = torch.where(free, slope, 0.0).sum(dim=1, dtype=torch.float64)
        missing = gap - torch.where(free, 0.0, limit).sum(dim=1, dtype=torch.float64)
        # With nothing left to move, whatever is still missing cannot be had.
        following = torch.where(rate > 0, missing / rate, torch.inf).float()
        following = torch.where(gap > 0, torch.maximum(following, t[:, 0]), 0.0)[:, None]
        if torch.equal(following, t):
            return t
        t = following
