"""What tests need: folders, from the user's own settings where set, else a sibling ``shared`` folder; and an
object store, a real server on this machine that speaks S3's protocol."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from sngen.settings import CACHE, DATA, ZOO, Settings

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def _folder(variable: str | None, default: Path, marker: str, what: str) -> Path:
    folder = Path(os.environ.get(variable, "") or default) if variable else default
    if not (folder / marker).exists():
        hint = f"set {variable} to a folder that has it" if variable else "it is optional"
        pytest.skip(f"{what} is not here ({marker} in {folder.name}/): {hint}")
    return folder


@pytest.fixture(scope="session")
def repository() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    return _folder(DATA, SHARED / "data", "cifar10/test.npz", "CIFAR-10's pixels")


@pytest.fixture(scope="session")
def shared_zoo() -> Path:
    return _folder(ZOO, SHARED / "zoo", "blobs", "published checkpoints")


@pytest.fixture(scope="session")
def facts_folder() -> Path:
    return _folder(
        None, SHARED / "facts", "securitynet_benchmark.csv", "an independent extraction of the facts"
    )


@pytest.fixture(scope="session")
def reference_cache(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with a cache of their own, in which the reference suite is trained once per test session."""
    cache = Path(os.environ.get(CACHE, "") or tmp_path_factory.mktemp("cache"))
    return Settings(data=cache / "data", cache=cache)


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
