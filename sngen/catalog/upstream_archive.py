"""Files of a zip or tar archive of a repository."""

from __future__ import annotations

import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sngen.errors import CheckFailed, UsageError

_COMMIT = re.compile(r"[0-9a-f]{40}")
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error, NotImplementedError)


@dataclass(frozen=True)
class Archive:
    """``sizes`` are bytes by name; ``top`` is the one folder that holds everything, with a slash, and empty
    if there is none; ``commit`` is what the archive says it was made from, None if it does not say."""

    path: Path
    sizes: Mapping[str, int]
    top: str
    commit: str | None
    _file: zipfile.ZipFile | tarfile.TarFile

    def contents(self, names: Sequence[str]) -> dict[str, bytes]:
        return {name: self._read(name) for name in names}

    def _read(self, name: str) -> bytes:
        if isinstance(self._file, zipfile.ZipFile):
            return self._file.read(name)
        stream = self._file.extractfile(name)
        if stream is None:
            raise CheckFailed(f"{self.path}: {name} is no plain file, expected one.")
        return stream.read()


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Raises ``UsageError`` for a file of another kind and ``CheckFailed`` for a damaged archive."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                sizes = {info.filename: info.file_size for info in archive.infolist() if not info.is_dir()}
                yield _archive(path, sizes, archive.comment.decode("ascii", errors="replace"), archive)
            return
        if tarfile.is_tarfile(path):
            with tarfile.open(path) as archive:
                sizes = {member.name: member.size for member in archive if member.isfile()}
                yield _archive(path, sizes, archive.pax_headers.get("comment", ""), archive)
            return
    except _DAMAGED as error:
        raise CheckFailed(f"{path}: the archive is damaged ({error}). Download it again.") from error
    raise UsageError(f"{path} is neither a zip nor a tar archive; expected one, a checkout or a folder.")


def _archive(
    path: Path, sizes: Mapping[str, int], comment: str, file: zipfile.ZipFile | tarfile.TarFile
) -> Archive:
    tops = {name.split("/")[0] for name in sizes}
    top = f"{tops.pop()}/" if len(tops) == 1 and all("/" in name for name in sizes) else ""
    return Archive(path, sizes, top, comment if _COMMIT.fullmatch(comment) else None, file)
