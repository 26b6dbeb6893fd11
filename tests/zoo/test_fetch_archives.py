"""One checkpoint out of an archive; archives that try something are refused and write nothing."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fetch_setting import QUICK, bytes_of, row, sha256
from file_server import FileServer

from sngen.errors import CheckFailed, UsageError
from sngen.settings import Settings
from sngen.zoo.fetching import archives, fetch, take_in
from sngen.zoo.fetching.archives import ArchiveRefused, extract

CONTENT, OTHER = bytes_of(1), bytes_of(2)


def zipped(*members: tuple[str, bytes], **options: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **options) as archive:  # type: ignore[arg-type]
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def tarred(*members: tuple[str, bytes], mode: str = "w:gz") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


FORMS: dict[str, Callable[..., bytes]] = {
    "zip": zipped,
    "deflated": lambda *members: zipped(*members, compression=zipfile.ZIP_DEFLATED),
    "tar": lambda *members: tarred(*members, mode="w:"),
    "tar.gz": lambda *members: tarred(*members, mode="w:gz"),
    "tar.bz2": lambda *members: tarred(*members, mode="w:bz2"),
    "tar.xz": lambda *members: tarred(*members, mode="w:xz"),
}
LIMIT, MOST_MEMBERS = 2**22, 100


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer().running() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache")


@pytest.mark.parametrize("form", FORMS)
def test_the_named_member_is_fetched(server: FileServer, settings: Settings, form: str) -> None:
    url = server.put("/w", FORMS[form](("nets/a.pt", CONTENT), ("nets/b.pt", OTHER), ("README", b"read me")))
    model = row(weights_kind="archive", weights_url=url, weights_file="nets/b.pt")
    path = fetch(model, settings)
    assert path.read_bytes() == OTHER and path.name == sha256(OTHER)
    assert fetch(model, settings) == path and len(server.asked) == 1
    other = row("a/other", weights_kind="archive", weights_url=url, weights_file="a.pt")
    assert fetch(other, settings).read_bytes() == CONTENT
    assert len(server.asked) == 1, "the archive has both, and was kept"


def test_an_archive_of_one_file_needs_no_name_and_is_not_kept(server: FileServer, settings: Settings) -> None:
    content = zipped(("a.pt", CONTENT), ("__MACOSX/._a.pt", b"clutter"), ("__MACOSX/.DS_Store", b"clutter"))
    url = server.put("/w.zip", content)
    assert fetch(row(weights_kind="archive", weights_url=url), settings).read_bytes() == CONTENT
    assert [path.name for path in settings.cache.glob("blobs/*")] == [sha256(CONTENT)]


def test_the_hashes_of_a_row_are_those_of_the_archive_or_of_the_member(
    server: FileServer, settings: Settings
) -> None:
    archive = zipped(("a.pt", CONTENT))
    url = server.put("/w.zip", archive)
    for number, values in enumerate(
        (
            {"weights_sha256": sha256(archive), "weights_bytes": len(archive)},
            {"weights_sha256": sha256(CONTENT)},
            {"weights_checksum": f"sha256-prefix:{sha256(archive)[:10]}"},
            {"weights_checksum": f"sha256-prefix:{sha256(CONTENT)[:10]}"},
        )
    ):
        model = row(f"a/{number}", weights_kind="archive", weights_url=url, **values)
        path = fetch(model, settings)
        assert path.name == sha256(CONTENT)
        server.asked.clear()
        assert fetch(model, settings) == path and server.asked == []
        path.unlink()
    wrong = row("a/wrong", weights_kind="archive", weights_url=url, weights_sha256=sha256(OTHER))
    with pytest.raises(CheckFailed) as caught:
        fetch(wrong, settings)
    assert all(part in str(caught.value) for part in (sha256(archive), sha256(CONTENT), sha256(OTHER)))


def test_a_changed_name_means_another_member(server: FileServer, settings: Settings) -> None:
    archive = zipped(("a.pt", CONTENT), ("b.pt", OTHER))
    values = {"weights_kind": "archive", "weights_url": server.put("/w.zip", archive)}
    for stated in ({}, {"weights_sha256": sha256(archive)}):
        assert fetch(row(weights_file="a.pt", **values, **stated), settings).read_bytes() == CONTENT
        assert fetch(row(weights_file="b.pt", **values, **stated), settings).read_bytes() == OTHER


def test_the_archive_in_the_zoo_folder(settings: Settings, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, cache=tmp_path / "cache", zoo=tmp_path / "zoo")
    archive = zipped(("a.pt", CONTENT))
    (tmp_path / "zoo/blobs").mkdir(parents=True)
    place = tmp_path / "zoo/blobs" / sha256(archive)
    place.write_bytes(archive)
    model = row(weights_kind="archive", weights_sha256=sha256(archive), weights_url="https://example.org/a")
    assert fetch(model, settings).read_bytes() == CONTENT
    assert place.read_bytes() == archive


def test_a_torch_checkpoint_is_no_archive_of_checkpoints(settings: Settings, tmp_path: Path) -> None:
    """By hand, one may give the checkpoint that was taken out of the archive; it is a zip file itself."""
    checkpoint = zipped(("net/data.pkl", CONTENT), ("net/version", b"3"), ("net/data/0", OTHER))
    (tmp_path / "a.pt").write_bytes(checkpoint)
    model = row(weights_kind="archive", weights_url="https://example.org/a.zip")
    assert take_in(model, tmp_path / "a.pt", settings).path.read_bytes() == checkpoint


@pytest.mark.parametrize("name", [None, "c.pt"])
def test_which_member_is_asked_with_a_list(server: FileServer, settings: Settings, name: str | None) -> None:
    url = server.put("/w.zip", zipped(("a.pt", CONTENT), ("b.pt", OTHER)))
    with pytest.raises(UsageError, match=r"expected one file.*, found a\.pt, b\.pt.*weights_file"):
        fetch(row(weights_kind="archive", weights_url=url, weights_file=name), settings)


def _link_in_zip() -> bytes:
    info = zipfile.ZipInfo("a.pt")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    return stream.getvalue()


def _tar_of(kind: bytes, name: str = "a.pt") -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(info)
    return stream.getvalue()


def _encrypted() -> bytes:
    content = bytearray(zipped(("a.pt", CONTENT)))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = content.index(magic) + offset
        content[position : position + 2] = struct.pack("<H", 1)
    return bytes(content)


def _fat_header() -> bytes:
    """A tar archive whose extended header says that it has 20 MB, which would be read into memory."""
    size = 20 * 2**20
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, size
    return gzip.compress(info.tobuf() + bytes(size), 1)


HOSTILE = {
    "climbs out of a zip": (zipped(("../a.pt", CONTENT)), "a member named ../a.pt"),
    "climbs out with backslashes": (zipped(("x\\..\\..\\a.pt", CONTENT)), "a member named"),
    "absolute in a zip": (zipped(("/tmp/a.pt", CONTENT)), "a member named /tmp/a.pt"),
    "a drive in a zip": (zipped(("C:/a.pt", CONTENT)), "a member named C:/a.pt"),
    "climbs out of a tar": (tarred(("../../a.pt", CONTENT)), r"a member named ../../a.pt"),
    "absolute in a tar": (tarred(("/tmp/a.pt", CONTENT)), "a member named /tmp/a.pt"),
    "link in a zip": (_link_in_zip(), "the link a.pt"),
    "symbolic link in a tar": (_tar_of(tarfile.SYMTYPE), "a link, device or sparse file"),
    "hard link in a tar": (_tar_of(tarfile.LNKTYPE), "a link, device or sparse file"),
    "device in a tar": (_tar_of(tarfile.CHRTYPE), "a link, device or sparse file"),
    "pipe in a tar": (_tar_of(tarfile.FIFOTYPE), "a link, device or sparse file"),
    "encrypted": (_encrypted(), "a.pt, encrypted"),
    "no archive": (b"neither zip nor tar" * 100, "expected a zip or tar archive"),
    "half a zip": (zipped(("a.pt", CONTENT))[:200_000], "expected a zip or tar archive"),
    "half a tar": (tarred(("a.pt", CONTENT))[:200_000], "expected a zip or tar archive"),
    "many members": (zipped(*((f"{i}.pt", b"") for i in range(MOST_MEMBERS + 1))), "101 members"),
    "a zip that inflates": (
        zipped(("a.pt", bytes(LIMIT + 2**20)), compression=zipfile.ZIP_DEFLATED),
        "inflates to more than 4,194,304 bytes",
    ),
    "a tar that inflates": (tarred(("a.pt", bytes(LIMIT + 2**20))), "more than 4,194,304 bytes"),
    "a fat header": (_fat_header(), "a header of 20,971,520 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_an_archive_that_tries_something_is_refused(
    name: str, server: FileServer, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "ALWAYS_ALLOWED", LIMIT)
    monkeypatch.setattr(archives, "MOST_MEMBERS", MOST_MEMBERS)
    content, words = HOSTILE[name]
    url = server.put("/w", content)
    before, start = _files(tmp_path.parent), time.monotonic()
    tracemalloc.start()
    with pytest.raises(ArchiveRefused) as caught:
        fetch(row(weights_kind="archive", weights_url=url), settings, patience=QUICK)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert words in str(caught.value) and "Nothing was unpacked" in str(caught.value)
    assert time.monotonic() - start < 5 and peak < 10 * 2**20
    new = _files(tmp_path.parent) - before
    assert all(path.suffix == ".lock" for path in new), new


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_a_wrong_checksum_within_is_named(server: FileServer, settings: Settings) -> None:
    content = zipped(("a.pt", CONTENT)).replace(CONTENT[:1000], OTHER[:1000])
    with pytest.raises(ArchiveRefused, match="Bad CRC-32"):
        fetch(row(weights_kind="archive", weights_url=server.put("/w", content)), settings)


def test_a_link_in_the_way_of_the_member_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(("a.pt", CONTENT)))
    (tmp_path / "victim").write_bytes(b"untouched")
    (tmp_path / "target").symlink_to(tmp_path / "victim")
    extract(tmp_path / "a.zip", None, tmp_path / "target", "a.zip")
    assert (tmp_path / "victim").read_bytes() == b"untouched"
    assert (tmp_path / "target").read_bytes() == CONTENT
