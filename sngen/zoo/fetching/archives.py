"""One checkpoint out of a zip or tar archive: that member's bytes and nothing else is ever written.

No name within an archive becomes a path on disk. An archive that tries something (names that climb out of
their folder, links, devices, encryption, members far larger than the archive) is refused as a whole.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sngen.errors import CheckFailed, SecurityNetError, UsageError
from sngen.schema import MODELS
from sngen.zoo.cache import writing
from sngen.zoo.fetching.pages import printable

MOST_MEMBERS = 10_000
#: A tar archive's extended headers are read into memory; real ones have some hundred bytes.
MOST_HEADER_BYTES = 2**20
#: Weights hardly compress: what inflates more than that is made to fill a disk.
MOST_INFLATION, ALWAYS_ALLOWED = 25, 64 * 2**20
CHUNK = 2**20
MOST_NAMES = 12
_LINK = 0o120000
_TYPE = 0o170000
_OPENERS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError,
           NotImplementedError, RuntimeError, MemoryError)  # fmt: skip


class ArchiveRefused(CheckFailed):
    def __init__(self, archive: str, found: str, expected: str) -> None:
        super().__init__(f"{archive}: refused. Found {found}; expected {expected}. Nothing was unpacked.")


@dataclass(frozen=True)
class Member:
    """``name`` in the archive, and whether that holds other files, too."""

    name: str
    has_others: bool


def extract(archive: Path, member: str | None, target: Path, name: str) -> Member:
    """Write the checkpoint in ``archive`` to ``target``.

    ``member``: its path or its last part; None where the archive holds one file. ``name``: what the archive
    is called in errors. Raises ``ArchiveRefused`` or, where it does not say which member, ``UsageError``.
    """
    limit = max(ALWAYS_ALLOWED, MOST_INFLATION * archive.stat().st_size)
    with archive.open("rb") as stream:
        head = stream.read(512)
    reader = _zip if head.startswith(b"PK") else _tar
    try:
        return reader(archive, member, target, name, limit)
    except SecurityNetError:
        raise
    except _BROKEN as error:
        found = f"{type(error).__name__}: {printable(str(error))}"
        raise ArchiveRefused(name, found, "a zip or tar archive, whole and not encrypted") from error


def is_archive_with(path: Path, member: str | None) -> bool:
    """Whether a local file is the archive, rather than the checkpoint that was taken out of it. A torch
    checkpoint is a zip archive itself."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (*_BROKEN,):
        with path.open("rb") as stream:
            head = stream.read(512)
        return head.startswith(tuple(_OPENERS)) or head[257:262] == b"ustar"
    if member is not None:
        return any(_is(name, member) for name in names)
    return not any(name.endswith(("/data.pkl", "/version")) for name in names)


def _zip(path: Path, member: str | None, target: Path, name: str, limit: int) -> Member:
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        if len(infos) > MOST_MEMBERS:
            raise ArchiveRefused(name, f"{len(infos)} members", f"at most {MOST_MEMBERS}")
        for info in infos:
            _check_name(name, info.filename)
            if info.external_attr >> 16 & _TYPE == _LINK:
                raise ArchiveRefused(name, f"the link {printable(info.filename)}", "plain files")
            if info.flag_bits & 1:
                raise ArchiveRefused(name, f"{printable(info.filename)}, encrypted", "no encryption")
        files = [info.filename for info in infos if not info.is_dir() and not _is_clutter(info.filename)]
        chosen = _choose(name, files, member)
        with archive.open(chosen) as stream:
            _copy(stream, target, name, limit)
    return Member(chosen, len(files) > 1)


def _tar(path: Path, member: str | None, target: Path, name: str, limit: int) -> Member:
    """Twice through: first the names, then the bytes of the one that is meant."""
    with _opened(path, name, limit) as archive:
        members = [info.name for info in _members(archive, name) if info.isreg()]
    files = [one for one in members if not _is_clutter(one)]
    chosen = _choose(name, files, member)
    with _opened(path, name, limit) as archive:
        for info in _members(archive, name):
            if info.isreg() and info.name == chosen:
                stream = archive.extractfile(info)
                assert stream is not None
                _copy(stream, target, name, limit)
                return Member(chosen, len(files) > 1)
    raise ArchiveRefused(name, "another content at the second reading", "the same")


@contextmanager
def _opened(path: Path, name: str, limit: int) -> Iterator[tarfile.TarFile]:
    with path.open("rb") as stream:
        head = stream.read(8)
    opener = next((opener for magic, opener in _OPENERS.items() if head.startswith(magic)), open)
    with opener(path, "rb") as stream:
        bounded: Any = _Bounded(stream, name, limit)
        with tarfile.open(fileobj=bounded, mode="r|", tarinfo=_SmallHeaders) as archive:
            yield archive


def _members(archive: tarfile.TarFile, name: str) -> Iterator[tarfile.TarInfo]:
    for number, info in enumerate(archive):
        if number >= MOST_MEMBERS:
            raise ArchiveRefused(name, f"more than {MOST_MEMBERS} members", "fewer")
        _check_name(name, info.name)
        if not (info.isreg() or info.isdir()) or info.issparse():
            raise ArchiveRefused(
                name, f"{printable(info.name)}, a link, device or sparse file", "plain files"
            )
        yield info


class _SmallHeaders(tarfile.TarInfo):
    """Refuses headers of headers that would fill the memory."""

    def _proc_member(self, archive: Any) -> Any:
        if not (self.isreg() or self.isdir()) and self.size > MOST_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {self.size:,} bytes")
        return super()._proc_member(archive)  # type: ignore[misc]


class _Bounded:
    """A stream that ends in an error rather than give more than ``limit`` bytes."""

    def __init__(self, stream: IO[bytes], name: str, limit: int) -> None:
        self._stream, self._name, self._limit, self._count = stream, name, limit, 0

    def read(self, size: int = -1) -> bytes:
        part = self._stream.read(size)
        self._count += len(part)
        if self._count > self._limit:
            raise ArchiveRefused(self._name, f"more than {self._limit:,} bytes inflated", "fewer")
        return part


def _copy(stream: IO[bytes], target: Path, name: str, limit: int) -> None:
    count = 0
    with writing(target):
        target.unlink(missing_ok=True)
        output = target.open("xb")
    with output:
        while chunk := stream.read(CHUNK):
            count += len(chunk)
            if count > limit:
                raise ArchiveRefused(name, f"a member that inflates to more than {limit:,} bytes", "fewer")
            with writing(target):
                output.write(chunk)


def _check_name(archive: str, name: str) -> None:
    parts = re.split(r"[/\\]", name)
    if ".." in parts or name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name) or "\0" in name:
        raise ArchiveRefused(archive, f"a member named {printable(name)}", "names within its own folder")


def _choose(archive: str, files: Sequence[str], member: str | None) -> str:
    """The one file that is meant. Raises ``UsageError`` that lists them where it is not one."""
    if member is not None:
        exact = [name for name in files if name.removeprefix("./") == member]
        found = exact or [name for name in files if _is(name, member)]
    else:
        found = list(files)
    if len(found) == 1:
        return found[0]
    listed = ", ".join(map(printable, files[:MOST_NAMES])) or "no file"
    more = f" and {len(files) - MOST_NAMES} more" if len(files) > MOST_NAMES else ""
    what = f"one file {member!r}" if member is not None else "one file"
    raise UsageError(
        f"{archive}: expected {what}, found {listed}{more}. Name one in the catalogue's "
        f"{MODELS.c.weights_file}."
    )


def _is(name: str, member: str) -> bool:
    return name.removeprefix("./") == member or name.endswith(f"/{member}")


def _is_clutter(name: str) -> bool:
    """What file managers leave in archives."""
    last = name.rpartition("/")[2]
    return name.startswith("__MACOSX/") or last in (".DS_Store", "Thumbs.db", "desktop.ini")
