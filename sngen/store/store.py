"""What a store can do. Everything that is shared between processes and machines rests on these operations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sngen.errors import CheckFailed


@dataclass(frozen=True)
class Stored:
    """``token`` names this content for ``Store.replace``; ``modified``: when it was written, by the store's
    own clock."""

    content: bytes
    token: str
    modified: datetime


class StoreUnavailable(CheckFailed):
    """The store did not do what was asked, after all tries: it is down, full, or refuses."""


class Store(Protocol):
    """Whole contents under names such as ``utility-1/owner/model/clean-0123.json``.

    A name that begins with a dot is the engine's own, and no record. Every write appears whole or not at
    all. All operations raise ``StoreUnavailable``.
    """

    @property
    def address(self) -> str:
        """What ``open_store`` opens it by."""
        ...

    def where(self, name: str) -> str:
        """The name as a person finds it."""
        ...

    def read(self, name: str) -> Stored | None:
        """None where nothing has this name."""
        ...

    def create(self, name: str, content: bytes) -> bool:
        """Whether the content is there now and nobody else's was before; never changes what is there.

        Of several that create one name at once, one succeeds, unless their contents are equal.
        """
        ...

    def replace(self, name: str, content: bytes, token: str) -> bool:
        """Whether the content took the place of that of ``token``; False if that is no longer there."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """Write, whatever is there."""
        ...

    def delete(self, name: str) -> None:
        """Nothing happens where nothing has this name."""
        ...

    def names(self, under: str = "") -> Iterator[str]:
        """All names, or those under the folder ``under``, in order. Temporary files are none."""
        ...
