"""What ``sngen release diff`` prints."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from sngen.errors import UsageError
from sngen.release.changes.compare import compare
from sngen.release.changes.contents import tables_of
from sngen.release.changes.entry import entry_of
from sngen.release.changes.page import as_page
from sngen.release.changes.rendering import as_markdown, as_text
from sngen.release.changes.versions import next_version, step_of
from sngen.release.manifest import read_manifest
from sngen.schema import MODELS
from sngen.search.cohorts import read_cohort


def difference(before: Path, after: Path, chosen: Path | None, form: str) -> str:
    """``form``: text, json, markdown or html; ``chosen``: a file that names the models to compare."""
    only = None if chosen is None else models_in(chosen)
    was, now = read_manifest(before), read_manifest(after)
    changes = compare(tables_of(before), tables_of(after), only)
    step = None if only is not None else step_of(changes)
    proposed = None if step is None else next_version(str(was["version"]), step.name)
    if form == "json":
        about = {
            side: {key: manifest[key] for key in ("version", "date", "fingerprint")}
            for side, manifest in (("before", was), ("after", now))
        }
        body = about | {"step": step and step.name, "next_version": proposed} | changes.as_json()
        return json.dumps(body, indent=1, ensure_ascii=False, allow_nan=False)
    title = f"{was['version']} to {now['version']}"
    if form == "markdown":
        return as_markdown(entry_of(changes), title)
    follows = None if proposed is None else f"The next version after {was['version']} is {proposed}."
    if form == "html":
        return as_page(entry_of(changes, limit=None), f"SecurityNet {title}", follows)
    text = as_text(entry_of(changes), title)
    return text if follows is None else f"{text}\n\n{follows}"


def models_in(path: Path) -> set[str]:
    """Ids of a cohort file, or of a CSV's column model_id. Raises ``UsageError`` for another CSV."""
    if path.suffix == ".json":
        return set(read_cohort(path).models)
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if MODELS.c.model_id not in (reader.fieldnames or ()):
            found = ", ".join(reader.fieldnames or ()) or "nothing"
            raise UsageError(f"{path}: expected a column {MODELS.c.model_id}, found {found}.")
        return {row[MODELS.c.model_id] for row in reader}
