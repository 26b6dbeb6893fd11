"""What a unit has decided so far, kept on disk: a unit that was stopped goes on from its last step."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import numpy as np

from sngen.errors import CheckFailed
from sngen.whole_files import write_files

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
    """Arrays by the name of the step that gave them, in a folder of the unit's own.

    ``use`` tells what the unit has taken up to now. It is stored with every step, so that a record counts
    the work of all runs of its unit.
    """

    def __init__(self, folder: Path, use: Callable[[], Use]) -> None:
        self._folder = folder
        self._use = use

    def step(self, name: str, compute: Callable[[], Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """The arrays of a step: read where an earlier run of the unit decided them, else computed and kept.

        Raises ``CheckFailed`` for a file that cannot be read.
        """
        path = self._folder / f"{name}.npz"
        if path.is_file():
            arrays = _read(path)
            del arrays[_USE]
            return arrays
        arrays = dict(compute())
        buffer = io.BytesIO()
        np.savez(buffer, **arrays, **{_USE: np.array(json.dumps(asdict(self._use())))})  # type: ignore[arg-type]
        write_files({path: buffer.getvalue()})
        return arrays


def use_before(folder: Path) -> Use:
    """What earlier runs of the unit took for the steps that are kept."""
    stored = [Use(**json.loads(str(_read(path)[_USE]))) for path in folder.glob("*.npz")]
    return max(stored, key=lambda use: (use.forwards + use.forward_backwards, use.cpu), default=Use())


def forget(folder: Path) -> None:
    """Remove what was kept, once the unit's record is published."""
    shutil.rmtree(folder, ignore_errors=True)


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return dict(stored)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise CheckFailed(f"{path}: cannot be read ({error}). Delete {path.parent}.") from error
