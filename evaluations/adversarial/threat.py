"""What an adversary may do to an image: a norm, a budget, and the range of pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import torch

from sngen.errors import CheckFailed, UsageError

Norm = Literal["linf", "l2"]
TOLERANCE = 1e-6  # of a distance: what rounding to float32 may add to a budget


@dataclass(frozen=True)
class Threat:
    """All images within ``eps`` of the original in this norm, with pixels in [0, 1].

    ``eps`` is in pixel space, where 1 is white. ``text`` is the budget as it is written in names ("8/255");
    left empty, it follows from ``eps``. Raises ``UsageError`` for an unknown norm or a budget that is
    negative or not finite.
    """

    norm: Norm
    eps: float
    text: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.norm not in get_args(Norm):
            raise UsageError(f"norm {self.norm!r} is not known; choose from {', '.join(get_args(Norm))}.")
        if not (math.isfinite(self.eps) and self.eps >= 0):
            raise UsageError(f"budget {self.eps} of norm {self.norm}: expected a finite number, 0 or more.")
        if not self.text:
            object.__setattr__(self, "text", _written(self.eps))

    @classmethod
    def parse(cls, norm: Norm, text: str | float) -> Threat:
        """A budget as protocols write it: a number (0.5) or a fraction ("8/255", "0.25/255")."""
        numerator, slash, denominator = str(text).partition("/")
        try:
            eps = float(numerator) / (float(denominator) if slash else 1.0)
        except (ValueError, ZeroDivisionError):
            raise UsageError(
                f"budget {text!r} of norm {norm} is not a number or a fraction; write 0.5 or 8/255."
            ) from None
        return cls(norm, eps, str(text).replace(" ", ""))

    @property
    def name(self) -> str:
        """The name in settings of scores: ``linf-8-255``, ``linf-0.3``, ``l2-0.5``."""
        return f"{self.norm}-{self.text.replace('/', '-')}"


def project(x0: torch.Tensor, x: torch.Tensor, threat: Threat) -> torch.Tensor:
    """``x`` [N, ...] moved into the ball around ``x0`` [N, ...], then clipped to [0, 1].

    For L2 that order is the literature's; clipping to a range that holds ``x0`` cannot leave the ball.
    """
    if threat.norm == "linf":
        return x.clamp(*box(x0, threat.eps))
    delta = x - x0
    length = l2_lengths(delta)
    return delta.mul_(length.clamp(max=threat.eps) / (length + 1e-12)).add_(x0).clamp_(0, 1)


def box(x0: torch.Tensor, eps: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Least and greatest pixels within ``eps`` of those of ``x0`` and in [0, 1]."""
    return (x0 - eps).clamp_(min=0), (x0 + eps).clamp_(max=1)


def l2_lengths(delta: torch.Tensor) -> torch.Tensor:
    """Euclidean length of each of N differences [N, ...], as [N, 1, ...]."""
    return torch.linalg.vector_norm(delta, dim=tuple(range(1, delta.ndim)), keepdim=True)


def distance(x0: torch.Tensor, x: torch.Tensor, norm: Norm) -> torch.Tensor:
    """Distance of each pair of images [N, ...], float32 [N], computed in float64 and rounded once."""
    delta = (x.double() - x0.double()).flatten(1)
    order = math.inf if norm == "linf" else 2
    return torch.linalg.vector_norm(delta, order, dim=1).float()


def admissible(x0: torch.Tensor, x: torch.Tensor, threat: Threat) -> torch.Tensor:
    """Which of N images are in the threat: bool [N]. A pixel that is not a number is not."""
    pixels = x.flatten(1)
    in_range = ((pixels >= 0) & (pixels <= 1)).all(dim=1)
    return in_range & (distance(x0, x, threat.norm) <= threat.eps + TOLERANCE)


def verify(
    x0: torch.Tensor, x: torch.Tensor, threat: Threat, ids: Sequence[int] | np.ndarray | None = None
) -> None:
    """Raises ``CheckFailed`` naming the images ``ids`` (rows where not given) that are not in the threat."""
    outside = torch.nonzero(~admissible(x0, x, threat)).flatten()
    if len(outside) == 0:
        return
    row = int(outside[0])
    names = [int(ids[i]) if ids is not None else int(i) for i in outside[:10]]
    raise CheckFailed(
        f"{threat.name}: {len(outside)} of {len(x)} images are outside: {'row' if ids is None else 'image'} "
        f"{', '.join(map(str, names))}{', ...' if len(outside) > 10 else ''}. The first has distance "
        f"{float(distance(x0[row : row + 1], x[row : row + 1], threat.norm)[0])} and pixels from "
        f"{float(x[row].min())} to {float(x[row].max())}; expected at most {threat.eps} + {TOLERANCE} "
        "and pixels in [0, 1]."
    )


def _written(eps: float) -> str:
    """The shortest of: a decimal, a multiple of 1/255, all digits."""
    if float(f"{eps:g}") == eps:
        return f"{eps:g}"
    levels = f"{eps * 255:g}"
    return f"{levels}/255" if float(levels) / 255 == eps else repr(eps)
