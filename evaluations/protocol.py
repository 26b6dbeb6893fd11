"""Protocols: YAML files that fix data, sizes, settings and seed of a family's evaluation, with a version.

The project's own lie in ``evaluations/protocols/<family>-<version>.yaml`` and are named by their id
(``utility/1``); any other is named by the path of its file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sngen.canonical import canonical_json
from sngen.errors import DataProblem, UsageError
from sngen.schema import FAMILIES, ID_PATTERN, PROTOCOL_PATTERN, TIERS

FOLDER = Path(__file__).parent / "protocols"
DATA = "data"


@dataclass(frozen=True)
class DataRole:
    """The images that a method gets under one role name: a split, or ``first`` images of it after ``skip``.

    The split ``train`` means the images that the model was trained on, ``members`` the training split of its
    dataset with the labels that it was taught, whether it saw these images or not. ``dataset``: of another
    dataset than the model's own. ``methods``: only these get the role; all where None.
    """

    split: str
    first: int | None = None
    skip: int = 0
    dataset: str | None = None
    methods: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Tier:
    """One size class: which datasets it covers and the data per role.

    ``methods``: only these, with settings that overrule the protocol's; all of the protocol's where None.
    """

    name: str
    datasets: tuple[str, ...]
    data: Mapping[str, DataRole]
    methods: Mapping[str, Mapping[str, Any]] | None = None


@dataclass(frozen=True)
class Protocol:
    """A protocol file. ``methods`` maps a method's name to its settings, ``datasets`` a dataset's id to the
    settings that methods leave open (null) for it; ``roles`` are those of one dataset alone, by its id."""

    protocol_id: str
    family: str
    title: str
    summary: str
    seed: int
    methods: Mapping[str, Mapping[str, Any]]
    tiers: Mapping[str, Tier]
    limits: tuple[str, ...]
    datasets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    roles: Mapping[str, Mapping[str, DataRole]] = field(default_factory=dict)

    def data(self, tier: str, dataset_id: str, method: str) -> dict[str, DataRole]:
        """The roles of a method at a tier on a dataset: the tier's, and those of the dataset alone."""
        roles = {**self.tiers[tier].data, **self.roles.get(dataset_id, {})}
        return {name: role for name, role in roles.items() if role.methods is None or method in role.methods}

    def settings(self, tier: str, dataset_id: str) -> dict[str, dict[str, Any]]:
        """The tier's methods on a dataset, each with its settings: the protocol's, overruled by the tier's;
        what is null there is the dataset's. Raises ``UsageError`` where that has no value either."""
        chosen = self.tiers[tier].methods
        overruling = dict.fromkeys(self.methods) if chosen is None else chosen
        return {
            name: self._filled({**self.methods[name], **(own or {})}, name, dataset_id)
            for name, own in overruling.items()
        }

    def _filled(self, settings: dict[str, Any], method: str, dataset_id: str) -> dict[str, Any]:
        given = self.datasets.get(dataset_id, {})
        filled = {name: given.get(name) if value is None else value for name, value in settings.items()}
        absent = [name for name, value in filled.items() if value is None]
        if absent:
            raise UsageError(
                f"{self.protocol_id}: {method} leaves {', '.join(absent)} to the dataset, and datasets."
                f"{dataset_id} does not give it. Give it there."
            )
        return filled


def load_protocols(names: Sequence[str] = ()) -> list[Protocol]:
    """The named protocols (ids or files); all of the project's own without a name. In order of their ids.

    Raises ``UsageError`` for an unknown name and ``DataProblem`` for an invalid file.
    """
    own = {_id_of(path): path for path in sorted(FOLDER.glob("*.yaml"))}
    paths = [_path(name, own) for name in names] if names else list(own.values())
    protocols = {protocol.protocol_id: protocol for protocol in map(read_protocol, paths)}
    return [protocols[protocol_id] for protocol_id in sorted(protocols)]


def _id_of(path: Path) -> str:
    return path.stem.replace("-", "/")


def _path(name: str, own: Mapping[str, Path]) -> Path:
    if name in own:
        return own[name]
    if Path(name).is_file():
        return Path(name)
    raise UsageError(
        f"there is no protocol {name!r}: found neither among {', '.join(own)} nor as a file. "
        f"Give one of these ids, or the path of a protocol file."
    )


def read_protocol(path: Path) -> Protocol:
    """Read and check one file. Raises ``DataProblem`` naming file, field, found and expected."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataProblem([f"{path}: not readable as YAML ({error})"]) from error
    problems = _Check().protocol(content) or _naming_problems(path, content)
    if problems:
        raise DataProblem([f"{path}: {problem}" for problem in problems])
    return _build(content)


def _naming_problems(path: Path, content: Mapping[str, Any]) -> list[str]:
    """The project's own are named after their file and family; nobody else may use those names."""
    found = content["protocol"]
    if path.resolve().parent == FOLDER.resolve():
        expected = _id_of(path)
        fine = found == expected and content["family"] == expected.partition("/")[0]
        return [] if fine else [f"protocol: found {found!r} of {content['family']!r}, expected {expected!r}"]
    own = [_id_of(own_path) for own_path in FOLDER.glob("*.yaml")]
    return (
        [f"protocol: found {found!r}, which is the project's own; expected another name"]
        if found in own
        else []
    )


def _build(content: dict[str, Any]) -> Protocol:
    datasets = _settings(content.get("datasets", {}))
    return Protocol(
        protocol_id=content["protocol"],
        family=content["family"],
        title=content["title"],
        summary=content["summary"].strip(),
        seed=content["seed"],
        methods=_settings(content["methods"]),
        tiers={name: _tier(name, tier) for name, tier in content["tiers"].items()},
        limits=tuple(content["limits"]),
        datasets={name: _without_data(own) for name, own in datasets.items()},
        roles={name: _roles(own[DATA]) for name, own in datasets.items() if DATA in own},
    )


def _tier(name: str, tier: Mapping[str, Any]) -> Tier:
    methods = _settings(tier["methods"]) if "methods" in tier else None
    return Tier(name, tuple(tier["datasets"]), _roles(tier[DATA]), methods)


def _roles(data: Mapping[str, Mapping[str, Any]]) -> dict[str, DataRole]:
    return {
        role: DataRole(**{**choice, **({"methods": tuple(choice["methods"])} if "methods" in choice else {})})
        for role, choice in data.items()
    }


def _without_data(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name != DATA}


def _settings(by_name: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: dict(settings or {}) for name, settings in by_name.items()}


class _Check:
    """Collects what is wrong with a file's content, field by field."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def protocol(self, content: object) -> list[str]:
        fields = frozenset({"protocol", "family", "title", "summary", "seed", "methods", "tiers", "limits"})
        if not self._mapping("the file", content, required=fields, allowed=fields | {"datasets"}):
            return self.problems
        assert isinstance(content, dict)
        self._text("protocol", content["protocol"], PROTOCOL_PATTERN)
        self._expect(
            "family", content["family"], str(content["family"]) in FAMILIES, f"one of {', '.join(FAMILIES)}"
        )
        self._text("title", content["title"])
        self._text("summary", content["summary"])
        self._whole("seed", content["seed"], minimum=0)
        self._settings("methods", content["methods"])
        if "datasets" in content:
            self._settings("datasets", content["datasets"])
            self._datasets(content["datasets"], content["methods"])
        if self._mapping("tiers", content["tiers"], allowed=frozenset(TIERS)):
            for name, tier in content["tiers"].items():
                self._tier(f"tiers.{name}", tier, content["methods"])
        self._texts("limits", content["limits"])
        return self.problems

    def _settings(self, where: str, by_name: object) -> None:
        """Settings of methods or datasets, by their names."""
        if not self._mapping(where, by_name):
            return
        assert isinstance(by_name, dict)
        for name, settings in by_name.items():
            self._text(f"{where}.{name} (its name)", name, ID_PATTERN)
            usable = settings is None or (isinstance(settings, dict) and _is_json(settings))
            self._expect(
                f"{where}.{name}", settings, usable, "settings by name: numbers, texts, lists, mappings"
            )

    def _tier(self, where: str, tier: object, methods: object) -> None:
        required = frozenset({"datasets", "data"})
        if not self._mapping(where, tier, required=required, allowed=required | {"methods"}):
            return
        assert isinstance(tier, dict)
        self._texts(f"{where}.datasets", tier["datasets"], ID_PATTERN)
        if "methods" in tier:
            self._settings(f"{where}.methods", tier["methods"])
            self._known(f"{where}.methods", tier["methods"], methods)
        self._roles(f"{where}.{DATA}", tier[DATA], methods)

    def _datasets(self, datasets: object, methods: object) -> None:
        if isinstance(datasets, dict):
            for name, own in datasets.items():
                if isinstance(own, dict) and DATA in own:
                    self._roles(f"datasets.{name}.{DATA}", own[DATA], methods)

    def _roles(self, where: str, roles: object, methods: object) -> None:
        if not self._mapping(where, roles):
            return
        assert isinstance(roles, dict)
        for role, data in roles.items():
            self._role(f"{where}.{role}", data, methods)

    def _role(self, where: str, data: object, methods: object) -> None:
        allowed = frozenset({"split", "first", "skip", "dataset", "methods"})
        if not self._mapping(where, data, required=frozenset({"split"}), allowed=allowed):
            return
        assert isinstance(data, dict)
        self._text(f"{where}.split", data["split"], ID_PATTERN)
        if "skip" in data:
            self._whole(f"{where}.skip", data["skip"], minimum=0)
        if "first" in data:
            self._whole(f"{where}.first", data["first"], minimum=1)
        if "dataset" in data:
            self._text(f"{where}.dataset", data["dataset"], ID_PATTERN)
        if "methods" in data:
            self._known(f"{where}.methods", data["methods"], methods)

    def _known(self, where: str, names: object, methods: object) -> None:
        """Names of methods that the protocol has."""
        known = methods if isinstance(methods, dict) else {}
        given = names if isinstance(names, list | dict) else [names]
        unknown = [str(name) for name in given if name not in known]
        self._expect(where, ", ".join(unknown), not unknown, f"only {', '.join(map(str, known))}")

    def _expect(self, where: str, found: object, fine: bool, expected: str) -> bool:
        if not fine:
            self.problems.append(f"{where}: found {found!r}, expected {expected}")
        return fine

    def _mapping(
        self,
        where: str,
        found: object,
        required: frozenset[str] = frozenset(),
        allowed: frozenset[str] | None = None,
    ) -> bool:
        if not self._expect(
            where, found, isinstance(found, dict) and bool(found), "a mapping that is not empty"
        ):
            return False
        assert isinstance(found, dict)
        known = allowed if allowed is not None else required
        missing = sorted(required - set(found))
        unknown = sorted(str(name) for name in found if known and name not in known)
        self._expect(where, sorted(map(str, found)), not missing, f"also {', '.join(missing)}")
        self._expect(where, ", ".join(unknown), not unknown, f"only {', '.join(sorted(known))}")
        return not missing and not unknown

    def _text(self, where: str, found: object, pattern: str = r"(?s).*\S.*") -> None:
        fine = isinstance(found, str) and re.fullmatch(pattern, found) is not None
        self._expect(where, found, fine, "text" if "\\S" in pattern else f"text matching {pattern}")

    def _texts(self, where: str, found: object, pattern: str = r"(?s).*\S.*") -> None:
        if self._expect(where, found, isinstance(found, list) and bool(found), "a list that is not empty"):
            assert isinstance(found, list)
            for index, value in enumerate(found):
                self._text(f"{where}[{index}]", value, pattern)

    def _whole(self, where: str, found: object, minimum: int) -> None:
        fine = isinstance(found, int) and not isinstance(found, bool) and found >= minimum
        self._expect(where, found, fine, f"a whole number of at least {minimum}")


def _is_json(value: object) -> bool:
    try:
        canonical_json(value)
    except (TypeError, ValueError):
        return False
    return True
