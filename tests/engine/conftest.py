"""Makes the methods of ``engine_fakes`` installed ones, here and in the processes of pools."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine_fakes import FakeInputs

from sngen.settings import Settings

ENTRY_POINTS = """[securitynet.evaluations]
probe = engine_fakes:probe
drifting = engine_fakes:drifting
invalid = engine_fakes:invalid
prepared = engine_fakes:prepared
informed = engine_fakes:informed
"""


@pytest.fixture(autouse=True, scope="session")
def fake_methods(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    information = folder / "fakes-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: fakes\nVersion: 1\n")
    (information / "entry_points.txt").write_text(ENTRY_POINTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield folder


@pytest.fixture
def inputs(tmp_path: Path) -> FakeInputs:
    return FakeInputs(Settings(data=tmp_path / "data", cache=tmp_path / "cache"))
