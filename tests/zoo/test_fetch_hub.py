"""The Hugging Face Hub through its real client, against a server that speaks its API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fetch_setting import QUICK, bytes_of, row, sha256
from file_server import Drop, Status
from hub_server import HubServer, storage_path
from huggingface_hub import constants

from sngen.errors import CheckFailed, UsageError
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.fetching import fetch
from sngen.zoo.fetching.job import Failed
from sngen.zoo.fetching.known import read_known

LARGE, OTHER, SMALL = bytes_of(1), bytes_of(2), bytes_of(3, 500)
VARIABLES = (
    "HF_TOKEN",
    "HUGGING_FACE_HUB_TOKEN",
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "SECURITYNET_OFFLINE",
)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)  # read when the client was imported
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    with HubServer().running() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache")


def _row(repository: str = "owner/net", **values: object) -> dict[str, object]:
    return row(weights_kind="hub", weights_hub_id=repository, **values)


def test_a_large_and_a_small_file_of_a_branch(hub: HubServer, settings: Settings) -> None:
    commit = hub.commit("owner/net", {"model.safetensors": LARGE, "tiny.bin": SMALL})
    path = fetch(_row(), settings)
    assert path.name == sha256(LARGE) and path.read_bytes() == LARGE
    assert fetch(_row(model_id="a/tiny", weights_file="tiny.bin"), settings).read_bytes() == SMALL
    known = read_known("some/model", settings)
    assert known is not None and known.revision == commit
    assert known.url == "https://huggingface.co/owner/net/resolve/main/*"


def test_the_file_is_not_kept_twice(hub: HubServer, settings: Settings) -> None:
    hub.commit("owner/net", {"model.safetensors": LARGE})
    path = fetch(_row(), settings)
    assert path.stat().st_nlink == 2 and not list(settings.cache.glob("partial/*"))


def test_a_revision_is_exactly_that(hub: HubServer, settings: Settings) -> None:
    old = hub.commit("owner/net", {"model.safetensors": LARGE})
    hub.commit("owner/net", {"model.safetensors": OTHER})
    hub.commit("owner/net", {"model.safetensors": LARGE + OTHER}, branch="v2")
    assert fetch(_row(model_id="a/old", weights_revision=old), settings).read_bytes() == LARGE
    assert fetch(_row(model_id="a/new"), settings).read_bytes() == OTHER
    assert fetch(_row(model_id="a/v2", weights_revision="v2"), settings).read_bytes() == LARGE + OTHER


def test_an_address_of_a_file_on_the_hub_is_the_same(hub: HubServer, settings: Settings) -> None:
    hub.commit("owner/net", {"nets/a.pt": LARGE})
    url = "https://huggingface.co/owner/net/resolve/main/nets/a.pt"
    assert fetch(row(weights_url=url), settings).read_bytes() == LARGE


@pytest.mark.parametrize(
    ("files", "format_", "chosen"),
    [
        (("model.safetensors", "pytorch_model.bin"), None, "model.safetensors"),
        (("model.safetensors", "pytorch_model.bin"), "torch", "pytorch_model.bin"),
        (("model.safetensors", "other.bin"), "torch", "model.safetensors"),
        (("open_clip_pytorch_model.bin", "config.json"), None, "open_clip_pytorch_model.bin"),
    ],
)
def test_usual_names(
    hub: HubServer, settings: Settings, files: tuple[str, ...], format_: str | None, chosen: str
) -> None:
    contents = {name: name.encode() + LARGE for name in files}
    hub.commit("owner/net", contents)
    assert fetch(_row(weights_format=format_), settings).read_bytes() == contents[chosen]


def test_a_known_hash_finds_its_file(hub: HubServer, settings: Settings) -> None:
    hub.commit("owner/net", {"model.safetensors": LARGE, "epoch-7.pt": OTHER})
    assert fetch(_row(weights_sha256=sha256(OTHER)), settings).read_bytes() == OTHER


def test_a_repository_without_a_usual_file_is_listed(hub: HubServer, settings: Settings) -> None:
    hub.commit("owner/net", {"a.pt": LARGE, "b.pt": OTHER})
    with pytest.raises(UsageError, match=rf"a\.pt, b\.pt.*{MODELS.c.weights_file}"):
        fetch(_row(), settings)


def test_a_connection_dropped_half_way_is_resumed(
    hub: HubServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 10_000)
    hub.commit("owner/net", {"model.safetensors": LARGE})
    hub.misbehave(LARGE, Drop(100_000))
    assert fetch(_row(), settings).read_bytes() == LARGE
    ranges = [headers.get("Range") for headers in hub.store.asked_for(storage_path(LARGE))]
    assert ranges == [None, "bytes=100000-"]


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_busy_hub_is_asked_again(hub: HubServer, settings: Settings, code: int) -> None:
    hub.commit("owner/net", {"model.safetensors": LARGE})
    hub.api_faults = [Status(code, (("Retry-After", "0"),), b"{}")] * 2
    assert fetch(_row(), settings, patience=QUICK).read_bytes() == LARGE


def test_a_hub_that_stays_busy_is_given_up(hub: HubServer, settings: Settings) -> None:
    hub.commit("owner/net", {"model.safetensors": LARGE})
    hub.api_faults = [Status(500, (), b"{}")] * 100
    with pytest.raises(Failed, match=r"500.*\(4 tries\)\. Try again later"):
        fetch(_row(weights_file="model.safetensors"), settings, patience=QUICK)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"repository": "owner/none"}, "no such repository, or a private one: then log in"),
        ({"weights_file": "none.pt"}, "the repository has no such file"),
        ({"weights_revision": "none"}, "the repository has no such revision"),
        ({"weights_revision": "none", "weights_file": "model.safetensors"}, "no such revision"),
        ({"weights_file": "../../../etc/passwd"}, "etc/passwd"),
        ({"repository": "owner/../net"}, "owner/../net"),
    ],
)
def test_what_is_not_there_is_named(
    hub: HubServer, settings: Settings, values: dict[str, str], words: str
) -> None:
    hub.commit("owner/net", {"model.safetensors": LARGE})
    with pytest.raises((CheckFailed, UsageError), match=re.escape(words)):
        fetch(_row(**values), settings, patience=QUICK)  # type: ignore[arg-type]


def test_tokens_and_gates(hub: HubServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.commit("owner/net", {"model.safetensors": LARGE})
    hub.repositories["owner/net"].gated = True
    with pytest.raises(CheckFailed, match=r"gated\. Accept its terms in a browser, then log in"):
        fetch(_row(), settings, patience=QUICK)
    hub.repositories["owner/net"].token = "secret"
    with pytest.raises(CheckFailed, match="no such repository, or a private one"):
        fetch(_row(), settings, patience=QUICK)
    monkeypatch.setenv("HF_TOKEN", "wrong")
    with pytest.raises(CheckFailed, match=r"gated|denied"):
        fetch(_row(), settings, patience=QUICK)
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert fetch(_row(), settings, patience=QUICK).read_bytes() == LARGE
    assert all("Authorization" not in headers for _, _, headers in hub.store.asked)


def test_a_moved_branch_is_a_change(hub: HubServer, settings: Settings) -> None:
    commit = hub.commit("owner/net", {"model.safetensors": LARGE})
    fetch(_row(), settings).unlink()
    hub.commit("owner/net", {"model.safetensors": OTHER})
    with pytest.raises(CheckFailed) as caught:
        fetch(_row(), settings)
    assert all(part in str(caught.value) for part in (sha256(LARGE), sha256(OTHER), commit, "changed"))


def test_damage_in_the_clients_cache_is_mended(hub: HubServer, settings: Settings, tmp_path: Path) -> None:
    hub.commit("owner/net", {"model.safetensors": LARGE})
    fetch(_row(), settings).unlink()
    (blob,) = (tmp_path / "hub").glob("models--owner--net/blobs/*")
    blob.write_bytes(OTHER)
    assert fetch(_row(), settings).read_bytes() == LARGE


def test_storage_that_sends_other_bytes_is_refused(hub: HubServer, settings: Settings) -> None:
    hub.commit("owner/net", {"model.safetensors": LARGE})
    hub.store.files[storage_path(LARGE)].content = OTHER
    with pytest.raises(CheckFailed, match=f"{sha256(OTHER)}, but the server states sha256 {sha256(LARGE)}"):
        fetch(_row(), settings, patience=QUICK)
    assert not list(settings.cache.glob("blobs/*"))


def test_storage_that_sends_a_page_is_refused(hub: HubServer, settings: Settings) -> None:
    page = b"<!DOCTYPE html><title>Captcha</title>" + b" " * (len(LARGE) - 37)
    hub.commit("owner/net", {"model.safetensors": LARGE})
    hub.store.files[storage_path(LARGE)].content = page
    with pytest.raises(CheckFailed, match=r"an HTML page with the title 'Captcha'"):
        fetch(_row(), settings, patience=QUICK)


def test_what_is_no_hub_is_said(hub: HubServer, settings: Settings) -> None:
    hub.commit("owner/net", {"tiny.bin": SMALL})
    hub.is_hub = False
    with pytest.raises(CheckFailed, match=r"this is no answer of a Hub, its commit is ''.*HF_ENDPOINT"):
        fetch(_row(weights_file="tiny.bin"), settings, patience=QUICK)


@pytest.mark.parametrize(
    "fault",
    [
        Status(200, (("Content-Type", "application/json"),), b'{"id": "owner/net", "siblings"'),
        Status(200, (("Content-Type", "application/json"),), b"[]"),
        Status(200, (("Content-Type", "application/json"),), b'{"id": 5, "siblings": [{"rfilename": 7}]}'),
        Status(200, (("Content-Type", "text/html"),), b"<html><title>Welcome to the hotel</title></html>"),
        Status(302, (("Location", "/api/models/owner/net"),), b""),
        Status(302, (("Location", "http://[::1"),), b""),
        Status(418, (), b"{}"),
    ],
)  # fmt: skip
def test_nonsense_is_a_sentence(hub: HubServer, settings: Settings, fault: Status) -> None:
    hub.commit("owner/net", {"model.safetensors": LARGE})
    hub.api_faults = [fault] * 1000
    with pytest.raises((CheckFailed, UsageError), match=r"owner/net/resolve/main"):
        fetch(_row(), settings, patience=QUICK)


@pytest.mark.parametrize(
    "lie",
    [
        {"X-Linked-Size": "7"}, {"X-Linked-Size": "many"}, {"X-Linked-Size": "9" * 18},
        {"X-Linked-Etag": '"../../../x"'}, {"X-Repo-Commit": "../../../x"}, {"Location": "ftp://x/"},
    ],
)  # fmt: skip
def test_lies_about_a_file_are_a_sentence(
    hub: HubServer, settings: Settings, tmp_path: Path, lie: dict[str, str]
) -> None:
    hub.commit("owner/net", {"model.safetensors": LARGE})
    hub.lies = lie
    with pytest.raises(CheckFailed, match="owner/net/resolve/main"):
        fetch(_row(weights_sha256=sha256(OTHER)), settings, patience=QUICK)
    assert {path.name for path in tmp_path.iterdir()} <= {"hub", "cache"}
    assert not list(settings.cache.glob("blobs/*"))


def test_too_large_is_said_before(hub: HubServer, settings: Settings) -> None:
    hub.commit("owner/net", {"model.safetensors": LARGE})
    with pytest.raises(CheckFailed, match="the Hub has 300,000 bytes, expected 5"):
        fetch(_row(weights_bytes=5), settings, patience=QUICK)
    assert hub.store.asked == []


def test_offline(hub: HubServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.commit("owner/net", {"model.safetensors": LARGE})
    path = fetch(_row(), settings)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    hub.asked.clear()
    assert fetch(_row(), settings) == path
    path.unlink()
    assert fetch(_row(), settings) == path, "from the cache of the Hub's client"
    with pytest.raises(
        UsageError, match=r"neither in the cache nor .* unset SECURITYNET_OFFLINE and HF_HUB_OFFLINE"
    ):
        fetch(_row("owner/other", model_id="a/other"), settings)
    assert hub.asked == []
