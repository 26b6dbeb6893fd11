"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sngen.errors import UsageError


def write_files(contents: Mapping[Path, bytes | None]) -> None:
    """Put every content in its place; None removes the file.

    All are written beside their places first and renamed at the end, so that a full disk or a missing
    permission leaves everything as it was, and no reader ever sees half a file. Raises ``UsageError`` then.
    """
    try:
        _write(contents)
    except OSError as error:
        place = error.filename or ", ".join(sorted({str(path.parent) for path in contents}))
        raise UsageError(f"{place} cannot be written ({error.strerror or error}).") from error


def _write(contents: Mapping[Path, bytes | None]) -> None:
    written: list[tuple[Path, Path]] = []
    try:
        for path, content in contents.items():
            if content is not None:
                written.append((write_beside(path, content), path))
        for temporary, path in written:
            temporary.replace(path)
    finally:
        for temporary, _ in written:
            temporary.unlink(missing_ok=True)
    for path, content in contents.items():
        if content is None:
            path.unlink(missing_ok=True)


def write_beside(path: Path, content: bytes) -> Path:
    """A complete, hidden temporary file in the folder of ``path``, to be renamed or linked to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary
