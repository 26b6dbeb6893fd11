"""The measured scores that stand in the leaderboard, kept in the cache until a record comes, goes or changes.

A search needs a few of the thousands of numbers in the records, and reading all of them takes longer than
everything else that it does.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sngen.canonical import content_hash
from sngen.errors import UsageError
from sngen.release.leaderboard import BY_SCORE, KIND, NEEDED_SCORES
from sngen.schema import SCORES
from sngen.settings import Settings
from sngen.whole_files import write_files

Rows = Sequence[Mapping[str, Any]]
FOLDER = "measured-scores"
#: Code that decides what is read out of records.
CODE = (
    "sngen.results", "sngen.release.records", "sngen.release.measured", "sngen.schema.leaderboard", __name__,
)  # fmt: skip


def measured_scores(folders: Sequence[Path], settings: Settings) -> Rows:
    """Rows of the table scores, reduced to what the leaderboard reads, of the records that a release would
    take: the scores of a headline, and one row of any other model and dataset that was measured.

    Raises ``UsageError`` for a folder that is not there, and what a release raises for damaged records.
    """
    files = _files(folders)
    if not files:
        return []
    state = content_hash([_code(), files])
    path = settings.cache / FOLDER / f"{content_hash([str(folder.resolve()) for folder in folders])}.json"
    kept = json.loads(path.read_bytes()) if path.is_file() else {}
    if kept.get("state") == state:
        rows: Rows = kept["rows"]
        return rows
    rows = _read(folders)
    _keep({"state": state, "rows": rows}, path)
    return rows


def _files(folders: Sequence[Path]) -> list[tuple[str, int, int]]:
    """Path, size and time of change of every record."""
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"there is no folder of results {folder}; give one with --results.")
    paths = [path for folder in folders for path in sorted(folder.resolve().glob("*/**/*.json"))]
    states = [(path, path.stat()) for path in paths]
    return [(str(path), state.st_size, state.st_mtime_ns) for path, state in states]


def _read(folders: Sequence[Path]) -> Rows:
    from sngen.release.measured import scores_of  # noqa: PLC0415 - only where records have changed
    from sngen.release.records import choose, read_records  # noqa: PLC0415

    rows: list[dict[str, Any]] = []
    others: dict[tuple[str, str], dict[str, Any]] = {}
    for record in choose(read_records(folders)).records:
        for score in scores_of(record):
            row = {name: score[name] for name in NEEDED_SCORES}
            if tuple(row[name] for name in KIND) in BY_SCORE:
                rows.append(row)
            else:
                others.setdefault((row[SCORES.c.model_id], row[SCORES.c.dataset_id]), row)
    there = {(row[SCORES.c.model_id], row[SCORES.c.dataset_id]) for row in rows}
    return rows + [row for pair, row in others.items() if pair not in there]


def _keep(content: Mapping[str, Any], path: Path) -> None:
    """A cache that cannot be written to only costs time."""
    with suppress(UsageError):
        write_files({path: json.dumps(content).encode()})


def _code() -> str:
    digest = hashlib.sha256()
    for module in CODE:
        spec = importlib.util.find_spec(module)
        assert spec is not None and spec.origin is not None
        digest.update(Path(spec.origin).read_bytes())
    return digest.hexdigest()
