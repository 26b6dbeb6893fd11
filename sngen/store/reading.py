"""Reading much of a store at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from sngen.store.opening import is_bucket
from sngen.store.store import Store, Stored

#: Requests to an object store that are under way at a time, and answers that are held in memory.
AT_ONCE = 16
IN_MEMORY = 256


def read_all(store: Store, names: Sequence[str]) -> Iterator[tuple[str, Stored | None]]:
    """Each name with what it has, in the order of ``names``; a bucket is asked for several at a time."""
    if not is_bucket(store.address):
        yield from ((name, store.read(name)) for name in names)
        return
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for start in range(0, len(names), IN_MEMORY):
            some = names[start : start + IN_MEMORY]
            yield from zip(some, pool.map(store.read, some), strict=True)
