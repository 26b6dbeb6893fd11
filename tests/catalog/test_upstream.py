"""Files at a named revision, whatever else lies around."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from sngen.catalog import upstream
from sngen.catalog.upstream import read_package, read_upstream
from sngen.errors import CheckFailed, UsageError

FILE = "Database/README.MD"


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Two commits, "first" and "second", and an uncommitted change on top."""
    folder = tmp_path / "checkout"
    (folder / "Database").mkdir(parents=True)
    git(folder, "init", "--quiet")
    for text in ("first", "second"):
        (folder / FILE).write_text(text)
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", text)
    (folder / FILE).write_text("not committed")
    return folder


def test_a_checkout_gives_the_file_of_the_revision_and_not_of_its_work_tree(checkout: Path) -> None:
    first = git(checkout, "rev-parse", "HEAD~1")
    file = read_upstream(checkout, first[:10], [FILE])
    assert (file.only().text, file.revision, file.checked_by) == ("first", first, "git")
    assert read_upstream(checkout, "HEAD", [FILE]).only().text == "second"


def test_a_repository_without_a_work_tree(checkout: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    git(tmp_path, "clone", "--quiet", "--bare", str(checkout), str(bare))
    assert read_upstream(bare, "HEAD~1", [FILE]).only().text == "first"


def test_the_repository_around_a_plain_folder_is_not_asked(checkout: Path) -> None:
    inner = checkout / "unpacked"
    (inner / "Database").mkdir(parents=True)
    (inner / FILE).write_text("unpacked")
    file = read_upstream(inner, "abc", [FILE])
    assert (file.only().text, file.revision, file.checked_by) == ("unpacked", "abc", None)


def test_git_variables_of_the_caller_lead_nowhere_else(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert read_upstream(checkout, "HEAD", [FILE]).only().text == "second"


@pytest.mark.parametrize("revision", ["0" * 40, "no-such-branch", "--help", "HEAD:Database"])
def test_an_unknown_revision(checkout: Path, revision: str) -> None:
    with pytest.raises(UsageError, match="has no commit"):
        read_upstream(checkout, revision, [FILE])


def test_a_missing_file_names_similar_ones(checkout: Path) -> None:
    with pytest.raises(CheckFailed, match=r"no file Data/README.MD. Files of that name: Database/README.MD"):
        read_upstream(checkout, "HEAD", ["Data/README.MD"])


@pytest.mark.parametrize("form", ["zip", "tar.gz"])
def test_an_archive_that_carries_its_commit(checkout: Path, tmp_path: Path, form: str) -> None:
    first, second = git(checkout, "rev-parse", "HEAD~1"), git(checkout, "rev-parse", "HEAD")
    archive = tmp_path / f"a.{form}"
    git(checkout, "archive", f"--format={form}", "--prefix=SecurityNet-1/", f"--output={archive}", first)
    file = read_upstream(archive, first[:12], [FILE])
    assert (file.only().text, file.revision, file.checked_by) == ("first", first, "the archive's own commit")
    with pytest.raises(CheckFailed, match=f"archive of the commit {first}, expected {second}"):
        read_upstream(archive, second, [FILE])


def test_an_archive_that_says_nothing_of_its_commit_is_not_called_checked(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(FILE, "plain")
    file = read_upstream(archive, "v1", [FILE])
    assert (file.only().text, file.revision, file.checked_by) == ("plain", "v1", None)


def test_an_archive_of_two_repositories_is_none(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(f"a/{FILE}", "one")
        opened.writestr(f"b/{FILE}", "two")
    with pytest.raises(CheckFailed, match=r"Files of that name: a/Database/README.MD, b/Database/README.MD"):
        read_upstream(archive, "v1", [FILE])


def test_a_link_in_an_archive_is_no_file(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as opened:
        link = tarfile.TarInfo(f"top/{FILE}")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        opened.addfile(link, io.BytesIO())
    with pytest.raises(CheckFailed, match="there is no file"):
        read_upstream(archive, "v1", [FILE])


def test_a_file_that_inflates_beyond_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream, "MOST_BYTES", 1000)
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr(FILE, "0" * 1001)
    with pytest.raises(CheckFailed, match="1,001 bytes, expected at most 1,000"):
        read_upstream(archive, "v1", [FILE])


@pytest.mark.parametrize(
    ("name", "content", "error", "words"),
    [
        ("missing.zip", None, UsageError, "does not exist"),
        ("words.txt", b"hello", UsageError, "neither a zip nor a tar"),
    ],
)
def test_places_that_hold_no_repository(
    tmp_path: Path, name: str, content: bytes | None, error: type[Exception], words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=words):
        read_upstream(tmp_path / name, "v1", [FILE])


def test_a_damaged_archive(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr(FILE, "words " * 500)
    content = bytearray(archive.read_bytes())
    content[60:80] = bytes(20)
    archive.write_bytes(content)
    with pytest.raises(CheckFailed, match="damaged"):
        read_upstream(archive, "v1", [FILE])


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "Database").mkdir()
    (tmp_path / FILE).write_bytes(b"ab\xff")
    with pytest.raises(CheckFailed, match="byte 2 is not UTF-8"):
        read_upstream(tmp_path, "v1", [FILE])


FILES = {"a/one.csv": "1", "a/deep/two.csv": "2", "b/one.json": "3", "one.csv": "4"}


@pytest.fixture(params=["git", "folder", "zip", "tar"])
def several(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The same files in every form that can be read."""
    folder = tmp_path / "top"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    if request.param == "folder":
        return folder
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "all")
    if request.param == "git":
        return folder
    archive = tmp_path / f"a.{request.param}"
    git(folder, "archive", f"--format={request.param}", "--prefix=top/", f"--output={archive}", "HEAD")
    return archive


def revision_of(place: Path) -> str:
    folder = place if place.is_dir() else place.parent / "top"
    return git(folder, "rev-parse", "HEAD") if (folder / ".git").exists() else "v1"


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (["a/*.csv"], ["a/one.csv"]),
        (["a/**/*.csv"], ["a/deep/two.csv", "a/one.csv"]),
        (["**/*.csv", "b/*"], ["a/deep/two.csv", "a/one.csv", "b/one.json", "one.csv"]),
        (["o*e.csv"], ["one.csv"]),
    ],
)
def test_patterns_name_the_same_files_in_every_form(
    several: Path, patterns: list[str], found: list[str]
) -> None:
    upstream = read_upstream(several, revision_of(several), patterns)
    assert list(upstream.files) == found
    assert {path: file.text for path, file in upstream.files.items()} == {path: FILES[path] for path in found}


def test_every_pattern_must_find_something(several: Path) -> None:
    with pytest.raises(CheckFailed, match=r"there is no file c/\*.csv"):
        read_upstream(several, revision_of(several), ["a/*.csv", "c/*.csv"])


def test_the_sum_over_several_files_is_that_of_their_listing(several: Path) -> None:
    upstream = read_upstream(several, revision_of(several), ["a/**/*.csv"])
    sums = {path: hashlib.sha256(FILES[path].encode()).hexdigest() for path in upstream.files}
    listing = "".join(f"{sums[path]}  {path}\n" for path in sorted(sums))
    assert upstream.sha256 == hashlib.sha256(listing.encode()).hexdigest()
    assert read_upstream(several, revision_of(several), ["one.csv"]).sha256 == sums_of("4")


def sums_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_an_installed_package_says_its_version() -> None:
    package = read_package("click", None, ["click/core.py"])
    assert package.revision == metadata.version("click")
    assert "class Command" in package.only().text
    with pytest.raises(CheckFailed, match=f"in version {package.revision}, expected 0.0.1"):
        read_package("click", "0.0.1", ["click/core.py"])
    with pytest.raises(UsageError, match="no-such-package is not installed"):
        read_package("no-such-package", None, ["a"])
