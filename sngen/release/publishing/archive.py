"""A folder of archives that any web server, GitHub Pages and Zenodo take: one zip a version, beside an index.

The same release gives the same bytes, whenever it is packed.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import yaml

from sngen.errors import CheckFailed, UsageError
from sngen.release.citation import CFF_FILE
from sngen.release.identity import NAME
from sngen.release.manifest import files_of
from sngen.release.publishing.verified import verified
from sngen.release.read import Release
from sngen.whole_files import write_files

INDEX, ZENODO = "versions.json", ".zenodo.json"
#: The oldest date that a zip can hold.
DAY = (1980, 1, 1, 0, 0, 0)


def publish_as_archive(folder: Path, out: Path) -> Path:
    """Pack the release in ``folder`` and return the archive in ``out``.

    Beside it: ``versions.json`` lists all versions in ``out`` with their hashes, ``.zenodo.json`` describes
    the newest. Raises ``CheckFailed`` for a damaged release, ``UsageError`` if the version is there with
    other bytes.
    """
    release = verified(folder)
    content = _packed(folder)
    path = out / f"{NAME}-{release.version}.zip"
    if path.exists() and path.read_bytes() != content:
        raise UsageError(
            f"{path}: this version is published with other bytes, and a published version never changes. "
            f"Publish the next one."
        )
    out.mkdir(parents=True, exist_ok=True)
    entry = _entry(release, path.name, content)
    index = sorted([*_others(out / INDEX, release.version), entry], key=_order, reverse=True)
    write_files(
        {
            path: content,
            out / INDEX: _json(index),
            **({out / ZENODO: _json(_zenodo(release))} if index[0] is entry else {}),
        }
    )
    return path


def _packed(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        # Stored: Parquet is compressed, and what a compressor writes depends on its version.
        for path in files_of(folder):
            info = zipfile.ZipInfo(f"{NAME}/{path}", DAY)
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, (folder / path).read_bytes(), zipfile.ZIP_STORED)
    return buffer.getvalue()


def _entry(release: Release, name: str, content: bytes) -> dict[str, Any]:
    return {
        "version": release.version,
        "date": release.date,
        "fingerprint": release.fingerprint,
        "file": name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _others(path: Path, version: str) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return [entry for entry in entries if entry["version"] != version]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckFailed(f"{path}: not readable ({error}); expected the list of versions.") from error


def _order(entry: dict[str, Any]) -> tuple[int, ...]:
    return tuple(map(int, str(entry["version"]).split(".")))


def _zenodo(release: Release) -> dict[str, Any]:
    """Zenodo's metadata of a deposit (developers.zenodo.org, "Deposit metadata"), from CITATION.cff."""
    cff = yaml.safe_load((release.folder / CFF_FILE).read_text(encoding="utf-8"))
    dated = {} if release.date is None else {"publication_date": release.date}
    return {
        "title": cff["title"],
        "upload_type": "dataset",
        "version": release.version,
        **dated,
        "creators": [{"name": author["name"]} for author in cff["authors"]],
        "license": cff["license"].lower(),
        "description": f"<p>Version {release.version}, fingerprint sha256:{release.fingerprint}.</p>",
        "keywords": ["machine learning", "security", "privacy", "image classification"],
        "access_right": "open",
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
