"""What an attack or detector is to the engine: one function, its name and its version.

    @method("utility", "clean", version=1)
    def clean(target, data, settings, seed): ...

A third party adds one through the entry point group ``securitynet.evaluations``; a file in a family's
folder is found by itself. Nothing is registered anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sngen.results import OutcomeEntry, ScoreEntry

if TYPE_CHECKING:
    from evaluations.datasets.images import Images
    from evaluations.target import Target


@dataclass(frozen=True)
class Measurement:
    """What one unit found: numbers, and one bit per image for every setting that decides images."""

    scores: tuple[ScoreEntry, ...]
    outcomes: tuple[OutcomeEntry, ...] = ()


#: (target, images by role, the protocol's settings, seed) -> measurement
Function = Callable[["Target", Mapping[str, "Images"], Mapping[str, Any], int], Measurement]


@dataclass(frozen=True)
class Method:
    """A registered method. ``version`` is raised when its code would give other numbers."""

    family: str
    name: str
    version: int
    function: Function


def method(family: str, name: str, *, version: int) -> Callable[[Function], Method]:
    """Turn a function into a ``Method``; the docstring of the function describes it."""

    def decorate(function: Function) -> Method:
        return Method(family, name, version, function)

    return decorate
