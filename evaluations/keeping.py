"""What a unit has decided so far, kept in the store: a unit that was stopped goes on from its last step."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, astuple, dataclass

import numpy as np

from sngen.errors import CheckFailed
from sngen.store import Store
from sngen.store.patience import patiently

FOLDER = ".unfinished"
_USE = "use"


@dataclass(frozen=True)
class Use:
    """What a unit has taken: images passed, queries, and seconds of wall clock and processor."""

    forwards: int = 0
    forward_backwards: int = 0
    queries: int = 0
    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: Use) -> Use:
        return Use(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


class Keep:
    """Arrays by the name of the step that gave them, in the store, under ``folder``, the unit's own.

    ``use`` tells what the unit has taken up to now. It is stored with every step, so that a record counts
    the work of all runs of its unit.
    """

    def __init__(self, store: Store, folder: str, use: Callable[[], Use]) -> None:
        self._store, self._folder, self._use = store, folder, use

    def step(self, name: str, compute: Callable[[], Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """The arrays of a step: read where an earlier run of the unit decided them, else computed and kept.

        Raises ``CheckFailed`` for a file that cannot be read.
        """
        place = f"{self._folder}/{name}.npz"
        arrays = _read(self._store, place)
        if arrays:
            del arrays[_USE]
            return arrays
        arrays = dict(compute())
        buffer = io.BytesIO()
        np.savez(buffer, **arrays, **{_USE: np.array(json.dumps(asdict(self._use())))})  # type: ignore[arg-type]
        patiently(lambda: self._store.put(place, buffer.getvalue()))
        return arrays


def kept_under(record_id: str) -> str:
    """Where a store has the steps of a unit that is not finished."""
    return f"{FOLDER}/{record_id}"


def use_before(store: Store, folder: str) -> Use:
    """What earlier runs of the unit took for the steps that are kept."""
    stored = [Use(**json.loads(str(_read(store, name)[_USE]))) for name in store.names(folder)]
    return max(stored, key=lambda use: (use.forwards + use.forward_backwards, use.cpu), default=Use())


def forget(store: Store, folder: str) -> None:
    """Remove what was kept, once the unit's record is published."""
    for name in list(store.names(folder)):
        store.delete(name)


def _read(store: Store, name: str) -> dict[str, np.ndarray]:
    """The arrays; none where nothing has the name."""
    stored = store.read(name)
    if stored is None:
        return {}
    try:
        with np.load(io.BytesIO(stored.content), allow_pickle=False) as arrays:
            return dict(arrays)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise CheckFailed(
            f"{store.where(name)}: cannot be read ({error}). Delete it and run again."
        ) from error
