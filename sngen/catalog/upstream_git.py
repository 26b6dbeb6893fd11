"""Files as they are in a commit of a git repository. Nothing is fetched, checked out or asked for."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sngen.errors import CheckFailed, UsageError

_COMMIT = re.compile(r"[0-9a-f]{40}")


def is_repository(folder: Path) -> bool:
    """A checkout, or a bare repository."""
    bare = (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
    return (folder / ".git").exists() or bare


def commit(folder: Path, revision: str) -> str:
    """The full id of ``revision``. Raises ``UsageError`` if the repository has no such commit."""
    found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    full = found.stdout.decode().strip()
    if found.returncode or not _COMMIT.fullmatch(full):
        said = found.stderr.decode(errors="replace").strip()
        raise UsageError(
            f"{folder} has no commit {revision!r}{f' ({said})' if said else ''}. Fetch it there "
            f"(git fetch origin {revision}), or give a revision that the repository has."
        )
    return full


def sizes(folder: Path, full: str) -> dict[str, int]:
    """Bytes of every file of the commit, by path. A file that the repository lacks counts as empty."""
    listed = _git(folder, "ls-tree", "-r", "-z", "--format=%(objecttype) %(objectname)%x09%(path)", full)
    if listed.returncode:
        said = listed.stderr.decode(errors="replace").strip()
        raise CheckFailed(f"{folder} at {full}: its files cannot be listed ({said}).")
    entries = [entry.split("\t", 1) for entry in listed.stdout.decode(errors="replace").split("\0") if entry]
    blobs = {path: kind.split()[1] for kind, path in entries if kind.startswith("blob ")}
    asked = "".join(f"{name}\n" for name in blobs.values()).encode()
    answers = (
        _git(folder, "cat-file", "--batch-check=%(objectsize)", stdin=asked).stdout.decode().splitlines()
    )
    return {path: int(size) if size.isdigit() else 0 for path, size in zip(blobs, answers, strict=True)}


def contents(folder: Path, full: str, paths: Sequence[str]) -> dict[str, bytes]:
    """Bytes of the files. Raises ``CheckFailed`` for one that the repository lacks (a partial clone)."""
    asked = "".join(f"{full}:{path}\n" for path in paths).encode()
    answer = _git(folder, "cat-file", "--batch", stdin=asked).stdout
    found: dict[str, bytes] = {}
    position = 0
    for path in paths:
        end = answer.index(b"\n", position)
        header = answer[position:end].split()
        if len(header) != 3 or header[1] != b"blob":
            raise CheckFailed(f"{folder} at {full}: {path} cannot be read, expected a file.")
        size = int(header[2])
        found[path] = answer[end + 1 : end + 1 + size]
        position = end + size + 2
    return found


def _git(folder: Path, *arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run git in ``folder`` and nowhere else, without fetching anything and without asking anybody."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    place = ["--git-dir", str(folder)] if not (folder / ".git").exists() else ["-C", str(folder)]
    try:
        return subprocess.run(  # noqa: S603 - a list of arguments, no shell
            ["git", *place, *arguments],  # noqa: S607 - the git of the user's path
            capture_output=True, check=False, env=environment, input=stdin,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise UsageError(
            f"{folder} is a git repository and git is not installed. Install git, or give an archive."
        ) from error
