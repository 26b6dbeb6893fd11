"""Publishers' files from a server that misbehaves: whole and published, or not there; nothing done twice."""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from fetch_setting import QUICK, bytes_of, sha256
from file_server import Drop, FileServer, Status

from evaluations import data_command
from evaluations.datasets import cifar10, cifar100, downloading, find_dataset, load_images, mnist
from evaluations.datasets.downloading import bring, check_possible, find_need
from evaluations.datasets.publication import Download, Placed
from sngen.errors import CheckFailed, SecurityNetError, UsageError
from sngen.settings import Settings
from sngen.zoo.fetching.archives import ArchiveRefused
from sngen.zoo.fetching.job import Failed

CONTENT, OTHER = bytes_of(1), bytes_of(2)
PLACE = "toy/data.bin"


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer().running() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache")


def plain(*addresses: str, content: bytes = CONTENT) -> Download:
    return Download(addresses, len(content), f"sha256:{sha256(content)}", PLACE)


def files_in(settings: Settings) -> list[str]:
    return sorted(str(path.relative_to(settings.data)) for path in settings.data.rglob("*") if path.is_file())


def ranges(server: FileServer, path: str = "/f") -> list[str | None]:
    return [headers.get("Range") for headers in server.asked_for(path)]


def test_a_file_is_placed_once(server: FileServer, settings: Settings) -> None:
    one = plain(server.put("/f", CONTENT))
    assert find_need([one], settings.data).absent == (one,)
    bring(one, settings, patience=QUICK)
    assert (settings.data / PLACE).read_bytes() == CONTENT and files_in(settings) == [PLACE]
    assert find_need([one], settings.data).absent == ()
    bring(one, settings, patience=QUICK)
    assert len(server.asked) == 1


def test_dropped_connections_are_resumed_also_by_a_later_run(server: FileServer, settings: Settings) -> None:
    one = plain(server.put("/f", CONTENT, [Drop(100_000), Drop(100_000)], always=Status(503)))
    with pytest.raises(Failed, match="503"):
        bring(one, settings, patience=QUICK)
    assert not (settings.data / PLACE).exists()
    server.files["/f"].always = None
    server.asked.clear()
    bring(one, settings, patience=QUICK)
    assert ranges(server) == ["bytes=200000-"] and files_in(settings) == [PLACE]
    assert (settings.data / PLACE).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("served", "words"),
    [
        (OTHER, "not the published file. Found 300,000 bytes with sha256 "),
        (CONTENT[:-1], "the server has 299,999 bytes, expected 300,000"),
        (CONTENT + b"x", "the server has 300,001 bytes, expected 300,000"),
        (b"<!DOCTYPE html><title>Sign in</title>" + bytes(299_963), "an HTML page with the title 'Sign in'"),
    ],
    ids=["another", "truncated", "longer", "page"],
)
def test_other_content_is_not_placed_nor_kept(
    server: FileServer, settings: Settings, served: bytes, words: str
) -> None:
    one = plain(server.put("/f", served))
    with pytest.raises(CheckFailed) as caught:
        bring(one, settings, patience=QUICK)
    assert words in str(caught.value) and str(settings.data / PLACE) in str(caught.value)
    assert files_in(settings) == []


def test_a_body_shorter_than_stated_is_never_complete(server: FileServer, settings: Settings) -> None:
    one = plain(server.put("/f", CONTENT, always=Drop(200_000), etag=None))
    with pytest.raises(Failed, match="broke after 200,000 of 300,000 bytes"):
        bring(one, settings, patience=QUICK)
    assert not (settings.data / PLACE).exists()


@pytest.mark.parametrize("first", [Status(404), Status(503), None], ids=["gone", "busy", "another"])
def test_the_next_address_is_asked(server: FileServer, settings: Settings, first: Status | None) -> None:
    wrong = server.put("/wrong", OTHER, always=first)
    bring(plain(wrong, server.put("/f", CONTENT)), settings, patience=QUICK)
    assert (settings.data / PLACE).read_bytes() == CONTENT and files_in(settings) == [PLACE]


def test_an_unfinished_download_goes_on_at_its_own_address(server: FileServer, settings: Settings) -> None:
    gone = server.put("/gone", CONTENT, always=Status(404))
    one = plain(gone, server.put("/f", CONTENT, [Drop(200_000)], always=Status(503)))
    with pytest.raises(CheckFailed, match=r"/gone: .*404.*/f: .*503"):
        bring(one, settings, patience=QUICK)
    server.put("/gone", CONTENT)
    server.files["/f"].always = None
    server.asked.clear()
    bring(one, settings, patience=QUICK)
    assert ranges(server) == ["bytes=200000-"] and server.asked_for("/gone") == []


def test_a_damaged_file_in_the_place_is_replaced(server: FileServer, settings: Settings) -> None:
    one = plain(server.put("/f", CONTENT))
    (settings.data / "toy").mkdir(parents=True)
    (settings.data / PLACE).write_bytes(OTHER)
    assert find_need([one], settings.data).damaged == (settings.data / PLACE,)
    bring(one, settings, patience=QUICK)
    assert (settings.data / PLACE).read_bytes() == CONTENT


def test_a_size_that_is_only_a_bound(server: FileServer, settings: Settings) -> None:
    bounded = replace(plain(server.put("/f", CONTENT)), size=400_000, size_is_exact=False)
    bring(bounded, settings, patience=QUICK)
    (settings.data / PLACE).unlink()
    with pytest.raises(CheckFailed, match="expected at most 200,000 bytes"):
        bring(replace(bounded, size=200_000), settings, patience=QUICK)


def test_two_at_once_share_one_download(server: FileServer, settings: Settings) -> None:
    server.delay = 0.1
    one = plain(server.put("/f", CONTENT))
    threads = [threading.Thread(target=bring, args=(one, settings)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.asked) == 1 and (settings.data / PLACE).read_bytes() == CONTENT


def tarred(*members: tarfile.TarInfo | tuple[str, bytes], mode: str = "w:gz") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            archive.addfile(info, io.BytesIO(member[1]))
    return stream.getvalue()


def link(name: str, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info


def unpacked(url: str, archive: bytes, **members: bytes) -> Download:
    """Of the archive the members, keyword and content, to ``toy/<keyword>``."""
    placed = {f"in/{name}": Placed(f"toy/{name}", f"md5:{md5(content)}") for name, content in members.items()}
    return Download((url,), len(archive), f"sha256:{sha256(archive)}", members=placed)


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def test_only_the_named_members_of_an_archive_are_taken(server: FileServer, settings: Settings) -> None:
    archive = tarred(("in/a", CONTENT), ("in/readme.html", b"<html>"), ("in/b", OTHER))
    one = unpacked(server.put("/f", archive), archive, a=CONTENT, b=OTHER)
    bring(one, settings, patience=QUICK)
    assert files_in(settings) == ["toy/a", "toy/b"]
    bring(one, settings, patience=QUICK)
    assert len(server.asked) == 1
    (settings.data / "toy/b").write_bytes(b"damaged")
    bring(one, settings, patience=QUICK)
    assert (settings.data / "toy/b").read_bytes() == OTHER and len(server.asked) == 2


def test_unpacking_that_was_interrupted_asks_no_network_again(
    server: FileServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tarred(("in/a", CONTENT), ("in/b", OTHER))
    one = unpacked(server.put("/f", archive), archive, a=CONTENT, b=OTHER)
    extract = downloading.extract

    def interrupted(path: Path, member: str, target: Path, name: str) -> None:
        extract(path, member, target, name)
        if member == "in/b":
            raise KeyboardInterrupt

    monkeypatch.setattr(downloading, "extract", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bring(one, settings, patience=QUICK)
    assert (settings.data / "toy/a").exists() and not (settings.data / "toy/b").exists()
    monkeypatch.setattr(downloading, "extract", extract)
    bring(one, settings, patience=QUICK)
    assert files_in(settings) == ["toy/a", "toy/b"] and len(server.asked) == 1


def bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("in/a", bytes(65 * 2**20))
    return stream.getvalue()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "climbs": lambda: tarred(("in/a", CONTENT), ("../../canary", b"x")),
    "absolute": lambda: tarred(("in/a", CONTENT), ("/securitynet-canary", b"x")),
    "link": lambda: tarred(link("in", "/"), ("in/a", CONTENT)),
    "member-is-link": lambda: tarred(link("in/a", "/etc/passwd")),
    "bomb": bomb,
    "cut": lambda: tarred(("in/a", CONTENT))[:-100],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused_though_their_checksum_fits(
    server: FileServer, settings: Settings, name: str
) -> None:
    archive = HOSTILE[name]()
    one = unpacked(server.put("/f", archive), archive, a=CONTENT)
    with pytest.raises(ArchiveRefused):
        bring(one, settings, patience=QUICK)
    assert files_in(settings) == []
    assert not list(settings.data.parent.rglob("*canary*")) and not Path("/securitynet-canary").exists()


def test_nothing_is_unpacked_before_the_checksum_fits(server: FileServer, settings: Settings) -> None:
    archive = tarred(("in/a", CONTENT), mode="w:")
    changed = archive.replace(CONTENT[:100], OTHER[100:200])
    assert len(changed) == len(archive) and changed != archive
    one = unpacked(server.put("/f", changed), archive, a=CONTENT)
    with pytest.raises(CheckFailed, match="not the published file"):
        bring(one, settings, patience=QUICK)
    assert files_in(settings) == []
    other = unpacked(server.put("/f", archive), archive, a=OTHER)  # the archive is right, its member is not
    with pytest.raises(CheckFailed, match="in/a is not the published file"):
        bring(other, settings, patience=QUICK)
    assert files_in(settings) == []


def test_offline_and_a_full_disk_are_said_before_anything(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    need = find_need([plain("https://example.org/f")], settings.data)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 299_999))  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match=r"300,000 bytes to come, but .* has 299,999 free"):
        check_possible(need, settings.data)
    monkeypatch.setenv("SECURITYNET_OFFLINE", "1")
    with pytest.raises(UsageError, match=r"https://example\.org/f is not in .*SECURITYNET_OFFLINE is set"):
        check_possible(need, settings.data)
    check_possible(find_need([], settings.data), settings.data)


def call(settings: Settings, *arguments: str) -> Result:
    environment = {"SECURITYNET_CACHE": str(settings.cache), "SECURITYNET_DATA": str(settings.data)}
    return CliRunner().invoke(data_command.command, arguments, env=environment)


def test_the_command_says_the_size_and_does_nothing_twice(
    server: FileServer, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one = replace(plain(server.put("/f", CONTENT)), place="cifar100/x")
    monkeypatch.setattr(cifar100, "DOWNLOADS", (one,))
    first = call(settings, "cifar100")
    assert first.exit_code == 0, first.output
    assert "cifar100: 0.3 MB in 1 file from 127.0.0.1 to" in first.output and "cifar100: done" in first.output
    second = call(settings, "cifar100")
    assert second.exit_code == 0 and "everything is in" in second.output and len(server.asked) == 1
    assert call(settings, "cifar1?0", "--to", str(tmp_path / "else")).exit_code == 0
    assert (tmp_path / "else/cifar100/x").read_bytes() == CONTENT
    (settings.data / "cifar100/x").write_bytes(b"damaged")
    again = call(settings, "cifar100")
    assert again.exit_code == 0 and "x: not the published file; it will be replaced" in again.output


def test_one_failure_stops_no_other(
    server: FileServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = plain(server.put("/gone", b"", always=Status(404)))
    monkeypatch.setattr(cifar100, "DOWNLOADS", (replace(missing, place="cifar100/x"),))
    monkeypatch.setattr(mnist, "DOWNLOADS", (replace(plain(server.put("/f", CONTENT)), place="mnist/x"),))
    result = call(settings, "cifar100", "mnist")
    assert result.exit_code == 1 and "cifar100: failed: " in result.output and "mnist: done" in result.output


def test_ctrl_c_ends_the_command_with_a_sentence(
    server: FileServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path, download: Download, address: str) -> None:
        raise KeyboardInterrupt

    one = replace(plain(server.put("/f", CONTENT)), place="cifar100/x")
    monkeypatch.setattr(cifar100, "DOWNLOADS", (one,))
    with monkeypatch.context() as patch:
        patch.setattr(downloading, "_check", interrupted)
        result = call(settings, "cifar100")
    assert result.exit_code == 130 and "Run again to go on" in result.output
    assert call(settings, "cifar100").exit_code == 0 and len(server.asked) == 1


def test_the_list_and_names_that_cannot_be_downloaded(settings: Settings) -> None:
    listed = call(settings)
    assert listed.exit_code == 0
    rows = {line.split()[0]: line for line in listed.output.splitlines()}
    assert "170.1 MB" in rows["cifar10"] and rows["cifar10"].endswith("0 of 6 files")
    assert "scikit-learn" in rows["digits"] and "register" in rows["imagenet-1k"]
    for name, words in (
        ("imagenet-1k", "image-net.org gives it"),
        ("chestmnist", "fourteen labels"),
        ("cifar11", "is not known"),
        ("zz*", "can be downloaded"),
    ):
        error = call(settings, name).exception
        assert isinstance(error, SecurityNetError) and words in str(error)


def test_cifar10_from_the_archive_to_the_reader(
    server: FileServer, settings: Settings, monkeypatch: pytest.MonkeyPatch, shared_data: Path
) -> None:
    """Published pixels in an archive of the publisher's form; its members have the published MD5 sums."""
    test = load_images("cifar10", "test", shared_data)
    rows = np.hstack([test.labels[:, None].astype(np.uint8), test.pixels.reshape(len(test), -1)])
    content = rows.tobytes()
    archive = tarred(("cifar-10-batches-bin/test_batch.bin", content), mode="w:")
    published = cifar10.DOWNLOADS[0]
    one = replace(
        published,
        addresses=(server.put("/f", archive),),
        size=len(archive),
        checksum=f"sha256:{sha256(archive)}",
        members={name: placed for name, placed in published.members.items() if "test_batch" in name},
    )
    monkeypatch.setattr(cifar10, "DOWNLOADS", (one,))
    with pytest.raises(UsageError, match="Run 'python -m evaluations data cifar10 --to "):
        load_images("cifar10", "test", settings.data)
    assert call(settings, "cifar10").exit_code == 0
    assert load_images("cifar10", "test", settings.data).fingerprint == test.fingerprint


@pytest.mark.parametrize(
    "dataset_id", ["cifar10", "cifar100", "fashion-mnist", "gtsrb", "mnist", "pathmnist", "svhn"]
)
def test_places_of_downloads_are_those_that_readers_name(dataset_id: str, tmp_path: Path) -> None:
    """Absent files: what the error names is what the downloads bring."""
    dataset = find_dataset(dataset_id)
    named = ""
    for split in dataset.SPLITS:
        with pytest.raises(UsageError) as caught:
            load_images(dataset_id, split, tmp_path)
        named += str(caught.value)
        assert f"python -m evaluations data {dataset_id} --to {tmp_path}" in str(caught.value)
    for one in dataset.DOWNLOADS:
        for placed in one.results:
            assert Path(placed.path).name in named and str((tmp_path / placed.path).parent) in named
