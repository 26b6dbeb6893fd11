"""A store by its address."""

from __future__ import annotations

from pathlib import Path

from sngen.store.folder import FolderStore
from sngen.store.store import Store


def is_bucket(address: str | Path) -> bool:
    return "://" in str(address)


def open_store(address: str | Path) -> Store:
    """``s3://bucket/folder``, ``gs://...``, ``az://...``, or else a folder, which need not exist yet.

    Raises ``UsageError`` for an address that leads nowhere. Asks no network.
    """
    if not is_bucket(address):
        return FolderStore(Path(address))
    from sngen.store.bucket import BucketStore  # noqa: PLC0415 - folders need none of it

    return BucketStore(str(address))
