"""The folder of published versions, ``X.Y.Z/securitynet`` each. What is published never changes."""

from __future__ import annotations

import re
from pathlib import Path

from sngen.errors import UsageError
from sngen.release.identity import NAME, VERSION_PATTERN
from sngen.release.manifest import read_manifest


def published(version: str, releases: Path) -> Path | None:
    """The release that is published under ``version``."""
    folder = releases / version / NAME
    return folder if folder.is_dir() else None


def version_before(version: str, releases: Path) -> Path | None:
    """The newest published release below ``version``."""
    found = {
        _numbers(folder.name): folder / NAME
        for folder in releases.glob("*")
        if re.fullmatch(VERSION_PATTERN, folder.name) and (folder / NAME).is_dir()
    }
    older = [numbers for numbers in found if numbers < _numbers(version)]
    return found[max(older)] if older else None


def refuse_other_content(version: str, fingerprint: str, releases: Path) -> None:
    """Raises ``UsageError`` if another content is published under ``version``."""
    there = published(version, releases)
    if there is None:
        return
    said = str(read_manifest(there)["fingerprint"])
    if said != fingerprint:
        raise UsageError(
            f"version {version} is published in {there} with the fingerprint {said}; what was built now has "
            f"{fingerprint}. A published version never changes: give the next version "
            f"('sngen release diff' shows what changed and what to call it)."
        )


def refuse_other_bytes(version: str, folder: Path, releases: Path, out: Path) -> None:
    """Raises ``UsageError`` if ``out`` is the place of the published ``version`` and ``folder`` holds other
    bytes than it."""
    there = published(version, releases)
    if there is None or there.resolve() != out.resolve():
        return
    was, now = read_manifest(there)["files"], read_manifest(folder)["files"]
    other = sorted(path for path in {*was, *now} if was.get(path) != now.get(path))
    if other:
        raise UsageError(
            f"version {version} is published in {there}, and these files would change: {', '.join(other)}. "
            f"The content is the same; build it elsewhere with --out."
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
