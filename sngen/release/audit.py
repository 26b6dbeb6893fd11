"""The audit report: every cleaning rule of every source, with the rows that it touched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sngen.errors import DataProblem

FILE = "audit.json"
FIELDS = ("rule", "explanation", "table", "column", "rows")
ROW_FIELDS = ("row_id", "before", "after")


def collect(catalog: Path) -> list[dict[str, Any]]:
    """The entries of all sources' audit files, by source, each with its source's folder name.

    Raises ``DataProblem`` naming file and entry where one is not as it should be.
    """
    entries: list[dict[str, Any]] = []
    problems: list[str] = []
    for path in sorted(catalog.glob(f"*/{FILE}")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            problems.append(f"{path}: not JSON ({error}). Import the source again.")
            continue
        found = content if isinstance(content, list) else [content]
        problems += [f"{path}, {problem}" for problem in _problems(found)]
        entries += [{"source": path.parent.name, **entry} for entry in found if isinstance(entry, Mapping)]
    if problems:
        raise DataProblem(problems)
    return entries


def _problems(entries: list[Any]) -> list[str]:
    problems = []
    for number, entry in enumerate(entries, start=1):
        missing = [field for field in FIELDS if not isinstance(entry, Mapping) or field not in entry]
        if missing:
            problems.append(f"entry {number}: lacks {', '.join(missing)}; expected {', '.join(FIELDS)}")
            continue
        problems += [
            f"entry {number} ({entry['rule']}), row {row!r}: expected {', '.join(ROW_FIELDS)}"
            for row in entry["rows"]
            if not isinstance(row, Mapping) or any(field not in row for field in ROW_FIELDS)
        ]
    return problems
