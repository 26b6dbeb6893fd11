"""The cache of published files: content-addressed, shared by processes, written whole or not at all.

``blobs/<sha256>`` holds files under the hash of their bytes, ``partial/`` unfinished downloads that will be
resumed, ``archives/`` which archive an address had, ``locks/`` one kernel lock per download. All of it may be
deleted at any time.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sngen.canonical import file_hash
from sngen.errors import CheckFailed, SecurityNetError, UsageError
from sngen.schema import SHA256_PATTERN
from sngen.settings import Settings
from sngen.whole_files import write_files
from sngen.zoo.stock import take_blob

BLOBS = "blobs"


def blob_path(sha256: str, settings: Settings) -> Path:
    """Where the cache keeps the file with this hash. Raises ``UsageError`` for what is no hash."""
    return settings.cache / BLOBS / _checked(sha256)


def zoo_path(sha256: str, settings: Settings) -> Path | None:
    """Where the user's own folder of checkpoints would have it; None without such a folder."""
    return settings.zoo / BLOBS / _checked(sha256) if settings.zoo else None


def local_blob(sha256: str, settings: Settings) -> Path | None:
    """The file with this SHA-256 in the zoo folder, the cache, or the stock, its bytes verified; else None.

    Raises ``CheckFailed`` where a file of this name holds other bytes, or where the cache has a link.
    """
    for path in (zoo_path(sha256, settings), blob_path(sha256, settings)):
        if path is not None and (path.is_file() or path.is_symlink()):
            verify(path, sha256, settings)
            return path
    return None if settings.stock is None else _from_stock(sha256, settings)


def _from_stock(sha256: str, settings: Settings) -> Path | None:
    """Each file once for all processes of a machine."""
    place = blob_path(sha256, settings)
    with locked(f"stock {sha256}", settings):
        return place if place.is_file() else take_blob(sha256, place, settings)


def verify(path: Path, sha256: str, settings: Settings) -> None:
    """Raises ``CheckFailed`` unless the file's bytes have this hash. The cache itself holds no links."""
    if path.is_symlink() and path.is_relative_to(settings.cache):
        raise CheckFailed(f"{path} is a symbolic link, expected a regular file. Delete it and fetch again.")
    try:
        found = hash_once(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror or error}).") from error
    if found != sha256:
        raise CheckFailed(f"{path}: its SHA-256 is {found}. Delete it and fetch again.")


def damaged_blobs(settings: Settings) -> tuple[int, list[str]]:
    """How many files the cache has, and what is wrong with those that are not what their names say."""
    paths = sorted(path for path in (settings.cache / BLOBS).glob("*") if not path.name.startswith("."))
    problems = []
    for path in paths:
        try:
            verify(path, path.name, settings)
        except SecurityNetError as error:
            problems.append(str(error))
    return len(paths), problems


def hash_once(path: Path) -> str:
    """SHA-256 of a file, computed again in one process only if its size, time or place on disk changed."""
    status = path.stat()
    return _hash(path, status.st_size, status.st_mtime_ns, status.st_ino)


@cache
def _hash(path: Path, size: int, modified_ns: int, inode: int) -> str:
    return file_hash(path)


def keep(path: Path, sha256: str, settings: Settings) -> Path:
    """Move a complete file of the cache's partial folder to its place among the blobs, in one step."""
    place = blob_path(sha256, settings)
    with writing(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        path.chmod(0o644)
        path.replace(place)
    return place


def keep_archive(path: Path, sha256: str, address: str, settings: Settings) -> None:
    """Keep an archive with many checkpoints, so that it is not fetched again for each of them."""
    keep(path, sha256, settings)
    write_files({settings.cache / "archives" / _name(address): sha256.encode()})


def kept_archive(address: str, settings: Settings) -> Path | None:
    """The archive that was kept of this address, verified; None without one."""
    try:
        sha256 = (settings.cache / "archives" / _name(address)).read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return None
    return local_blob(sha256, settings)


def partial_path(key: str, settings: Settings) -> Path:
    """Where an unfinished download is kept, by what is downloaded; its folder is made."""
    path = settings.cache / "partial" / _name(key)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def locked(key: str, settings: Settings) -> Iterator[None]:
    """One process and thread at a time for what is downloaded; the kernel frees it if the holder dies."""
    from filelock import FileLock  # noqa: PLC0415 - only where something is downloaded

    folder = settings.cache / "locks"
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"{_name(key)}.lock"):
        yield


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """A full disk or a missing permission is a sentence that names the place, not a traceback."""
    try:
        yield
    except OSError as error:
        full = " Free some space, or set SECURITYNET_CACHE to a larger disk."
        hint = full if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        place = error.filename or path
        raise UsageError(f"{place} cannot be written ({os.strerror(error.errno or 0)}).{hint}") from error


def _name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _checked(sha256: str) -> str:
    if not re.fullmatch(SHA256_PATTERN, sha256):
        raise UsageError(f"{sha256!r} is not a SHA-256: expected 64 hexadecimal digits in lower case.")
    return sha256
