"""A store in a folder: of one machine, or of a file system that several share."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sngen.store.store import Stored, StoreUnavailable
from sngen.whole_files import write_beside

LOCKS = ".locks"


class FolderStore:
    """Files of a folder. Creation is a hard link, which fails where the name exists; replacement compares and
    renames under a lock of the kernel's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def address(self) -> str:
        return str(self.folder.absolute())

    def where(self, name: str) -> str:
        return str(self.folder / name)

    def read(self, name: str) -> Stored | None:
        path = self.folder / name
        with self._speaking(name):
            try:
                with path.open("rb") as stream:
                    content = stream.read()
                    modified = os.fstat(stream.fileno()).st_mtime
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None
        return Stored(content, _token(content), datetime.fromtimestamp(modified, UTC))

    def create(self, name: str, content: bytes) -> bool:
        path = self.folder / name
        with self._speaking(name):
            temporary = write_beside(path, content)
            try:
                os.link(temporary, path)
            except FileExistsError:
                found = self.read(name)
                return found is not None and found.content == content
            finally:
                temporary.unlink(missing_ok=True)
        return True

    def replace(self, name: str, content: bytes, token: str) -> bool:
        with self._speaking(name), self._locked(name):
            found = self.read(name)
            if found is None or found.token != token:
                return found is not None and found.content == content
            write_beside(self.folder / name, content).replace(self.folder / name)
            return True

    def put(self, name: str, content: bytes) -> None:
        with self._speaking(name):
            write_beside(self.folder / name, content).replace(self.folder / name)

    def delete(self, name: str) -> None:
        with self._speaking(name):
            (self.folder / name).unlink(missing_ok=True)

    def names(self, under: str = "") -> Iterator[str]:
        yield from _walk(self.folder, under.rstrip("/"))

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        from filelock import FileLock  # noqa: PLC0415 - who only reads does not need it

        place = self.folder / LOCKS / hashlib.sha256(name.encode()).hexdigest()[:2]
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(place):
            yield

    @contextmanager
    def _speaking(self, name: str) -> Iterator[None]:
        """A full disk or a missing permission is a sentence that names the place."""
        try:
            yield
        except OSError as error:
            hint = " Free some space." if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
            what = error.strerror or str(error)
            raise StoreUnavailable(f"{self.where(name)}: {what}.{hint}") from error


def _token(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _walk(folder: Path, under: str) -> Iterator[str]:
    """Names of files, in order; what is still being written, and the locks, are left out."""
    try:
        entries = sorted(os.scandir(folder / under), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        name = f"{under}/{entry.name}" if under else entry.name
        if entry.is_dir(follow_symlinks=False):
            if name != LOCKS:
                yield from _walk(folder, name)
        elif not (entry.name.startswith(".") and entry.name.endswith(".part")):
            yield name
