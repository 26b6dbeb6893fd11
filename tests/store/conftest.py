"""Stores of both kinds; the object store is a real server that speaks S3's protocol, on this machine."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from sngen.store import Store, open_store


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Address of an object store with one bucket called ``shared``."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - takes a second

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    urllib.request.urlopen(urllib.request.Request(f"{address}/shared", method="PUT")).close()
    yield address
    server.stop()


@pytest.fixture
def provider(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment of a user of that object store."""
    given = {
        "AWS_ACCESS_KEY_ID": "name",
        "AWS_SECRET_ACCESS_KEY": "word",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return endpoint


@pytest.fixture(params=["folder", "bucket"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path / "store")
    request.getfixturevalue("provider")
    return f"s3://shared/{tmp_path.name}"


@pytest.fixture
def store(address: str) -> Store:
    return open_store(address)
