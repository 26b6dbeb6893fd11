"""Waiting for a store that is down or full, so that work that is done is not lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sngen.store.store import StoreUnavailable

#: For how long what is finished waits, and how long between two tries.
PATIENCE_SECONDS = 600.0
PAUSE_SECONDS = 5.0

Result = TypeVar("Result")


def patiently(act: Callable[[], Result], patience: float = PATIENCE_SECONDS) -> Result:
    """What ``act`` gives, tried again while it raises ``StoreUnavailable`` and ``patience`` seconds last."""
    end = time.monotonic() + patience
    while True:
        try:
            return act()
        except StoreUnavailable:
            if time.monotonic() >= end:
                raise
            time.sleep(min(PAUSE_SECONDS, patience))
