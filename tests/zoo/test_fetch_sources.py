"""Which place a row sends us to; GitHub, Zenodo, Dropbox and Google Drive at servers on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fetch_setting import QUICK, bytes_of, row, sha256, stated
from file_server import Drop, FileServer, Status

from sngen.errors import CheckFailed, UsageError
from sngen.schema import MODELS, WEIGHTS_KINDS
from sngen.search.library import open_library
from sngen.settings import Settings
from sngen.zoo.fetching import fetch, github, google_drive, zenodo
from sngen.zoo.fetching.sources import BY_HAND, OF_A_FILE, source_of

CONTENT = bytes_of(1)
RAW = "https://raw.githubusercontent.com"
HUB = "https://huggingface.co"
DRIVE_ID = "1h_TpbXm5haY5f-l4--IKylmdz6tvPoR4"
DRIVE = f"https://drive.google.com/uc?export=download&id={DRIVE_ID}"


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer().running() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache")


@pytest.mark.parametrize(
    ("values", "address"),
    [
        ({"weights_url": "https://example.org/a.pt"}, "https://example.org/a.pt"),
        ({"weights_url": "https://github.com/o/r/releases/download/v1/a.pt", "weights_file": "a.pt"},
         "https://github.com/o/r/releases/download/v1/a.pt"),
        ({"weights_url": "https://github.com/o/r/blob/master/nets/a.pt"}, f"{RAW}/o/r/master/nets/a.pt"),
        ({"weights_url": "https://github.com/o/r/raw/master/a%20b.pt"}, f"{RAW}/o/r/master/a%20b.pt"),
        ({"weights_url": "https://github.com/o/r/blob/my/branch/nets/a.pt", "weights_file": "nets/a.pt"},
         f"{RAW}/o/r/my/branch/nets/a.pt"),
        ({"weights_url": "https://github.com/o/r/blob/HEAD/a.pt", "weights_revision": "abc"},
         f"{RAW}/o/r/abc/a.pt"),
        ({"weights_url": "https://github.com/o/r", "weights_revision": "abc", "weights_file": "nets/a.pt",
          "weights_kind": "repository"}, f"{RAW}/o/r/abc/nets/a.pt"),
        ({"weights_url": "https://github.com/o/r.git", "weights_revision": "abc", "weights_file": "a.pt"},
         f"{RAW}/o/r/abc/a.pt"),
        ({"weights_url": "https://github.com/o/r/tree/master", "weights_revision": "abc",
          "weights_file": "a.pt", "weights_kind": "repository"}, f"{RAW}/o/r/abc/a.pt"),
        ({"weights_url": f"{RAW}/o/r/abc/nets/a.pt", "weights_file": "nets/a.pt"},
         f"{RAW}/o/r/abc/nets/a.pt"),
        ({"weights_url": "https://github.com/o/r/blob/main/a.zip", "weights_file": "in/a.pt",
          "weights_kind": "archive"}, f"{RAW}/o/r/main/a.zip"),
        ({"weights_url": f"https://drive.google.com/file/d/{DRIVE_ID}/view?usp=sharing"}, DRIVE),
        ({"weights_url": f"https://drive.google.com/file/u/0/d/{DRIVE_ID}"}, DRIVE),
        ({"weights_url": f"https://drive.google.com/open?id={DRIVE_ID}"}, DRIVE),
        ({"weights_url": f"https://drive.google.com/uc?export=download&id={DRIVE_ID}"}, DRIVE),
        ({"weights_url": "https://www.dropbox.com/s/abc/a.pt?dl=0"}, "https://www.dropbox.com/s/abc/a.pt?dl=1"),
        ({"weights_url": "https://zenodo.org/records/123", "weights_file": "a b.pt", "weights_kind": "page"},
         "https://zenodo.org/records/123/files/a%20b.pt?download=1"),
        ({"weights_url": "https://zenodo.org/record/123/files/a.pt"},
         "https://zenodo.org/records/123/files/a.pt?download=1"),
        ({"weights_hub_id": "o/m", "weights_kind": "hub"}, f"{HUB}/o/m/resolve/main/*"),
        ({"weights_hub_id": "o/m", "weights_kind": None}, f"{HUB}/o/m/resolve/main/*"),
        ({"weights_hub_id": "o/m", "weights_kind": "hub", "weights_url": f"{HUB}/o/m", "weights_file": "a.pt",
          "weights_revision": "v1"}, f"{HUB}/o/m/resolve/v1/a.pt"),
        ({"weights_url": f"{HUB}/o/m/resolve/main/nets/a.pt", "weights_hub_id": "o/m"},
         f"{HUB}/o/m/resolve/main/nets/a.pt"),
        ({"weights_url": "https://github.com/o/r/releases/download/v1/a.pt", "weights_hub_id": "timm/copy"},
         "https://github.com/o/r/releases/download/v1/a.pt"),
    ],
)  # fmt: skip
def test_where_a_row_leads(values: dict[str, str], address: str) -> None:
    assert source_of(row(**values)).address == address


@pytest.mark.parametrize(
    "values",
    [
        *({"weights_kind": kind, "weights_url": "https://example.org/"} for kind in BY_HAND),
        {"weights_kind": "file"},
        {"weights_kind": None},
        {"weights_url": "https://drive.google.com/drive/folders/1lTnPsMyyLv9XoPu3cMmE_h6NPkj_WCH8"},
        {"weights_kind": "repository", "weights_url": "https://github.com/o/r"},
        {"weights_kind": "repository", "weights_url": "https://github.com/o/r", "weights_file": "a.pt"},
        {"weights_kind": "page", "weights_url": "https://zenodo.org/records/123"},
    ],
)
def test_what_no_program_can_get_is_refused_with_what_to_do(values: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"some/model: .* 'sngen fetch some/model --file PATH'"):
        source_of(row(**values))


def test_every_kind_of_the_contract_is_decided() -> None:
    assert {*BY_HAND, *OF_A_FILE, "hub"} == set(WEIGHTS_KINDS)


def test_every_row_of_the_catalogue_leads_somewhere_or_says_why_not(repository: Path) -> None:
    kinds = {*OF_A_FILE, "hub"}
    for model in open_library(repository / "data/catalog").rows(MODELS):
        try:
            address = source_of(model).address
        except UsageError as error:
            assert model[MODELS.c.weights_kind] not in kinds, error
        else:
            assert address.startswith(("http://", "https://")), model


def test_a_file_of_git_lfs_is_followed(
    server: FileServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = "version https://git-lfs.github.com/spec/v1\n"
    pointer = f"{head}oid sha256:{sha256(CONTENT)}\nsize {len(CONTENT)}\n".encode()
    monkeypatch.setattr(github, "RAW", f"{server.url}/raw")
    monkeypatch.setattr(github, "LARGE_FILES", f"{server.url}/large")
    server.put("/raw/o/r/main/a.onnx", pointer)
    server.put("/large/o/r/main/a.onnx", CONTENT)
    url = "https://github.com/o/r/blob/main/a.onnx"
    assert fetch(stated(CONTENT, weights_url=url), settings).read_bytes() == CONTENT
    assert fetch(row("a/unstated", weights_url=url), settings).read_bytes() == CONTENT
    with pytest.raises(CheckFailed, match=rf"its pointer names 300,000 bytes with SHA-256 {sha256(CONTENT)}"):
        fetch(stated(bytes_of(2), model_id="a/other", weights_url=url), settings)
    server.put("/large/o/r/main/a.onnx", bytes_of(2))
    (settings.cache / "blobs" / sha256(CONTENT)).unlink()
    with pytest.raises(CheckFailed, match="server states"):
        fetch(row("a/wrong", weights_url=url), settings)


def test_a_record_of_zenodo(server: FileServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zenodo, "BASE", server.url)
    server.put("/records/123/files/a.pt", CONTENT)
    model = stated(
        CONTENT, weights_url="https://zenodo.org/records/123", weights_file="a.pt", weights_kind="page"
    )
    assert fetch(model, settings).read_bytes() == CONTENT


class TestGoogleDrive:
    """Small files come at once; large ones behind a page with a form, in its newer and its older form."""

    @pytest.fixture
    def model(self, server: FileServer, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
        monkeypatch.setattr(google_drive, "BASE", server.url)
        return stated(CONTENT, weights_url=f"https://drive.google.com/file/d/{DRIVE_ID}/view")

    def _page(self, server: FileServer, body: str) -> None:
        page = f"<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head>{body}"
        server.put("/uc", page.encode(), **{"Content-Type": "text/html; charset=utf-8"})

    def test_a_small_file(self, server: FileServer, settings: Settings, model: dict[str, object]) -> None:
        server.put("/uc", CONTENT)
        assert fetch(model, settings, patience=QUICK).read_bytes() == CONTENT
        assert all(f"id={DRIVE_ID}" in path for _, path, _ in server.asked)

    def test_a_form(self, server: FileServer, settings: Settings, model: dict[str, object]) -> None:
        self._page(
            server,
            f'<form id="download-form" action="{server.url}/download" method="get">'
            f'<input type="hidden" name="id" value="{DRIVE_ID}">'
            '<input type="hidden" name="confirm" value="t"><input type="submit" value="go">'
            '<input type="hidden" name="uuid" value="a&amp;b"></form>'
            '<input type="hidden" name="no" value="no">',
        )
        server.put("/download", CONTENT, [Drop(100_000)])
        assert fetch(model, settings, patience=QUICK).read_bytes() == CONTENT
        asked = [path for _, path, _ in server.asked if path.startswith("/download")]
        assert asked == [f"/download?id={DRIVE_ID}&confirm=t&uuid=a%26b"] * 2
        assert server.asked_for("/download")[1]["Range"] == "bytes=100000-"

    def test_a_link(self, server: FileServer, settings: Settings, model: dict[str, object]) -> None:
        self._page(
            server,
            '<a id="uc-download-link" href="/get?export=download&amp;confirm=AbC&amp;id=x">Download</a>',
        )
        server.put("/get", CONTENT)
        assert fetch(model, settings, patience=QUICK).read_bytes() == CONTENT

    def test_a_quota_is_said(self, server: FileServer, settings: Settings, model: dict[str, object]) -> None:
        self._page(server, "<p>Too many users have viewed or downloaded this file recently.</p>")
        with pytest.raises(CheckFailed, match=r"'Google Drive - Virus scan warning' and no way to the file"):
            fetch(model, settings, patience=QUICK)

    def test_a_page_that_leads_elsewhere_is_not_followed(
        self, server: FileServer, settings: Settings, model: dict[str, object]
    ) -> None:
        self._page(server, '<form id="download-form" action="http://127.0.0.2:1/x"></form>')
        with pytest.raises(
            CheckFailed, match=r"leads to http://127\.0\.0\.2:1/x, expected an address of Google"
        ):
            fetch(model, settings, patience=QUICK)

    def test_a_busy_moment_passes(
        self, server: FileServer, settings: Settings, model: dict[str, object]
    ) -> None:
        server.put("/uc", CONTENT, [Status(503), Status(429)])
        assert fetch(model, settings, patience=QUICK).read_bytes() == CONTENT
