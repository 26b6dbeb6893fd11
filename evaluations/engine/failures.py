"""Units that failed, kept beside the results until they succeed. Never part of a release."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = ".failures"


@dataclass(frozen=True)
class Failure:
    """What failed, why, where it was raised, and when (UTC)."""

    model_id: str
    what: str
    cause: str
    details: str
    date: str


class Failures:
    """One file per failure, named by the record's id, or by the model where its weights were not made."""

    def __init__(self, store: Path) -> None:
        self._folder = store / FOLDER

    def write(self, name: str, failure: Failure) -> None:
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}-{os.getpid()}.part")
        temporary.write_text(json.dumps(asdict(failure), indent=1), encoding="utf-8")
        temporary.replace(path)

    def read(self, name: str) -> Failure | None:
        path = self._path(name)
        return Failure(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None

    def clear(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        # Not .json: every .json file of a store is a record.
        return self._folder / f"{name.replace('/', '--')}.failed"
