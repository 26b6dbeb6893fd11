"""What an attack or detector is to the engine: one function, its name and its version.

    @method("utility", "clean", version=1)
    def clean(target, data, settings, seed): ...

A third party adds one through the entry point group ``securitynet.evaluations``; a file in a family's
folder is found by itself. Nothing is registered anywhere else.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sngen.results import ArrayEntry, OutcomeEntry, PictureEntry, ScoreEntry

if TYPE_CHECKING:
    from evaluations.datasets.images import Images
    from evaluations.keeping import Keep
    from evaluations.target import Target
    from sngen.settings import Settings


#: Torch's name of the processor.
CPU = "cpu"


@dataclass(frozen=True)
class Measurement:
    """What one unit found: numbers, one bit per image for every setting that decides images, the small arrays
    that a number stands for, and pictures as evidence."""

    scores: tuple[ScoreEntry, ...]
    outcomes: tuple[OutcomeEntry, ...] = ()
    arrays: tuple[ArrayEntry, ...] = ()
    pictures: tuple[PictureEntry, ...] = ()


@dataclass(frozen=True)
class Context:
    """What else a method may ask for, as a fifth argument ``context``.

    ``keep`` holds what an interrupted run of the unit has decided; ``folders`` are the user's;
    ``surrogate`` makes a target of the model that the settings name as the attacker's own, with counters of
    its own: the first of ``surrogates`` that is not the target itself. ``facts`` are the columns of the
    target's row in the catalogue that the method asks for, None where nothing is known. ``device``: torch's
    name of where the target's network is, and where a method may compute.
    """

    keep: Keep
    folders: Settings
    surrogate: Callable[[], Target]
    facts: Mapping[str, Any] = field(default_factory=dict)
    device: str = CPU


@dataclass(frozen=True, eq=False)
class Preparation:
    """Work that several units share, such as training a reference model: ``function(*arguments)``, picklable.

    Equal ``name``: the same work. It has to be safe to do twice at once.
    """

    name: str
    function: Callable[..., object]
    arguments: tuple[Any, ...]


#: (target, images by role, the protocol's settings, seed[, context]) -> measurement
Function = Callable[..., Measurement]
#: (images by role, settings, folders) -> what is not there yet
Prepare = Callable[[Mapping[str, "Images"], Mapping[str, Any], "Settings"], Sequence[Preparation]]


@dataclass(frozen=True)
class Method:
    """A registered method. ``version`` is raised when its code would give other numbers.

    ``needs_gradients``, or knowledge of the network: not for models that can only be asked for outputs.
    ``prepare`` says what has to be
    made before its units can run, from the images of the roles ``prepares_on``. ``facts``: columns of the
    table models that decide the result, beside weights and network.
    """

    family: str
    name: str
    version: int
    function: Function
    needs_gradients: bool = False
    prepare: Prepare | None = None
    prepares_on: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()

    @property
    def takes_context(self) -> bool:
        return "context" in inspect.signature(self.function).parameters


def method(
    family: str,
    name: str,
    *,
    version: int,
    needs_gradients: bool = False,
    prepare: Prepare | None = None,
    prepares_on: tuple[str, ...] = (),
    facts: tuple[str, ...] = (),
) -> Callable[[Function], Method]:
    """Turn a function into a ``Method``; the docstring of the function describes it."""

    def decorate(function: Function) -> Method:
        return Method(family, name, version, function, needs_gradients, prepare, prepares_on, facts)

    return decorate
