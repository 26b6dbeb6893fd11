"""Folders that a test needs: the user's own settings where set, a sibling ``shared`` folder otherwise."""

from __future__ import annotations

import os
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
