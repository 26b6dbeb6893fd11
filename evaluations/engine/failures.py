"""Units that failed, kept beside the results until they succeed. Never part of a release."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from sngen.store import Store

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

    def __init__(self, store: Store) -> None:
        self._store = store

    def write(self, name: str, failure: Failure) -> None:
        self._store.put(_place(name), json.dumps(asdict(failure), indent=1).encode())

    def read(self, name: str) -> Failure | None:
        stored = self._store.read(_place(name))
        return None if stored is None else Failure(**json.loads(stored.content))

    def clear(self, name: str) -> None:
        self._store.delete(_place(name))

    def names(self) -> frozenset[str]:
        """The places of all failures, for ``is_among``."""
        return frozenset(self._store.names(FOLDER))


def is_among(name: str, places: frozenset[str]) -> bool:
    return _place(name) in places


def _place(name: str) -> str:
    return f"{FOLDER}/{name.replace('/', '--')}.failed"
