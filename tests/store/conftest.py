"""Stores of both kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from sngen.store import Store, open_store


@pytest.fixture(params=["folder", "bucket"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path / "store")
    request.getfixturevalue("provider")
    return f"s3://shared/{tmp_path.name}"


@pytest.fixture
def store(address: str) -> Store:
    return open_store(address)
