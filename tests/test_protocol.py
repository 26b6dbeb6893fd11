"""Protocol files: what is in them, and what is said about a wrong one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from evaluations.protocol import FOLDER, DataRole, load_protocols, read_protocol
from sngen.errors import DataProblem, UsageError

GOOD: dict[str, Any] = {
    "protocol": "mine/1",
    "family": "utility",
    "title": "Mine",
    "summary": "One sentence.",
    "seed": 3,
    "methods": {"clean": {"batch_size": 10}, "bare": None},
    "tiers": {"cpu": {"datasets": ["cifar10"], "data": {"test": {"split": "test", "first": 100}}}},
    "limits": ["none"],
}


def write(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(GOOD | changes))
    return path


def test_the_projects_own_protocols_are_valid() -> None:
    protocols = load_protocols()
    assert [p.protocol_id for p in protocols] == sorted(p.protocol_id for p in protocols)
    utility = {p.protocol_id: p for p in protocols}["utility/1"]
    assert utility.methods["clean"]["calibration_bins"] == 15
    assert utility.tiers["cpu"].datasets == ("cifar10", "fashion-mnist", "mnist")
    assert utility.tiers["cpu"].data["train"] == DataRole("train", 10000)
    assert utility.tiers["reference"].data["train"] == DataRole("train")


def test_a_file_outside_is_a_protocol_too(tmp_path: Path) -> None:
    [protocol] = load_protocols([str(write(tmp_path))])
    assert (protocol.protocol_id, protocol.seed) == ("mine/1", 3)
    assert protocol.methods == {"clean": {"batch_size": 10}, "bare": {}}


def test_a_tier_overrules_the_protocol_and_a_dataset_fills_what_is_open(tmp_path: Path) -> None:
    chosen = {"cpu": GOOD["tiers"]["cpu"] | {"methods": {"clean": {"batch_size": 20, "bins": None}}}}
    path = write(tmp_path, tiers=chosen, datasets={"cifar10": {"bins": 5, "unused": 1, "batch_size": 3}})
    protocol = read_protocol(path)
    assert protocol.settings("cpu", "cifar10") == {"clean": {"batch_size": 20, "bins": 5}}
    with pytest.raises(UsageError, match=r"clean leaves bins to the dataset, and datasets\.mnist"):
        protocol.settings("cpu", "mnist")
    assert read_protocol(write(tmp_path)).settings("cpu", "mnist") == {
        "clean": {"batch_size": 10},
        "bare": {},
    }


def test_a_role_may_skip_images(tmp_path: Path) -> None:
    data = {"pool": {"split": "train", "skip": 100, "first": 50}}
    protocol = read_protocol(write(tmp_path, tiers={"cpu": {"datasets": ["cifar10"], "data": data}}))
    assert protocol.tiers["cpu"].data["pool"] == DataRole("train", first=50, skip=100)


def test_a_role_may_be_of_another_dataset_and_for_some_methods(tmp_path: Path) -> None:
    chosen = {"cpu": GOOD["tiers"]["cpu"] | {"datasets": ["cifar10", "mnist"]}}
    own = {"data": {"other": {"split": "test", "dataset": "gtsrb", "methods": ["bare"]}}, "bins": 5}
    protocol = read_protocol(write(tmp_path, tiers=chosen, datasets={"cifar10": own}))
    test, other = DataRole("test", 100), DataRole("test", dataset="gtsrb", methods=("bare",))
    assert protocol.data("cpu", "cifar10", "bare") == {"test": test, "other": other}
    assert protocol.data("cpu", "cifar10", "clean") == {"test": test}
    assert protocol.data("cpu", "mnist", "bare") == {"test": test}
    assert protocol.datasets["cifar10"] == {"bins": 5}
    wrong = {"data": {"other": {"split": "test", "methods": ["none"]}}}
    with pytest.raises(DataProblem, match=r"other.methods: found 'none', expected only bare, clean"):
        read_protocol(write(tmp_path, datasets={"cifar10": wrong}))


def test_an_unknown_protocol_gets_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"there is no protocol 'utility/99': .*utility/1"):
        load_protocols(["utility/99"])


def tiers(**changes: Any) -> dict[str, Any]:
    return {"cpu": {"datasets": ["cifar10"], "data": {"test": {"split": "test"} | changes}}}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"seed": "x"}, "seed: found 'x', expected a whole number of at least 0"),
        ({"seed": True}, "seed: found True, expected a whole number"),
        ({"family": "utilty"}, "family: found 'utilty', expected one of utility, adversarial"),
        ({"family": ["utility"]}, "family: found ['utility'], expected one of"),
        ({"protocol": "Mine-1"}, "protocol: found 'Mine-1', expected text matching"),
        ({"title": " "}, "title: found ' ', expected text"),
        ({"methods": {}}, "methods: found {}, expected a mapping that is not empty"),
        ({"methods": {"clean": [1]}}, "methods.clean: found [1], expected settings by name"),
        ({"methods": {"clean": {"a": float("nan")}}}, "methods.clean: found {'a': nan}, expected settings"),
        (
            {"methods": {"Clean it": {}}},
            "methods.Clean it (its name): found 'Clean it', expected text matching",
        ),
        ({"tiers": {"laptop": {}}}, "tiers: found 'laptop', expected only cpu, gpu, reference"),
        ({"tiers": {"cpu": {"data": {}}}}, "tiers.cpu: found ['data'], expected also datasets"),
        (
            {"tiers": tiers(first=0)},
            "tiers.cpu.data.test.first: found 0, expected a whole number of at least 1",
        ),
        (
            {"tiers": tiers(fist=5)},
            "tiers.cpu.data.test: found 'fist', expected only dataset, first, methods, skip, split",
        ),
        (
            {"tiers": tiers(skip=-1)},
            "tiers.cpu.data.test.skip: found -1, expected a whole number of at least 0",
        ),
        (
            {"tiers": {"cpu": tiers()["cpu"] | {"methods": {"claen": None}}}},
            "tiers.cpu.methods: found 'claen', expected only bare, clean",
        ),
        ({"datasets": {"cifar10": 3}}, "datasets.cifar10: found 3, expected settings by name"),
        ({"limits": "none"}, "limits: found 'none', expected a list that is not empty"),
        ({"remark": "x"}, "the file: found 'remark', expected only datasets, family, limits"),
        ({"protocol": "utility/1"}, "found 'utility/1', which is the project's own; expected another name"),
    ],
)
def test_a_wrong_field_is_named_with_what_was_found_and_expected(
    tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    path = write(tmp_path, **changes)
    with pytest.raises(DataProblem) as error:
        read_protocol(path)
    assert any(p.startswith(f"{path}: ") and expected in p for p in error.value.problems), (
        error.value.problems
    )


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataProblem) as error:
        read_protocol(write(tmp_path, seed=-1, title=5, limits=[]))
    assert len(error.value.problems) == 3


def test_what_is_not_yaml_or_not_a_mapping_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    for text, expected in (
        ("a: [", "not readable as YAML"),
        ("- a", "expected a mapping"),
        ("", "found None"),
    ):
        path.write_text(text)
        with pytest.raises(DataProblem, match=expected):
            read_protocol(path)


def test_an_own_file_is_named_after_its_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluations.protocol.FOLDER", tmp_path)
    text = (FOLDER / "utility-1.yaml").read_text()
    (tmp_path / "utility-2.yaml").write_text(text)
    with pytest.raises(DataProblem, match="protocol: found 'utility/1' of 'utility', expected 'utility/2'"):
        load_protocols()
