"""The audit report of an import: which named rule changed, derived or flagged what, cell by cell.

``audit.json`` is a list of entries ``{rule, kind, explanation, table, column, rows}``, one per rule and
column, in the order of application; ``rows`` is a list of ``{row_id, before, after}``. Kinds are

* ``cleaning``: the source's value is replaced, or emptied;
* ``derivation``: a value that the source does not state is inferred from one that it does;
* ``flag``: the value is odd and stays as it is (``before`` equals ``after``);
* ``check``: an arithmetic relation that was tested; ``rows`` are the exceptions, unaltered.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sngen.catalog.store import AUDIT_FILE
from sngen.errors import DataProblem, UsageError

Kind = Literal["cleaning", "derivation", "flag", "check"]
FIELDS = ("rule", "kind", "explanation", "table", "column", "rows")
ROW_FIELDS = ("row_id", "before", "after")

Entry = dict[str, Any]


@dataclass
class Audit:
    """Collects entries. Values are numbers, texts, truth values or None; NaN is written as the text "nan"."""

    _entries: dict[tuple[str, str, str], Entry] = field(default_factory=dict)

    def open(self, rule: str, kind: Kind, explanation: str, table: str, column: str) -> list[dict[str, Any]]:
        """The rows of the rule's entry for this column, which is made if it is not there yet."""
        entry = {
            "rule": rule, "kind": kind, "explanation": explanation, "table": table, "column": column,
            "rows": [],
        }  # fmt: skip
        rows: list[dict[str, Any]] = self._entries.setdefault((rule, table, column), entry)["rows"]
        return rows

    @property
    def entries(self) -> list[Entry]:
        return list(self._entries.values())


def touched(row_id: str, before: Any, after: Any) -> dict[str, Any]:
    """One row of an entry."""
    return {"row_id": row_id, "before": _plain(before), "after": _plain(after)}


def counts(entries: list[Entry]) -> dict[tuple[str, str], int]:
    """Number of touched cells by (kind, rule), in order."""
    total: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        total[entry["kind"], entry["rule"]] += len(entry["rows"])
    return dict(total)


def format_audit(entries: list[Entry]) -> bytes:
    """The file's content: JSON with one touched row per line, so that it diffs well."""
    return ("[\n" + ",\n".join(_format(entry) for entry in entries) + "\n]\n").encode()


def load_audit(folder: Path) -> list[Entry]:
    """The entries in a source's folder.

    Raises ``UsageError`` if it has no audit file and ``DataProblem`` with every malformed entry.
    """
    path = folder / AUDIT_FILE
    if not path.is_file():
        raise UsageError(f"no audit file {path}. Import the source again, or name another folder.")
    try:
        entries = json.loads(path.read_bytes())
    except ValueError as error:
        raise DataProblem([f"{path}: found no JSON ({error}). Import the source again."]) from error
    problems = (
        _problems(entries) if isinstance(entries, list) else ["found no list, expected a list of entries"]
    )
    if problems:
        raise DataProblem([f"{path}: {problem}. Import the source again." for problem in problems])
    return entries


def _problems(entries: list[Any]) -> list[str]:
    problems = []
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping) or tuple(entry) != FIELDS or not isinstance(entry["rows"], list):
            problems.append(f"entry {number}: expected the fields {', '.join(FIELDS)}, rows a list")
            continue
        problems += [
            f"entry {number} ({entry['rule']}), row {position}: expected the fields {', '.join(ROW_FIELDS)}"
            for position, row in enumerate(entry["rows"], start=1)
            if not isinstance(row, Mapping) or tuple(row) != ROW_FIELDS
        ]
    return problems


def _format(entry: Entry) -> str:
    lines = [f"  {_json(name)}: {_json(entry[name])}," for name in FIELDS[:-1]]
    rows = ",\n".join(f"   {_json(row)}" for row in entry["rows"])
    lines.append(f'  "rows": [\n{rows}\n  ]' if rows else '  "rows": []')
    return "\n".join([" {", *lines, " }"])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    return "nan" if isinstance(value, float) and math.isnan(value) else value
