"""Files by content in a shared store, for machines that work together: what one fetches or makes, all have.

``Settings.stock`` is the store's address; ``.blobs/<sha256>`` in it holds the bytes with that hash.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sngen.errors import CheckFailed
from sngen.settings import Settings
from sngen.whole_files import write_files

if TYPE_CHECKING:
    from sngen.store import Store

BLOBS = ".blobs"


def stock_of(settings: Settings) -> Store | None:
    """None without a stock."""
    return None if settings.stock is None else _opened(settings.stock)


def take_blob(sha256: str, place: Path, settings: Settings) -> Path | None:
    """The file with this hash, verified and put in its ``place`` of the cache; None if the stock lacks it.

    Raises ``CheckFailed`` where other bytes have its name in the stock, ``StoreUnavailable``.
    """
    stock = stock_of(settings)
    stored = None if stock is None else stock.read(f"{BLOBS}/{sha256}")
    if stock is None or stored is None:
        return None
    found = hashlib.sha256(stored.content).hexdigest()
    if found != sha256:
        where = stock.where(f"{BLOBS}/{sha256}")
        raise CheckFailed(f"{where}: its SHA-256 is {found}. Delete it and run again.")
    write_files({place: stored.content})
    return place


def give_blob(path: Path, sha256: str, settings: Settings) -> None:
    """Put a file into the stock, if there is one and it lacks the file."""
    stock, name = stock_of(settings), f"{BLOBS}/{sha256}"
    if stock is not None and name not in set(stock.names(BLOBS)):
        stock.create(name, path.read_bytes())


@cache
def _opened(address: str) -> Store:
    from sngen.store import open_store  # noqa: PLC0415 - most never share anything

    return open_store(address)
