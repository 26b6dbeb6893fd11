"""The audit report of a release: what was cleaned, inferred and flagged in every source, cell by cell."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sngen.catalog.audit import load_audit
from sngen.catalog.store import AUDIT_FILE, source_folders

FILE = "audit.json"


def collect(catalog: Path) -> list[dict[str, Any]]:
    """The entries of all sources' audit files, by source, each with its source's id.

    A source whose facts were not imported has none. Raises ``DataProblem`` naming file and entry where one
    is malformed.
    """
    return [
        {"source": folder.name, **entry}
        for folder in source_folders(catalog)
        if (folder / AUDIT_FILE).is_file()
        for entry in load_audit(folder)
    ]


def write(entries: Sequence[dict[str, Any]], path: Path) -> None:
    path.write_text(
        json.dumps(entries, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )
