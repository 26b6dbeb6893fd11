"""Whether a store keeps its promises: tried once, before anything is measured for it."""

from __future__ import annotations

import secrets

from sngen.errors import UsageError
from sngen.store.store import Store

FOLDER = ".support"


def check_support(store: Store) -> None:
    """Raises ``UsageError`` naming the operation that the store does not have, ``StoreUnavailable`` where it
    does not answer."""
    name = f"{FOLDER}/{secrets.token_hex(8)}"
    try:
        _try(store, name)
    finally:
        store.delete(name)


def _try(store: Store, name: str) -> None:
    first, second, third = b"first", b"second", b"third"
    if not store.create(name, first):
        raise _refusal(store, "a new name could not be created")
    if store.create(name, second) or _content(store, name) != first:
        raise _refusal(store, "of two writers of one name the second took the first one's place")
    stored = store.read(name)
    if stored is None or not store.replace(name, second, stored.token):
        raise _refusal(store, "content that nobody else changed could not be replaced")
    if store.replace(name, third, stored.token) or _content(store, name) != second:
        raise _refusal(store, "content was replaced by a writer that had seen an older one")
    if name not in store.names(FOLDER):
        raise _refusal(store, "what was just written is not listed")


def _content(store: Store, name: str) -> bytes | None:
    stored = store.read(name)
    return None if stored is None else stored.content


def _refusal(store: Store, found: str) -> UsageError:
    return UsageError(
        f"{store.address} cannot hold shared results: {found}. Needed are conditional writes "
        "(If-None-Match and If-Match on object stores, hard links and file locks in folders) and listings "
        "that are up to date. Use another store, or a folder of one machine."
    )
