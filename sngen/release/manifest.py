"""manifest.json: what a release consists of, what it was built from, and its fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from sngen import __version__
from sngen.canonical import content_hash, file_hash
from sngen.errors import CheckFailed, UsageError
from sngen.release.identity import NAME, Identity
from sngen.release.records import Chosen

FILE = "manifest.json"
FIELDS = (
    "name", "version", "date", "fingerprint", "tables", "files", "inputs", "superseded", "written_with",
    "integrity",
)  # fmt: skip


def make_manifest(
    identity: Identity,
    folder: Path,
    tables: Mapping[str, dict[str, Any]],
    inputs: Mapping[str, Any],
    chosen: Chosen,
) -> dict[str, Any]:
    """Content of the manifest. Hashes every file of ``folder``, so it is made last.

    ``tables``: path, rows and fingerprint by table name. Parquet bytes are the same for one version of
    pyarrow only, which is why it is named; the fingerprints do not depend on it.
    """
    rows = {entry["path"]: entry["rows"] for entry in tables.values()}
    return {
        "name": NAME,
        "version": identity.version,
        "date": identity.date,
        "fingerprint": identity.fingerprint,
        "tables": dict(tables),
        "files": {
            path: {
                "sha256": file_hash(folder / path),
                "bytes": (folder / path).stat().st_size,
                "rows": rows.get(path),
            }
            for path in files_of(folder)
        },
        "inputs": dict(inputs),
        "superseded": [entry.as_json() for entry in chosen.superseded],
        "written_with": {"securitynet": __version__, "pyarrow": pa.__version__},
    }


def inputs_of(catalog: Path, chosen: Chosen) -> dict[str, Any]:
    """SHA-256 of every file of the catalogue by its path there, and of every published record by its id."""
    return {
        "catalog": {path: file_hash(catalog / path) for path in files_of(catalog)},
        "records": {
            record.record_id: hashlib.sha256(record.to_bytes()).hexdigest() for record in chosen.records
        },
    }


def files_of(folder: Path) -> list[str]:
    """Paths within ``folder`` of all files in it, sorted; hidden ones are no part of it."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts))


def write_manifest(manifest: Mapping[str, Any], folder: Path) -> None:
    """With a hash of its own content: it lists the hashes of all other files."""
    whole = {**manifest, "integrity": integrity_of(manifest)}
    text = json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def integrity_of(manifest: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of everything in it but ``integrity``."""
    return content_hash({name: value for name, value in manifest.items() if name != "integrity"})


def read_manifest(folder: Path) -> dict[str, Any]:
    """Raises ``UsageError`` if ``folder`` is no release, ``CheckFailed`` if its manifest is damaged."""
    path = folder / FILE
    if not path.is_file():
        raise UsageError(
            f"{folder}: no {FILE} here, so this is no release. Give the folder {NAME} that "
            f"'sngen release build' wrote."
        )
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        missing = _missing(manifest)
    except (ValueError, TypeError) as error:
        raise CheckFailed(f"{path}: not readable ({error}). Build or download the release again.") from error
    if missing:
        raise CheckFailed(f"{path}: lacks {', '.join(missing)}. Build or download the release again.")
    problem = _misshapen(manifest)
    if problem:
        raise CheckFailed(f"{path}: {problem}. Build or download the release again.")
    return manifest


def _missing(manifest: Any) -> Iterable[str]:
    if not isinstance(manifest, dict):
        raise TypeError(f"expected an object, found {type(manifest).__name__}")
    return [field for field in FIELDS if field not in manifest]


def _misshapen(manifest: Mapping[str, Any]) -> str | None:
    """What would lead a reader astray: a part that is no object, a table that lies elsewhere."""
    for part in ("tables", "files"):
        if not isinstance(manifest[part], dict):
            return f"{part} is a {type(manifest[part]).__name__}, expected an object"
        for name, entry in manifest[part].items():
            if not isinstance(entry, dict):
                return f"{part}, {name}: found a {type(entry).__name__}, expected an object"
    for name, entry in manifest["tables"].items():
        path = entry.get("path")
        place = PurePosixPath(str(path))
        if not isinstance(path, str) or place.is_absolute() or ".." in place.parts:
            return f"tables, {name}: path {path!r}, expected one within the release"
    return None
