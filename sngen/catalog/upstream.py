"""One file of an upstream repository at a named revision, from a git checkout, an archive or a folder.

A checkout (with or without a work tree) is asked for the file as it is in that commit, so that neither
another checked-out branch nor an uncommitted change can slip in. Archives that ``git archive`` and GitHub
make carry their commit, which is compared. A plain folder or another archive cannot be checked.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sngen.errors import CheckFailed, UsageError

#: A source's file of facts is a text of some megabytes at most; more is a mistake or a decompression bomb.
MOST_BYTES = 64 * 2**20
_COMMIT = re.compile(r"[0-9a-f]{40}")
_ABBREVIATED = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True)
class UpstreamFile:
    """``revision`` is the full commit wherever that is known; ``checked_by`` says what vouches for it, and
    is None if nothing does."""

    path: str
    text: str
    sha256: str
    revision: str
    checked_by: str | None


def read_upstream(source: Path, revision: str, path: str) -> UpstreamFile:
    """The file ``path`` of the repository at ``revision``.

    ``source`` is a checkout, a bare repository, a zip or tar archive, or a folder. Raises ``UsageError`` for
    a place, revision or file that is not there and ``CheckFailed`` for one that contradicts ``revision``.
    """
    if not revision.strip():
        raise UsageError("the revision is empty; give the commit that is read, with --revision.")
    if not source.exists():
        raise UsageError(f"{source} does not exist. Give a checkout, archive or folder with --from.")
    if source.is_dir() and _is_git(source):
        commit = _commit(source, revision)
        return _file(path, _git_file(source, commit, path), commit, "git")
    if source.is_dir():
        return _file(path, _folder_file(source, path), revision, None)
    content, own = _archive_file(source, path)
    if own is None:
        return _file(path, content, revision, None)
    if not (_ABBREVIATED.fullmatch(revision) and own.startswith(revision)):
        raise CheckFailed(
            f"{source} is an archive of the commit {own}, expected {revision}. Give --revision {own}, or the "
            f"archive of the other revision."
        )
    return _file(path, content, own, "the archive's own commit")


def _file(path: str, content: bytes, revision: str, checked_by: str | None) -> UpstreamFile:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CheckFailed(
            f"{path} at {revision}: byte {error.start} is not UTF-8, expected a text."
        ) from error
    return UpstreamFile(path, text, hashlib.sha256(content).hexdigest(), revision, checked_by)


# --- git ------------------------------------------------------------------------------------------------


def _is_git(folder: Path) -> bool:
    return (folder / ".git").exists() or _is_bare(folder)


def _is_bare(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run git in ``folder`` and nowhere else, without fetching anything and without asking anybody."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    place = ["--git-dir", str(folder)] if not (folder / ".git").exists() else ["-C", str(folder)]
    try:
        return subprocess.run(  # noqa: S603 - a list of arguments, no shell
            ["git", *place, *arguments],  # noqa: S607 - the git of the user's path
            capture_output=True, check=False, env=environment,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise UsageError(
            f"{folder} is a git repository and git is not installed. Install git, or give an archive."
        ) from error


def _commit(folder: Path, revision: str) -> str:
    found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    commit = found.stdout.decode().strip()
    if found.returncode or not _COMMIT.fullmatch(commit):
        said = found.stderr.decode(errors="replace").strip()
        raise UsageError(
            f"{folder} has no commit {revision!r}{f' ({said})' if said else ''}. Fetch it there "
            f"(git fetch origin {revision}), or give a revision that the repository has."
        )
    return commit


def _git_file(folder: Path, commit: str, path: str) -> bytes:
    size = _git(folder, "cat-file", "-s", f"{commit}:{path}")
    if size.returncode:
        listed = _git(folder, "ls-tree", "-r", "--name-only", commit).stdout.decode(errors="replace")
        raise CheckFailed(_no_file(f"{folder} at {commit}", path, listed.splitlines()))
    _refuse_large(f"{folder} at {commit}, {path}", int(size.stdout))
    found = _git(folder, "cat-file", "blob", f"{commit}:{path}")
    if found.returncode:
        said = found.stderr.decode(errors="replace").strip()
        raise CheckFailed(f"{folder} at {commit}: {path} cannot be read ({said}), expected a file.")
    return found.stdout


# --- Archives and folders -------------------------------------------------------------------------------


def _folder_file(folder: Path, path: str) -> bytes:
    file = folder / path
    if not file.is_file():
        names = [str(found.relative_to(folder)) for found in folder.glob("*/*") if found.is_file()]
        raise CheckFailed(_no_file(str(folder), path, names))
    _refuse_large(str(file), file.stat().st_size)
    return file.read_bytes()


def _archive_file(archive: Path, path: str) -> tuple[bytes, str | None]:
    """The file's bytes, and the commit that the archive says it was made from."""
    try:
        if zipfile.is_zipfile(archive):
            return _zip_file(archive, path)
        if tarfile.is_tarfile(archive):
            return _tar_file(archive, path)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, NotImplementedError) as error:
        raise CheckFailed(f"{archive}: the archive is damaged ({error}). Download it again.") from error
    raise UsageError(f"{archive} is neither a zip nor a tar archive; expected one, a checkout or a folder.")


def _zip_file(archive: Path, path: str) -> tuple[bytes, str | None]:
    with zipfile.ZipFile(archive) as opened:
        sizes = {info.filename: info.file_size for info in opened.infolist() if not info.is_dir()}
        name = _member(archive, path, sizes)
        _refuse_large(f"{archive}, {name}", sizes[name])
        return opened.read(name), _own_commit(opened.comment.decode("ascii", errors="replace"))


def _tar_file(archive: Path, path: str) -> tuple[bytes, str | None]:
    with tarfile.open(archive) as opened:
        sizes = {member.name: member.size for member in opened if member.isfile()}
        name = _member(archive, path, sizes)
        _refuse_large(f"{archive}, {name}", sizes[name])
        stream = opened.extractfile(name)
        if stream is None:
            raise CheckFailed(f"{archive}: {name} is no plain file, expected one.")
        return stream.read(), _own_commit(opened.pax_headers.get("comment", ""))


def _member(archive: Path, path: str, names: Iterable[str]) -> str:
    """The member that is ``path``, at the top or in the archive's one top folder."""
    wanted = PurePosixPath(path).parts
    found = [name for name in names if PurePosixPath(name).parts in (wanted, (name.split("/")[0], *wanted))]
    if len(found) != 1:
        if found:
            raise CheckFailed(f"{archive}: found {', '.join(sorted(found))}, expected one file {path}.")
        raise CheckFailed(_no_file(str(archive), path, names))
    return found[0]


def _own_commit(comment: str) -> str | None:
    return comment if _COMMIT.fullmatch(comment) else None


def _no_file(where: str, path: str, names: Iterable[str]) -> str:
    last = PurePosixPath(path).name.lower()
    similar = sorted(name for name in names if PurePosixPath(name).name.lower() == last)
    hint = f" Files of that name: {', '.join(similar[:5])}." if similar else ""
    return f"{where}: there is no file {path}.{hint} Is it the right repository and revision?"


def _refuse_large(what: str, size: int) -> None:
    if size > MOST_BYTES:
        raise CheckFailed(f"{what}: {size:,} bytes, expected at most {MOST_BYTES:,}.")
