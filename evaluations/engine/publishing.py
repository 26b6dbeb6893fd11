"""Publishing records to a store: each once, whole, compared with what is there, and verified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evaluations.engine.plan import Unit
from sngen.errors import CheckFailed
from sngen.results import Record, ReproducibilityFailure, record_name
from sngen.store import Store, StoreUnavailable
from sngen.store.patience import PATIENCE_SECONDS, patiently

#: Where second results that differ from the first are kept, as evidence.
CONFLICTS = ".conflicts"


def publish(store: Store, record: Record, patience: float = PATIENCE_SECONDS) -> bool:
    """Whether the record is this one; False if another with an equal result was there before.

    Raises ``ReproducibilityFailure`` where one with another result is there. That one stays, and this one is
    kept under ``.conflicts/``. A finished result is not given up for a store that does not answer before
    ``patience`` seconds have passed; then raises ``StoreUnavailable``.
    """
    return patiently(lambda: _publish(store, record), patience)


def published(store: Store, units: Sequence[Unit]) -> Iterator[str]:
    """Names of the records that are there, among them those of ``units``; listed, not read."""
    for folder in sorted({unit.record_name.partition("/")[0] for unit in units}):
        yield from store.names(folder)


def _publish(store: Store, record: Record) -> bool:
    name, content = record_name(record), record.to_bytes()
    is_new = store.create(name, content)
    stored = store.read(name)
    if stored is None:
        raise StoreUnavailable(f"{store.where(name)}: was written and is not there.")
    if stored.content == content:
        return is_new
    try:
        first = Record.from_bytes(stored.content, store.where(name))
    except CheckFailed:  # what a store without whole writes left is no record: ours takes its place
        if store.replace(name, content, stored.token):
            return True
        raise
    if not record.same_result(first):
        raise ReproducibilityFailure(_conflict(store, record, content))
    return False


def _conflict(store: Store, record: Record, content: bytes) -> str:
    name = record_name(record)
    kept = f"{CONFLICTS}/{name.removesuffix('.json')}.second"
    store.create(kept, content)
    return (
        f"{store.where(name)}: this unit was measured again and came out differently; the first stays, "
        f"the second is kept as {store.where(kept)}. Find out why the unit does not repeat."
    )
