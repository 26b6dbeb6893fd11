"""Files of an upstream repository at a named revision: from a git checkout, an archive, a folder, or an
installed package.

A checkout (with or without a work tree) is asked for the files as they are in that commit, so that neither
another checked-out branch nor an uncommitted change can slip in. Archives that ``git archive`` and GitHub
make carry their commit, which is compared. An installed package says its version. A plain folder or another
archive cannot be checked. Nothing that is read is ever executed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path, PurePosixPath

from sngen.catalog import upstream_archive, upstream_git
from sngen.errors import CheckFailed, UsageError

#: A source's file of facts is a text of some megabytes at most; more is a mistake or a decompression bomb.
MOST_BYTES = 64 * 2**20
_ABBREVIATED = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True)
class UpstreamFile:
    """``path`` is within the repository; ``text`` is decoded from UTF-8."""

    path: str
    text: str
    sha256: str


@dataclass(frozen=True)
class Upstream:
    """``revision`` is the full commit wherever that is known, or a package's version; ``checked_by`` says
    what vouches for it, and is None if nothing does. ``files`` are by path, in order."""

    revision: str
    checked_by: str | None
    files: Mapping[str, UpstreamFile]

    def only(self) -> UpstreamFile:
        """The file, of a source that has one."""
        (file,) = self.files.values()
        return file

    @cached_property
    def sha256(self) -> str:
        """That of the file; of several files, of the lines ``SHA-256, two spaces, path``."""
        if len(self.files) == 1:
            return self.only().sha256
        listing = "".join(f"{file.sha256}  {file.path}\n" for file in self.files.values())
        return hashlib.sha256(listing.encode()).hexdigest()


def read_upstream(source: Path, revision: str, patterns: Sequence[str]) -> Upstream:
    """The files of the repository at ``revision`` whose path matches one of ``patterns``.

    ``*`` stands for any part of a name, ``**`` for any folders. ``source`` is a checkout, a bare repository,
    a zip or tar archive, or a folder. Raises ``UsageError`` for a place or revision that is not there and
    ``CheckFailed`` for one that contradicts ``revision`` or has no file for one of the patterns.
    """
    if not revision.strip():
        raise UsageError("the revision is empty; give the commit that is read, with --revision.")
    if not source.exists():
        raise UsageError(f"{source} does not exist. Give a checkout, archive or folder with --from.")
    if source.is_dir() and upstream_git.is_repository(source):
        commit = upstream_git.commit(source, revision)
        where = f"{source} at {commit}"
        sizes = upstream_git.sizes(source, commit)
        contents = upstream_git.contents(source, commit, _chosen(where, sizes, patterns))
        return _upstream(commit, "git", where, contents)
    if source.is_dir():
        files = {str(path.relative_to(source)): path for path in sorted(source.rglob("*")) if path.is_file()}
        chosen = _chosen(str(source), {name: path.stat().st_size for name, path in files.items()}, patterns)
        return _upstream(revision, None, str(source), {name: files[name].read_bytes() for name in chosen})
    with upstream_archive.opened(source) as archive:
        contents = _archive_contents(archive, patterns)
        own = archive.commit
    if own is not None and not (_ABBREVIATED.fullmatch(revision) and own.startswith(revision)):
        raise CheckFailed(
            f"{source} is an archive of the commit {own}, expected {revision}. Give --revision {own}, or the "
            f"archive of the other revision."
        )
    checked_by = "the archive's own commit" if own else None
    return _upstream(own or revision, checked_by, str(source), contents)


def read_package(name: str, revision: str | None, patterns: Sequence[str]) -> Upstream:
    """Files of an installed package, by their path from its top. Raises ``UsageError`` if it is not
    installed and ``CheckFailed`` if it is installed in another version than ``revision``."""
    try:
        package = metadata.distribution(name)
    except metadata.PackageNotFoundError as error:
        raise UsageError(f"the package {name} is not installed; pip install {name}.") from error
    if revision not in (None, package.version):
        raise CheckFailed(f"{name} is installed in version {package.version}, expected {revision}.")
    files = {str(path): Path(str(package.locate_file(path))) for path in package.files or ()}
    sizes = {path: file.stat().st_size for path, file in sorted(files.items()) if file.is_file()}
    where = f"{name} {package.version}"
    contents = {path: files[path].read_bytes() for path in _chosen(where, sizes, patterns)}
    return _upstream(package.version, "the installed package", where, contents)


def _archive_contents(archive: upstream_archive.Archive, patterns: Sequence[str]) -> dict[str, bytes]:
    """By path within the repository, which most archives put into one folder."""
    where, top = str(archive.path), archive.top
    try:
        return archive.contents(_chosen(where, archive.sizes, patterns))
    except _NoFile:
        if not top:
            raise
    inner = {name.removeprefix(top): size for name, size in archive.sizes.items()}
    names = [top + path for path in _chosen(where, inner, patterns)]
    return {name.removeprefix(top): content for name, content in archive.contents(names).items()}


class _NoFile(CheckFailed):
    """No file for one of the patterns."""


def _chosen(where: str, sizes: Mapping[str, int], patterns: Sequence[str]) -> list[str]:
    """Paths that match a pattern, sorted. Each pattern must find something."""
    chosen: set[str] = set()
    for pattern in patterns:
        found = [path for path in sizes if _matcher(pattern).fullmatch(path)]
        if not found:
            raise _NoFile(_no_file(where, pattern, sizes))
        chosen.update(found)
    for path in chosen:
        if sizes[path] > MOST_BYTES:
            raise CheckFailed(f"{where}, {path}: {sizes[path]:,} bytes, expected at most {MOST_BYTES:,}.")
    return sorted(chosen)


def _matcher(pattern: str) -> re.Pattern[str]:
    pieces = {"**/": "(?:[^/]+/)*", "*": "[^/]*"}
    return re.compile("".join(pieces.get(p) or re.escape(p) for p in re.split(r"(\*\*/|\*)", pattern)))


def _upstream(revision: str, checked_by: str | None, where: str, contents: Mapping[str, bytes]) -> Upstream:
    return Upstream(revision, checked_by, {path: _file(where, path, data) for path, data in contents.items()})


def _file(where: str, path: str, content: bytes) -> UpstreamFile:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CheckFailed(f"{where}, {path}: byte {error.start} is not UTF-8, expected a text.") from error
    return UpstreamFile(path, text, hashlib.sha256(content).hexdigest())


def _no_file(where: str, path: str, names: Iterable[str]) -> str:
    last = PurePosixPath(path).name.lower()
    similar = sorted(name for name in names if PurePosixPath(name).name.lower() == last)
    hint = f" Files of that name: {', '.join(similar[:5])}." if similar else ""
    return f"{where}: there is no file {path}.{hint} Is it the right repository and revision?"
