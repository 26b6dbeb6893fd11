"""Reading the protocol files, for the methods page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from sngen.errors import CheckFailed, UsageError

FIELDS = ("protocol", "title", "summary", "seed", "methods", "tiers")


def read_protocols(folder: Path) -> tuple[dict[str, Any], ...]:
    """All protocol files of ``folder``, by file name. Raises ``UsageError`` if there are none."""
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise UsageError(f"{folder}: no protocol files (*.yaml); the methods page is made from them.")
    return tuple(_read(path) for path in paths)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CheckFailed(f"{path}: not valid YAML ({error}).") from error
    missing = [field for field in FIELDS if not isinstance(content, dict) or field not in content]
    if missing:
        raise CheckFailed(f"{path}: lacks {', '.join(missing)}; a protocol has {', '.join(FIELDS)}.")
    protocol: dict[str, Any] = content
    return protocol
