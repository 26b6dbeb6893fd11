"""Downloads from a server that misbehaves: what passes is waited for, what does not is said, nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest
from fetch_setting import QUICK, bytes_of, row, sha256, stated
from file_server import (
    Drip,
    Drop,
    Endless,
    Fault,
    FileServer,
    Headers,
    Raw,
    Redirect,
    ShiftedRange,
    Status,
)

from sngen.errors import CheckFailed, UsageError
from sngen.settings import Settings
from sngen.zoo.fetching import connection, fetch
from sngen.zoo.fetching.connection import _next
from sngen.zoo.fetching.job import Failed

CONTENT = bytes_of(1)
PAGE = b"<!DOCTYPE html>\n<html><head>\n<title>Sign in &amp; go on\n</title></head><body>" + b"x" * 5000


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer().running() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache")


def _ranges(server: FileServer, path: str = "/w.pt") -> list[str | None]:
    return [headers.get("Range") for headers in server.asked_for(path)]


def _partials(settings: Settings) -> list[Path]:
    return sorted(settings.cache.glob("partial/*"))


def test_a_file_is_fetched_once_under_the_name_of_its_hash(server: FileServer, settings: Settings) -> None:
    model = stated(CONTENT, weights_url=server.put("/w.pt", CONTENT))
    path = fetch(model, settings)
    assert path == settings.cache / "blobs" / sha256(CONTENT) and path.read_bytes() == CONTENT
    assert fetch(model, settings) == path
    assert len(server.asked) == 1
    assert _partials(settings) == []


def test_what_is_in_the_zoo_folder_is_not_fetched(server: FileServer, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, cache=tmp_path / "cache", zoo=tmp_path / "zoo")
    (tmp_path / "zoo/blobs").mkdir(parents=True)
    (tmp_path / "zoo/blobs" / sha256(CONTENT)).write_bytes(CONTENT)
    path = fetch(stated(CONTENT, weights_url=server.put("/w.pt", CONTENT)), settings)
    assert path == tmp_path / "zoo/blobs" / sha256(CONTENT)
    assert server.asked == []


def test_broken_connections_are_resumed_where_they_broke(server: FileServer, settings: Settings) -> None:
    url = server.put("/w.pt", CONTENT, [Drop(100_000), Status(500), Drop(100_000)])
    assert fetch(stated(CONTENT, weights_url=url), settings, patience=QUICK).read_bytes() == CONTENT
    assert _ranges(server) == [None, "bytes=100000-", "bytes=100000-", "bytes=200000-"]


def test_a_later_process_resumes_what_an_earlier_one_left(server: FileServer, settings: Settings) -> None:
    url = server.put("/w.pt", CONTENT, [Drop(200_000)], always=Status(503))
    with pytest.raises(Failed, match="503"):
        fetch(stated(CONTENT, weights_url=url), settings, patience=QUICK)
    server.files["/w.pt"].always = None
    server.asked.clear()
    assert fetch(stated(CONTENT, weights_url=url), settings, patience=QUICK).read_bytes() == CONTENT
    assert _ranges(server) == ["bytes=200000-"]


def test_another_content_between_two_parts_starts_again(server: FileServer, settings: Settings) -> None:
    other = bytes_of(2)
    url = server.put("/w.pt", CONTENT, [Drop(200_000)], always=Status(503))
    with pytest.raises(Failed):
        fetch(row(weights_url=url), settings, patience=QUICK)
    server.put("/w.pt", other)
    assert fetch(row(weights_url=url), settings, patience=QUICK).read_bytes() == other


def test_a_part_of_another_content_is_not_joined(server: FileServer, settings: Settings) -> None:
    """The server ignores If-Range and sends the rest of its new content with a new tag."""
    url = server.put("/w.pt", CONTENT, [Drop(200_000), Headers((("ETag", '"new"'),))])
    assert fetch(row(weights_url=url), settings, patience=QUICK).read_bytes() == CONTENT
    assert _ranges(server)[-1] is None


@pytest.mark.parametrize("by", [-50_000, 50_000])
def test_another_part_than_asked_for_is_not_joined(server: FileServer, settings: Settings, by: int) -> None:
    url = server.put("/w.pt", CONTENT, [Drop(200_000), ShiftedRange(by)])
    assert fetch(row(weights_url=url), settings, patience=QUICK).read_bytes() == CONTENT


def test_without_a_tag_a_broken_download_starts_again(server: FileServer, settings: Settings) -> None:
    url = server.put("/w.pt", CONTENT, [Drop(200_000)], etag=None)
    assert fetch(row(weights_url=url), settings, patience=QUICK).read_bytes() == CONTENT
    assert _ranges(server) == [None, None]


def test_a_server_that_always_breaks_is_given_up(server: FileServer, settings: Settings) -> None:
    url = server.put("/w.pt", CONTENT, always=Drop(70_000), etag=None)
    with pytest.raises(Failed, match="the connection broke after 70,000 of 300,000 bytes"):
        fetch(row(weights_url=url), settings, patience=QUICK)
    assert len(server.asked) == QUICK.attempts  # beginning again is no progress


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(server: FileServer, settings: Settings, code: int) -> None:
    url = server.put("/w.pt", CONTENT, [Status(code), Status(code)])
    assert fetch(stated(CONTENT, weights_url=url), settings, patience=QUICK).read_bytes() == CONTENT


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_time_that_a_server_asks_for_is_waited(server: FileServer, settings: Settings, form: str) -> None:
    patience = type(QUICK)(attempts=4, first_wait=30, longest_wait=40)
    value = "0" if form == "seconds" else formatdate(time.time() - 5, usegmt=True)
    url = server.put("/w.pt", CONTENT, [Status(429, (("Retry-After", value),))])
    start = time.monotonic()
    fetch(stated(CONTENT, weights_url=url), settings, patience=patience)
    assert time.monotonic() - start < 5


def test_a_longer_wait_than_our_patience_is_said(server: FileServer, settings: Settings) -> None:
    url = server.put("/w.pt", CONTENT, always=Status(429, (("Retry-After", "3600"),)))
    with pytest.raises(Failed, match="the server asks to wait 3600 s"):
        fetch(stated(CONTENT, weights_url=url), settings, patience=QUICK)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Status(404), "answered 404 .there is no such file., with an HTML page with the title 'Go away'"),
        (Status(403), "answered 403 .access is denied.*sngen fetch ID --file PATH"),
        (Status(200, body=PAGE), "sent an HTML page with the title 'Sign in & go on' in place of the file"),
        (Status(200, body=b"<?xml version='1.0'?><Error>NoSuchKey</Error>"), "an XML document in place"),
        (Redirect("/w.pt"), "more than 10 redirects"),
        (Redirect("ftp://example.org/w.pt"), "redirected to ftp://example.org/w.pt, expected an http"),
        (Redirect("file:///etc/passwd"), "redirected to file:///etc/passwd, expected an http"),
        (Headers((("Content-Encoding", "br"),)), "sends it encoded .br."),
    ],
)
def test_what_will_not_pass_is_said_at_once(
    server: FileServer, settings: Settings, fault: Fault, words: str
) -> None:
    url = server.put("/w.pt", CONTENT, always=fault)
    for model in (row(weights_url=url), stated(CONTENT, weights_url=url)):
        server.asked.clear()
        with pytest.raises(CheckFailed, match=words):
            fetch(model, settings, patience=QUICK)
        assert len(server.asked) == (11 if isinstance(fault, Redirect) and fault.to == "/w.pt" else 1)
    assert not list(settings.cache.glob("blobs/*"))


OK = b"HTTP/1.1 200 OK\r\n"
NONSENSE = {
    "no protocol": b"\x00\x01garbage" * 50,
    "no headers": OK,
    "endless header": OK + b"X: " + b"a" * 100_000,
    "many headers": OK + b"X: a\r\n" * 500 + b"\r\n",
    "length is a word": OK + b"Content-Length: many\r\n\r\nweights",
    "length is negative": OK + b"Content-Length: -5\r\n\r\nweights",
    "length beyond numbers": OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nweights",
    "two lengths": OK + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\nweights",
    "chunk is no number": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nweights\r\n",
    "chunk is too long": OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\nweights\r\n",
    "part without a range": b"HTTP/1.1 206 Partial\r\nContent-Length: 7\r\n\r\nweights",
    "redirect to nonsense": b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n",
    "redirect to a space": b"HTTP/1.1 302 Found\r\nLocation: http:// /\r\nContent-Length: 0\r\n\r\n",
    "redirect to nowhere": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
    "status of its own": b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_a_sentence_and_never_a_file(name: str, server: FileServer, settings: Settings) -> None:
    url = server.put("/w.pt", CONTENT, always=Raw(NONSENSE[name]))
    start = time.monotonic()
    with pytest.raises(CheckFailed, match=r"127\.0\.0\.1"):
        fetch(stated(CONTENT, weights_url=url), settings, patience=QUICK)
    assert time.monotonic() - start < 5
    assert not list(settings.cache.glob("blobs/*"))


def test_an_empty_file_is_none(server: FileServer, settings: Settings) -> None:
    with pytest.raises(CheckFailed, match="the file is empty"):
        fetch(row(weights_url=server.put("/w.pt", b"")), settings, patience=QUICK)


def test_another_size_than_stated_is_refused_before_it_is_fetched(
    server: FileServer, settings: Settings
) -> None:
    url = server.put("/w.pt", CONTENT)
    with pytest.raises(CheckFailed, match="the server has 300,000 bytes, expected 299,999"):
        fetch(row(weights_url=url, weights_bytes=299_999), settings, patience=QUICK)


def test_a_body_without_end_is_stopped(server: FileServer, settings: Settings) -> None:
    url = server.put("/w.pt", CONTENT, always=Endless(2**28))
    start = time.monotonic()
    with pytest.raises(CheckFailed, match="more than the expected 300,000 bytes; stopped"):
        fetch(row(weights_url=url, weights_bytes=300_000), settings, patience=QUICK)
    assert time.monotonic() - start < 2
    assert _partials(settings) == []


def test_a_dripping_server_is_given_up(server: FileServer, settings: Settings) -> None:
    url = server.put("/w.pt", CONTENT, always=Drip(0.02, 10_000))
    start = time.monotonic()
    with pytest.raises(Failed, match="under 1000 bytes/s"):
        fetch(row(weights_url=url), settings, patience=QUICK)
    assert time.monotonic() - start < 5


def test_a_silent_server_is_given_up(server: FileServer, settings: Settings) -> None:
    url = server.put("/w.pt", CONTENT, always=Drip(3, 1))
    patience = type(QUICK)(attempts=2, first_wait=0.01, read=0.2)
    with pytest.raises(Failed, match=r"the connection broke after \d of 300,000 bytes"):
        fetch(row(weights_url=url), settings, patience=patience)


def test_no_server_is_a_sentence(settings: Settings) -> None:
    with FileServer().running() as server:
        url = server.put("/w.pt", CONTENT)
    with pytest.raises(Failed, match=r"no answer from 127\.0\.0\.1 \(.*refused"):
        fetch(row(weights_url=url), settings, patience=QUICK)


def test_other_content_than_stated_is_refused_with_both_hashes(
    server: FileServer, settings: Settings
) -> None:
    other = bytes_of(3)
    url = server.put("/w.pt", other)
    with pytest.raises(CheckFailed) as caught:
        fetch(stated(CONTENT, weights_url=url), settings)
    assert sha256(other) in str(caught.value) and sha256(CONTENT) in str(caught.value)
    assert not list(settings.cache.glob("blobs/*")) and _partials(settings) == []


@pytest.mark.parametrize(
    ("checksum", "fits"),
    [
        (f"sha256-prefix:{sha256(CONTENT)[:8]}", True),
        ("sha256-prefix:00000000", False),
        ("sha1:" + "0" * 40, False),
        ("md5:" + "0" * 32, False),
    ],
)
def test_a_publishers_checksum_is_checked(
    server: FileServer, settings: Settings, checksum: str, fits: bool
) -> None:
    model = row(weights_url=server.put("/w.pt", CONTENT), weights_checksum=checksum)
    if fits:
        assert fetch(model, settings).name == sha256(CONTENT)
        return
    with pytest.raises(CheckFailed, match=r"its publisher states .* 0{8}.*Not accepted"):
        fetch(model, settings)


@pytest.mark.parametrize("checksum", ["crc32:00000000", "sha256:abc", "sha256-prefix:12", "abcdef0123"])
def test_what_is_no_checksum_is_named(server: FileServer, settings: Settings, checksum: str) -> None:
    model = row(weights_url=server.put("/w.pt", CONTENT), weights_checksum=checksum)
    with pytest.raises(UsageError, match=f"checksum '{checksum}': expected ALGORITHM:VALUE"):
        fetch(model, settings)


def test_a_checksum_of_the_server_is_checked(server: FileServer, settings: Settings) -> None:
    url = server.put("/w.pt", CONTENT, **{"x-goog-hash": "crc32c=AAAAAA==, md5=AAAAAAAAAAAAAAAAAAAAAA=="})
    with pytest.raises(CheckFailed, match=r"but the server states md5 0{32}"):
        fetch(row(weights_url=url), settings)


def test_the_first_fetch_is_recorded_and_a_change_is_refused(
    server: FileServer, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    other = bytes_of(4)
    model = row(weights_url=server.put("/w.pt", CONTENT))
    with caplog.at_level(logging.WARNING):
        path = fetch(model, settings)
    assert sha256(CONTENT) in caplog.text and "known/some/model.json" in caplog.text
    caplog.clear()
    assert fetch(model, settings) == path and len(server.asked) == 1 and not caplog.text
    path.unlink()
    server.put("/w.pt", other)
    for _ in range(2):
        with pytest.raises(CheckFailed, match="changed") as caught:
            fetch(model, settings)
        assert sha256(CONTENT) in str(caught.value) and sha256(other) in str(caught.value)
    assert not list(settings.cache.glob("blobs/*"))
    (settings.cache / "known/some/model.json").unlink()
    assert fetch(model, settings).read_bytes() == other


def test_another_address_is_another_file(server: FileServer, settings: Settings) -> None:
    other = bytes_of(5)
    fetch(row(weights_url=server.put("/w.pt", CONTENT)), settings)
    assert fetch(row(weights_url=server.put("/v2.pt", other)), settings).read_bytes() == other


@pytest.mark.parametrize("body", ["[]", "{", '{"url": 1, "size": 1, "sha256": "x", "date": "d"}'])
def test_a_broken_record_is_named(server: FileServer, settings: Settings, body: str) -> None:
    path = settings.cache / "known/some/model.json"
    path.parent.mkdir(parents=True)
    path.write_text(body)
    with pytest.raises(CheckFailed, match=r"known/some/model\.json.*Delete it and fetch again"):
        fetch(row(weights_url=server.put("/w.pt", CONTENT)), settings)


def test_offline_is_said_and_nothing_is_asked(
    server: FileServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(connection.OFFLINE, "1")
    url = server.put("/w.pt", CONTENT)
    with pytest.raises(UsageError, match=f"{connection.OFFLINE} is set"):
        fetch(row(weights_url=url), settings)
    assert server.asked == []


def test_a_proxy_of_the_environment_is_used(
    server: FileServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", server.url)
    server.put("http://weights.example/w.pt", CONTENT)
    path = fetch(stated(CONTENT, weights_url="http://weights.example/w.pt"), settings, patience=QUICK)
    assert path.read_bytes() == CONTENT


def test_a_redirect_may_leave_encryption_only_with_a_hash() -> None:
    place, target = "https://example.org/w", "http://example.org/w"
    assert _next(place, place, target, True) == target
    with pytest.raises(CheckFailed, match="without encryption"):
        _next(place, place, target, False)


def test_a_full_disk_is_said_before(
    server: FileServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("sngen.zoo.fetching.partial.shutil.disk_usage", lambda _: usage)
    with pytest.raises(UsageError, match=r"300,000 bytes to come, but .* has 1,000 free"):
        fetch(row(weights_url=server.put("/w.pt", CONTENT)), settings)


def test_a_cache_that_cannot_be_written_is_named(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    settings = Settings(data=tmp_path, cache=tmp_path / "cache")
    with pytest.raises(UsageError, match=r"cache.* cannot be written"):
        fetch(row(weights_url=server.put("/w.pt", CONTENT)), settings)
