"""What a release says, as one hash: over the content of its tables, whatever wrote the files."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from sngen.canonical import canonical_json, content_hash


def table_fingerprint(arrow: pa.Table) -> str:
    """SHA-256 (hex) over the canonical JSON of the column names and then of each row, one per line.

    Bytes enter as base64. Neither the version of pyarrow nor compression has an influence.
    """
    return rows_fingerprint(arrow.column_names, arrow.to_pylist())


def rows_fingerprint(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """``table_fingerprint`` of rows that are plain already, in the order of the table."""
    digest = hashlib.sha256(canonical_json(list(columns)))
    for row in rows:
        digest.update(b"\n" + canonical_json([_plain(value) for value in row.values()]))
    return digest.hexdigest()


def release_fingerprint(tables: Mapping[str, str]) -> str:
    """SHA-256 (hex) over the fingerprints of all tables by name. The version number has no part in it."""
    return content_hash(dict(tables))


def _plain(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
