"""From a row of the catalogue to its published file in the cache, verified; from where the row says.

Looked at in turn: the user's own folder of checkpoints, the cache, then the network: GitHub, Zenodo, Google
Drive, the Hugging Face Hub, any other address. The bytes are checked before they get a name in the cache.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.fetching.job import Patience
from sngen.zoo.fetching.obtaining import Fetched, find_local, obtain, take_in
from sngen.zoo.fetching.progress import bar_for

__all__ = ["Fetched", "Patience", "fetch", "find_local", "obtain", "take_in"]

_log = logging.getLogger(__name__)


def fetch(
    model: Mapping[str, Any], settings: Settings, progress: bool = False, patience: Patience | None = None
) -> Path:
    """The published file of a row of the table models, ``blobs/<sha256>`` in the zoo folder or the cache; of
    an archive the checkpoint in it. Its name is the SHA-256 of its bytes, which are verified.

    Safe with many processes at once, which share one download. Where the catalogue states no hash, the first
    fetch records what it found, logs a warning that says so, and other content under the same address is an
    error from then on. A bar is shown on standard error if that is a terminal, or with ``progress``.

    Raises ``UsageError`` for a row that cannot be fetched (with what to do by hand) and offline,
    ``CheckFailed`` for content that is not what was stated, its kind ``job.Failed`` if the network fails.
    """
    local = find_local(model, settings)
    if local is not None:
        return local
    bar = bar_for(model[MODELS.c.model_id], progress)
    try:
        found = obtain(model, settings, bar=bar, patience=patience)
    finally:
        bar.close()
    if found.note:
        _log.warning("%s: %s", model[MODELS.c.model_id], found.note)
    return found.path
