"""The promises that everything shared rests on, kept by folders and by object stores alike."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sngen.errors import UsageError
from sngen.store import Store, StoreUnavailable, open_store
from sngen.store.bucket import BucketStore
from sngen.store.folder import FolderStore
from sngen.store.support import FOLDER, check_support


def content(store: Store, name: str) -> bytes | None:
    stored = store.read(name)
    return None if stored is None else stored.content


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """What ``act`` gives to each of several threads that start together."""
    gate, found = threading.Barrier(count), [None] * count

    def one(index: int) -> None:
        gate.wait()
        found[index] = act(index)

    threads = [threading.Thread(target=one, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_what_is_written_is_read_and_listed(store: Store) -> None:
    names = ["b/two.json", "a/x/one.json", ".hidden/three"]
    for name in names:
        assert store.create(name, name.encode())
    assert list(store.names()) == sorted(names)
    assert list(store.names("a")) == ["a/x/one.json"] and list(store.names("nowhere")) == []
    stored = store.read("a/x/one.json")
    assert stored is not None and stored.content == b"a/x/one.json"
    assert abs(stored.modified - datetime.now(UTC)) < timedelta(minutes=1)
    assert store.read("a/x") is None and store.read("a/x/two.json") is None
    store.put("a/x/one.json", b"new")
    assert content(store, "a/x/one.json") == b"new"
    store.delete("a/x/one.json")
    store.delete("a/x/one.json")
    assert content(store, "a/x/one.json") is None


def test_the_first_of_two_writers_stays(store: Store) -> None:
    assert store.create("one", b"first")
    assert not store.create("one", b"second")
    assert content(store, "one") == b"first"
    assert store.create("one", b"first"), "a try whose answer was lost has succeeded"


def test_only_who_has_seen_the_newest_replaces_it(store: Store) -> None:
    store.create("one", b"first")
    seen = store.read("one")
    assert seen is not None and store.replace("one", b"second", seen.token)
    assert not store.replace("one", b"third", seen.token)
    assert content(store, "one") == b"second"
    assert not store.replace("nothing", b"third", seen.token)
    assert content(store, "nothing") is None


def test_of_many_in_a_folder_one_creates_and_one_replaces(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for turn in range(20):
        name = f"race/{turn}"
        assert sum(at_once(8, lambda index, name=name: store.create(name, b"%d" % index))) == 1
        seen = store.read(name)
        assert seen is not None
        replaced = at_once(8, lambda i, name=name, t=seen.token: store.replace(name, b"new %d" % i, t))
        assert sum(replaced) == 1


def test_both_kinds_are_supported_and_leave_nothing(store: Store) -> None:
    check_support(store)
    assert list(store.names(FOLDER)) == []


def test_a_store_without_conditional_writes_is_refused(tmp_path: Path) -> None:
    class LastOneWins(FolderStore):
        def create(self, name: str, content: bytes) -> bool:
            self.put(name, content)
            return True

    class Stale(FolderStore):
        def replace(self, name: str, content: bytes, token: str) -> bool:
            self.put(name, content)
            return True

    with pytest.raises(UsageError, match="cannot hold shared results: of two writers"):
        check_support(LastOneWins(tmp_path))
    with pytest.raises(UsageError, match="writer that had seen an older one"):
        check_support(Stale(tmp_path))
    assert list(FolderStore(tmp_path).names()) == []


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    for write in (FolderStore(tmp_path).create, FolderStore(tmp_path).put):
        with pytest.raises(StoreUnavailable, match=r"one: No space left on device\. Free some space"):
            write("one", b"content")
    assert list(tmp_path.iterdir()) == []


def test_what_is_half_written_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "utility-1").mkdir()
    (tmp_path / "utility-1" / ".abc.part").write_bytes(b"half")
    assert list(FolderStore(tmp_path).names()) == []


class Faulty(BaseHTTPRequestHandler):
    """Answers in turn what the test put into ``answers``; writes of the first content have happened."""

    answers: list[int]
    kept: bytes = b""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.answers.pop(0) if self.answers else 412
        if answer == -1:  # it is written, and the answer never arrives
            type(self).kept = body
            self.connection.close()
            return
        if answer == 200:
            type(self).kept = body
        self._say(answer)

    def do_GET(self) -> None:
        answer = self.answers.pop(0) if self.answers else 200
        self._say(answer, type(self).kept if answer == 200 else b"")

    def _say(self, answer: int, body: bytes = b"") -> None:
        self.send_response(answer)
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Thu, 26 Nov 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        return


@pytest.fixture
def faulty(provider: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Case", (Faulty,), {"answers": []}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    yield server.RequestHandlerClass
    server.shutdown()


@pytest.mark.parametrize("trouble", [[500], [503, 503], [500, 503, 500]])
def test_a_server_in_trouble_is_asked_again(faulty: Any, trouble: list[int]) -> None:
    store = BucketStore("s3://shared/x")
    faulty.answers[:] = [*trouble, 200]
    assert store.create("one", b"mine")
    faulty.answers[:] = [*trouble, 200]
    assert content(store, "one") == b"mine"


def test_an_answer_that_is_lost_is_no_failure(faulty: Any) -> None:
    faulty.answers[:] = [-1, 412, 200]
    assert BucketStore("s3://shared/x").create("one", b"mine")
    faulty.answers[:] = [-1, 412, 200]
    assert BucketStore("s3://shared/x").replace("one", b"mine too", '"0"')


def test_a_server_that_stays_down_is_named(faulty: Any) -> None:
    faulty.answers[:] = [500] * 100
    with pytest.raises(StoreUnavailable, match=r"s3://shared/x/one: .*500"):
        BucketStore("s3://shared/x", patience=1).create("one", b"mine")


def test_addresses_that_lead_nowhere_are_refused() -> None:
    with pytest.raises(UsageError, match="nowhere://bucket cannot be opened"):
        open_store("nowhere://bucket")
