"""Where results are shared: a folder, or a bucket of an object store, with the same few operations."""

from sngen.store.opening import open_store
from sngen.store.reading import read_all
from sngen.store.store import Store, Stored, StoreUnavailable

__all__ = ["Store", "StoreUnavailable", "Stored", "open_store", "read_all"]
