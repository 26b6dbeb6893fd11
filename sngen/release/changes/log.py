"""The change log of a release: ``changes.json`` holds an entry per version, ``CHANGELOG.md`` shows them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sngen.errors import CheckFailed
from sngen.release.changes.entry import Entry, Section
from sngen.release.changes.rendering import as_markdown
from sngen.release.identity import Identity

FILE = "changes.json"
MARKDOWN_FILE = "CHANGELOG.md"
FIRST = Entry(("The first version.",), ())


def log_with(identity: Identity, entry: Entry, before: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries, the newest first: that of ``identity``, then those of the version ``before``."""
    newest = {
        "version": identity.version,
        "date": identity.date,
        "fingerprint": identity.fingerprint,
        "previous": before[0]["version"] if before else None,
        "summary": list(entry.summary),
        "sections": [
            {"title": part.title, "lines": list(part.lines), "more": part.more} for part in entry.sections
        ],
    }
    return [newest, *before]


def write_log(log: Sequence[dict[str, Any]], folder: Path) -> None:
    text = json.dumps(log, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")
    parts = [as_markdown(entry_in(one), title_of(one)) for one in log]
    (folder / MARKDOWN_FILE).write_text("\n\n".join(["# Changes", *parts]) + "\n", encoding="utf-8")


def read_log(folder: Path) -> list[dict[str, Any]]:
    """Empty for a release that has none. Raises ``CheckFailed`` for a damaged one."""
    path = folder / FILE
    if not path.is_file():
        return []
    try:
        log: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        for one in log:
            entry_in(one), title_of(one)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckFailed(
            f"{path}: not readable ({error!r}). Build or download the release again."
        ) from error
    return log


def entry_in(written: dict[str, Any]) -> Entry:
    sections = tuple(
        Section(part["title"], tuple(part["lines"]), part["more"]) for part in written["sections"]
    )
    return Entry(tuple(written["summary"]), sections)


def title_of(written: dict[str, Any]) -> str:
    return written["version"] + (f", {written['date']}" if written["date"] else "")
