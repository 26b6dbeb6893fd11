"""The nearest point of a hyperplane within the box [0, 1]^D, in the L-infinity and in the L2 norm."""

from __future__ import annotations

from typing import Literal

import torch

TOGETHER = 2**18  # coordinates worked on at a time, so that a processor's cache holds them


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
    rows = max(TOGETHER // points.shape[1], 1)
    parts = zip(points.split(rows), normals.split(rows), gaps.split(rows), strict=True)
    return torch.cat([_displacements(*part, norm) for part in parts])


def _displacements(
    points: torch.Tensor, normals: torch.Tensor, gaps: torch.Tensor, norm: Literal["linf", "l2"]
) -> torch.Tensor:
    # A hyperplane is the same at every scale; at this one the squares of tiny gradients do not vanish.
    scale = normals.abs().amax(dim=1, keepdim=True)
    scale = torch.where(scale > 0, scale, 1.0)
    towards = normals / torch.where(gaps[:, None] < 0, -scale, scale)
    size, sign = towards.abs(), towards.sign()
    room = torch.lerp(points, 1 - points, sign.clamp_min(0))  # with a weight of 0 or 1 it is exact
    speed = None if norm == "linf" else size
    t = _root(size, speed, room, gaps.double().abs() / scale[:, 0].double())[:, None]
    moved = torch.minimum(room, t if speed is None else t * speed)
    never = torch.nonzero(t[:, 0].isinf()).flatten()
    moved[never] = room[never]
    return moved.mul_(sign)


def _root(
    size: torch.Tensor, speed: torch.Tensor | None, room: torch.Tensor, gap: torch.Tensor
) -> torch.Tensor:
    """t, float32 [B], where the sum of ``size * min(t * speed, room)`` is ``gap``; inf if it never is.

    ``speed`` None is 1 for all. Rows that reached their root are left out as soon as they are many. What
    chooses between coordinates is a float of 0 or 1: several times faster than a mask, and as exact.
    """
    parts = [size if speed is None else size * speed, size * room, room]
    parts += [] if speed is None else [speed]
    rows, t, roots = torch.arange(len(size)), torch.zeros(len(size)), torch.empty(len(size))
    while True:
        slope, limit, room, *some_speed = parts
        reached = t[:, None] * some_speed[0] if some_speed else t[:, None]
        free = (room - reached).clamp_min_(0).sign_()
        rate = (slope * free).sum(dim=1, dtype=torch.float64)
        missing = gap - (limit - free.mul_(limit)).sum(dim=1, dtype=torch.float64)
        # With nothing left to move, whatever is still missing cannot be had.
        following = torch.where(rate > 0, missing / rate, torch.inf).float().maximum(t)
        following = torch.where(gap > 0, following, 0.0)
        going = torch.nonzero(following != t).flatten()
        roots[rows], t = following, following
        if len(going) == 0:
            return roots
        if len(going) <= len(rows) // 2:
            rows, t, gap = rows[going], t[going], gap[going]
            parts = [part.index_select(0, going) for part in parts]
