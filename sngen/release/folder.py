"""A folder that appears whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sngen.errors import UsageError
from sngen.release.manifest import FILE


@contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """A new folder beside ``target`` to write into; takes its place when the block ends without an error.

    Raises ``UsageError`` if there is something else than a release in that place: it is not ours to delete.
    """
    if target.exists() and not (target / FILE).is_file():
        raise UsageError(
            f"{target} exists and is no release (it has no {FILE}). "
            f"Give another folder with --out, or move it away."
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    except OSError as error:
        raise UsageError(
            f"cannot write to {target.parent} ({error.strerror}). Give a folder of yours with --out."
        ) from error
    new, old = work / "new", work / "old"
    try:
        new.mkdir()
        yield new
        if target.exists():
            target.replace(old)
        try:
            new.replace(target)
        except OSError:
            if old.exists():
                old.replace(target)
            raise
    finally:
        shutil.rmtree(work)
