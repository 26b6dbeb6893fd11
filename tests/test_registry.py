"""Methods are found in the families' folders and in installed packages; a real one is installed here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evaluations.registry import find_method, find_methods
from sngen.errors import CheckFailed, UsageError

PACKAGE = Path(__file__).parent / "third_party"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of ``third_party``, built and installed by pip, without network."""
    source = tmp_path_factory.mktemp("source") / "third_party"
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path_factory.mktemp("site-packages")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(source)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return target


def install(folder: Path, name: str, entry_points: str, module: str = "") -> None:
    """A package by hand: metadata with entry points, and a module."""
    information = folder / f"{name}-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (information / "entry_points.txt").write_text(f"[securitynet.evaluations]\n{entry_points}\n")
    (folder / f"{name}.py").write_text(module)


METHOD = """
from evaluations.method import method

@method("{family}", "{name}", version=1)
def measure(target, data, settings, seed):
    "Never run."
"""


def test_the_projects_own_methods_are_found() -> None:
    methods = find_methods()
    assert ("utility", "clean") in methods
    assert find_method("utility", "clean") is methods["utility", "clean"]
    assert all((m.family, m.name) == name for name, m in methods.items())


def test_an_unknown_method_gets_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"there is no method utility/klean; there are .*utility/clean"):
        find_method("utility", "klean")


def test_the_method_of_an_installed_package_runs_by_its_own_protocol(
    installed: Path, tmp_path: Path, repository: Path
) -> None:
    """Found through pip's own metadata, by a new interpreter, and measured in a unit of the engine."""
    script = f"""
import json, sys
from pathlib import Path
sys.path.insert(0, {str(repository / "tests" / "engine")!r})
from engine_fakes import FakeInputs, catalog_of, model_row, run, select_all
from evaluations.protocol import load_protocols
from evaluations.registry import find_methods
from sngen.results import ResultStore
from sngen.settings import Settings

if __name__ == "__main__":
    folder, methods = Path({str(tmp_path)!r}), find_methods()
    protocols = load_protocols([{str(installed / "securitynet_mirror" / "mirror-1.yaml")!r}])
    catalog = catalog_of(model_row("fakes/m0", dataset_id="digits"))
    catalog["datasets"][0]["dataset_id"] = "digits"
    inputs = FakeInputs(Settings(folder, folder / "cache"))
    run(select_all(catalog, *protocols), inputs, folder / "store")
    [record] = ResultStore(folder / "store")
    right = int(record.outcomes[0].flags().sum())
    found = (record.protocol, record.method, record.provenance["queries"], record.scores[0].value, right)
    print(json.dumps([sorted(map(list, methods)), *found]))
"""
    (tmp_path / "script.py").write_text(script)
    command = [sys.executable, str(tmp_path / "script.py")]
    environment = os.environ | {"PYTHONPATH": str(installed)}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 0, result.stderr
    methods, protocol, method, queries, accuracy, right = json.loads(result.stdout)
    assert ["utility", "mirror"] in methods and ["utility", "clean"] in methods
    assert (protocol, method, queries) == ("mirror/1", "mirror", 60)
    assert accuracy == right / 60


def test_two_methods_of_one_name_are_both_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "usurper", "m = usurper:measure", METHOD.format(family="utility", name="clean"))
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(CheckFailed, match=r"utility/clean: one in evaluations\.utility\.clean, .*usurper"):
        find_methods()


@pytest.mark.parametrize(
    ("name", "entry_point", "module", "expected"),
    [
        ("absent", "m = absent_module:measure", "", "absent_module:measure .*cannot be imported"),
        ("broken", "m = broken:measure", "1 / 0", r"cannot be imported \(ZeroDivisionError"),
        ("text", "m = text:measure", "measure = 'x'", "is a str, expected an evaluations.method.Method"),
        ("stray", "m = stray:measure", METHOD.format(family="stealth", name="x"), "family 'stealth'"),
    ],
)
def test_a_bad_entry_point_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, entry_point: str, module: str, expected: str
) -> None:
    install(tmp_path, name, entry_point, module)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(CheckFailed, match=expected) as error:
        find_methods()
    assert f"of the package {name}" in str(error.value)
