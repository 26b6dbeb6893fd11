"""What the tests of fetching share: little patience, rows, random contents that are no format at all."""

from __future__ import annotations

import hashlib
import random
from typing import Any

from sngen.schema import MODELS
from sngen.zoo.fetching import Patience

QUICK = Patience(attempts=4, first_wait=0.01, longest_wait=1, connect=2, read=0.5, slowest=1000, window=0.2)


def row(model_id: str = "some/model", **values: Any) -> dict[str, Any]:
    return MODELS.row(**{"model_id": model_id, "weights_kind": "file", **values})


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def bytes_of(seed: int, size: int = 300_000) -> bytes:
    return b"weights:" + random.Random(seed).randbytes(size - 8)


def stated(content: bytes, **values: Any) -> dict[str, Any]:
    """A row that states size and hash of the content."""
    return row(weights_sha256=sha256(content), weights_bytes=len(content), **values)
