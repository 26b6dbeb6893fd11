"""What the README and the site tell a reader to type works as written, on the release that was built."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from sngen.catalog import load_catalog
from sngen.cli import COMMANDS
from sngen.leaderboard.pages.load_and_cite import LOAD, WITHOUT
from sngen.leaderboard.pages.model import use
from sngen.leaderboard.snapshot import Snapshot
from sngen.release.read import Release
from sngen.schema import MODELS, SCORES, TABLES
from sngen.settings import CACHE, CATALOG, ZOO, Settings


@pytest.fixture(scope="module")
def releases(repository: Path) -> Path:
    folder = repository / "build" / "release"
    if not (folder / "securitynet" / "manifest.json").exists():
        pytest.skip("no release in build/release: make leaderboard builds it")
    return folder


def _python(code: str, folder: Path, cache: Path, settings: Mapping[str, str] = MappingProxyType({})) -> None:
    environment = {**os.environ, "HF_HOME": str(cache), "HF_HUB_OFFLINE": "1", **settings}
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, f"{code}\n{run.stderr}"


def _readme(repository: Path) -> str:
    return (repository / "README.md").read_text(encoding="utf-8")


def test_python_of_the_readme(repository: Path, releases: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", _readme(repository), flags=re.DOTALL)
    assert len(blocks) == 4
    for block in (block for block in blocks if "load_model" not in block):
        in_release = "load_dataset" in block  # the README says: from the parent folder of the release
        _python(f"{block}\nassert len(globals())", releases if in_release else repository, tmp_path)


def test_loading_of_the_readme(repository: Path, shared_zoo: Path, tmp_path: Path) -> None:
    (block,) = re.findall(r"```python\n([^`]*load_model[^`]*)```", _readme(repository))
    checked = f"{block}\nimport torch\nassert network(torch.zeros(2, 3, 32, 32)).shape == (2, 10)"
    _python(checked, repository, tmp_path, {CACHE: str(tmp_path / "cache"), ZOO: str(shared_zoo)})


@pytest.mark.parametrize("code", [LOAD, WITHOUT])
def test_python_of_the_site(code: str, releases: Path, tmp_path: Path) -> None:
    _python(code, releases, tmp_path)


@pytest.mark.parametrize("model_id", ["reference/digits/linear", "akamaster/cifar10/resnet20"])
def test_python_of_a_model_page(
    model_id: str, releases: Path, reference_cache: Settings, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    settings = {CACHE: str(reference_cache.cache)}
    if model_id.startswith("akamaster"):
        settings[ZOO] = str(request.getfixturevalue("shared_zoo"))
    snapshot = Snapshot.of(Release.open(releases / "securitynet"))
    model = snapshot.models[model_id]
    code = use(model, snapshot.datasets[model[MODELS.c.dataset_id]], snapshot.version)
    channels, height, width = model[MODELS.c.input_size].split("x")
    shape = f"torch.zeros(2, {channels}, {height}, {width})"
    checked = f"{code}\nimport torch\nassert network({shape}).shape == (2, 10)"
    _python(checked, releases, tmp_path, settings)


def test_the_readme_names_every_config_and_only_commands_that_exist(repository: Path) -> None:
    words = _readme(repository)
    assert [name for name in TABLES if f"`{name}`" not in words] == []
    guide = (repository / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|bin/)sngen ([a-z]+)", words + guide))
    assert named
    assert named <= set(COMMANDS)


def test_commands_of_the_readme(repository: Path, releases: Path, tmp_path: Path) -> None:
    """Each line as it stands there, in a folder where files may be written."""
    (tmp_path / "build").symlink_to(releases.parent)
    lines = re.findall(r"^\.venv/bin/sngen (.+)$", _readme(repository), flags=re.MULTILINE)
    assert len(lines) >= 5
    environment = {**os.environ, CATALOG: str(repository / "data" / "catalog")}
    for line in lines:
        command = [sys.executable, "-c", "from sngen.cli import main; main()", *shlex.split(line)]
        run = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, f"{line}\n{run.stderr}"
        assert "No model found" not in run.stdout
    assert (tmp_path / "models.csv").stat().st_size > 1000
    assert (tmp_path / "cohort.json").stat().st_size > 1000


def test_sizes_in_the_readme(repository: Path) -> None:
    tables = load_catalog(repository / "data" / "catalog")
    stated = re.search(
        r"^([\d,]+) public classifiers on (\d+) image datasets, from (\d+) sources", _readme(repository), re.M
    )
    assert stated is not None
    own = [row for row in tables[MODELS.name] if row[MODELS.c.source_id] != "reference"]
    sources = {row[MODELS.c.source_id] for row in own}
    datasets = {row[SCORES.c.dataset_id] for row in tables[SCORES.name]} | {
        row[MODELS.c.dataset_id] for row in own
    }
    found = (len(own), len(datasets - {None, "digits"}), len(sources))
    assert tuple(int(number.replace(",", "")) for number in stated.groups()) == found


def test_make_targets_of_the_documentation_exist(repository: Path) -> None:
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md", ".ci/run", ".github/workflows/pages.yml"):
        used = set(
            re.findall(r"(?:^|`|run: )make ([a-z]+)", (repository / name).read_text(), flags=re.MULTILINE)
        )
        assert used <= targets, name
