"""The cache: shared by processes, one download for all of them, nothing half, no links, damage is named."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fetch_setting import QUICK, bytes_of, row, sha256, stated
from file_server import Drip, FileServer, Status

from sngen.errors import CheckFailed, UsageError
from sngen.settings import Settings
from sngen.zoo.cache import damaged_blobs, local_blob, partial_path
from sngen.zoo.fetching import fetch, find_local, take_in
from sngen.zoo.fetching.many import fetch_many

CONTENT, OTHER = bytes_of(1), bytes_of(2)
CHILD = """
import sys
from pathlib import Path
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.fetching import fetch
url, cache, sha256 = sys.argv[1:]
model = MODELS.row(model_id="some/model", weights_kind="file", weights_url=url, weights_sha256=sha256 or None)
print(fetch(model, Settings(data=Path(cache), cache=Path(cache))).name)
"""


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer().running() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache")


def _child(url: str, settings: Settings, digest: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, url, str(settings.cache), digest],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("digest", ["", sha256(CONTENT)])
def test_processes_share_one_download(server: FileServer, settings: Settings, digest: str) -> None:
    server.delay = 0.3
    url = server.put("/w.pt", CONTENT)
    children = [_child(url, settings, digest) for _ in range(3)]
    outputs = [child.communicate(timeout=60) for child in children]
    assert [out for out, _ in outputs] == [f"{sha256(CONTENT)}\n"] * 3, outputs
    assert len(server.asked) == 1
    assert [path.name for path in settings.cache.glob("blobs/*")] == [sha256(CONTENT)]


def test_threads_share_one_download(server: FileServer, settings: Settings) -> None:
    server.delay = 0.05
    model = stated(CONTENT, weights_url=server.put("/w.pt", CONTENT))
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda _: fetch(model, settings), range(16)))
    assert len(paths) == 1 and len(server.asked) == 1


def test_a_killed_process_leaves_its_part_and_no_lock(server: FileServer, settings: Settings) -> None:
    content = bytes_of(3, 3_000_000)
    url = server.put("/w.pt", content, [Drip(0.001, 200_000)])
    child = _child(url, settings, sha256(content))
    partial = partial_path(url, settings)
    deadline = time.monotonic() + 30
    while not (partial.is_file() and partial.stat().st_size > 10) and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=30)
    assert not list(settings.cache.glob("blobs/*"))
    start = time.monotonic()
    assert fetch(stated(content, weights_url=url), settings, patience=QUICK).read_bytes() == content
    assert time.monotonic() - start < 10
    assert int(server.asked_for("/w.pt")[-1]["Range"].removeprefix("bytes=").removesuffix("-")) > 10


def test_many_at_once_and_failures_stay_their_own(server: FileServer, settings: Settings) -> None:
    models = []
    for number in range(30):
        content = bytes_of(number, 2000)
        faults = [Status(503)] if number % 3 == 0 else []
        url = server.put(f"/{number}", content, faults, always=Status(404) if number == 7 else None)
        models.append(stated(content, model_id=f"m/{number}", weights_url=url))
    outcomes = list(fetch_many(models, settings, 8, patience=QUICK))
    failed = [outcome.model["model_id"] for outcome in outcomes if outcome.error is not None]
    assert failed == ["m/7"] and len(outcomes) == 30
    assert len(list(settings.cache.glob("blobs/*"))) == 29


def test_a_mistake_of_ours_is_not_swallowed(settings: Settings) -> None:
    with pytest.raises(KeyError):
        list(fetch_many([{}], settings, 2))


def test_closing_stops_what_is_under_way(server: FileServer, settings: Settings) -> None:
    models = [
        row(f"m/{number}", weights_url=server.put(f"/{number}", CONTENT, always=Drip(0.01, 10_000)))
        for number in range(20)
    ]
    server.put("/0", CONTENT)
    outcomes = fetch_many(models, settings, 4)
    assert next(outcomes).fetched is not None
    outcomes.close()
    time.sleep(0.3)
    asked = len(server.asked)
    time.sleep(0.3)
    assert len(server.asked) == asked < 20


def test_damage_is_named_and_never_used(server: FileServer, settings: Settings) -> None:
    model = stated(CONTENT, weights_url=server.put("/w.pt", CONTENT))
    path = fetch(model, settings)
    path.write_bytes(OTHER)
    with pytest.raises(CheckFailed, match=f"its SHA-256 is {sha256(OTHER)}. Delete it and fetch again"):
        fetch(model, settings)
    path.unlink()
    assert fetch(model, settings).read_bytes() == CONTENT


def test_damage_of_equal_size_and_time_is_seen_by_the_next_process(
    server: FileServer, settings: Settings
) -> None:
    url = server.put("/w.pt", CONTENT)
    path = fetch(stated(CONTENT, weights_url=url), settings)
    status = path.stat()
    path.write_bytes(OTHER)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    _, words = _child(url, settings, sha256(CONTENT)).communicate(timeout=30)
    assert f"its SHA-256 is {sha256(OTHER)}" in words


@pytest.mark.parametrize("dangling", [True, False])
def test_a_link_in_the_cache_is_refused(settings: Settings, tmp_path: Path, dangling: bool) -> None:
    target = tmp_path / "elsewhere"
    if not dangling:
        target.write_bytes(CONTENT)
    (settings.cache / "blobs").mkdir(parents=True)
    (settings.cache / "blobs" / sha256(CONTENT)).symlink_to(target)
    with pytest.raises(CheckFailed, match="is a symbolic link, expected a regular file"):
        local_blob(sha256(CONTENT), settings)


def test_a_link_in_place_of_an_unfinished_download_is_not_followed(
    server: FileServer, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "victim").write_bytes(b"untouched")
    url = server.put("/w.pt", CONTENT)
    partial_path(url, settings).symlink_to(tmp_path / "victim")
    assert fetch(stated(CONTENT, weights_url=url), settings).read_bytes() == CONTENT
    assert (tmp_path / "victim").read_bytes() == b"untouched"


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, "abc", ""])
def test_a_name_that_is_no_hash_is_refused(settings: Settings, name: str) -> None:
    with pytest.raises(UsageError, match="not a SHA-256"):
        local_blob(name, settings)


@pytest.mark.parametrize("model_id", ["../x", "/etc/x", "a/../../b", "A B"])
def test_an_id_that_is_none_makes_no_path(settings: Settings, model_id: str) -> None:
    with pytest.raises(UsageError, match="is not the id of a model"):
        find_local(row(model_id), settings)


def test_the_whole_cache_is_examined(settings: Settings, tmp_path: Path) -> None:
    blobs = settings.cache / "blobs"
    blobs.mkdir(parents=True)
    (blobs / sha256(CONTENT)).write_bytes(CONTENT)
    (blobs / sha256(OTHER)).write_bytes(CONTENT)
    (blobs / "notes.txt").write_text("x")
    (blobs / ("a" * 64)).symlink_to(tmp_path / "nowhere")
    count, problems = damaged_blobs(settings)
    assert count == 4 and len(problems) == 3


def test_a_file_got_by_hand(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(CONTENT)
    page = row(weights_kind="page", weights_url="https://example.org/")
    found = take_in(page, tmp_path / "w.pt", settings)
    assert found.path.read_bytes() == CONTENT and found.note is not None and sha256(CONTENT) in found.note
    assert fetch(page, settings) == found.path
    assert (tmp_path / "w.pt").read_bytes() == CONTENT
    (tmp_path / "w.pt").write_bytes(OTHER)
    with pytest.raises(CheckFailed, match="changed"):
        take_in(page, tmp_path / "w.pt", settings)
    with pytest.raises(CheckFailed, match=f"the catalogue says {sha256(CONTENT)}"):
        take_in(stated(CONTENT, model_id="a/b", weights_kind="page"), tmp_path / "w.pt", settings)
    (tmp_path / "page.pt").write_text("<html><title>Log in</title>")
    with pytest.raises(CheckFailed, match="an HTML page with the title 'Log in'"):
        take_in(row("a/c", weights_kind="page"), tmp_path / "page.pt", settings)
    with pytest.raises(UsageError, match=r"none\.pt cannot be read"):
        take_in(page, tmp_path / "none.pt", settings)
