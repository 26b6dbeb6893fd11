"""The weight enums of torchvision's model modules, read from their source."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sngen.catalog.importers.torchvision.expressions import (
    Call,
    NotUnderstood,
    Reference,
    assignments,
    evaluate,
)
from sngen.catalog.upstream import Upstream, UpstreamFile
from sngen.errors import DataProblem

MODELS_FOLDER, META_FILE = "torchvision/models", "torchvision/models/_meta.py"
PRESETS_FILE = "torchvision/transforms/_presets.py"
FILES = (f"{MODELS_FOLDER}/**/*.py", META_FILE, PRESETS_FILE)
_ENUM, _WEIGHTS, _DEFAULT, _REGISTER = "WeightsEnum", "Weights", "DEFAULT", "register_model"
_PRESET = "ImageClassification"
_META = {
    "num_params": int, "recipe": str, "_metrics": dict, "_ops": (int, float), "_file_size": (int, float),
    "_docs": str, "categories": (list, type(None)),
}  # fmt: skip
_TRANSFORMS = {
    "crop_size": int, "resize_size": int, "interpolation": Reference, "mean": list, "std": list,
}  # fmt: skip

Names = dict[str, ast.expr]


@dataclass(frozen=True)
class Weights:
    """One member of an enum. ``builder`` is the function that makes the network; ``transforms`` holds the
    preset's arguments, the preset's defaults included, and ``given`` the names of those that are given.
    ``line`` counts from 1."""

    enum: str
    member: str
    builder: str
    path: str
    line: int
    url: str
    transforms: Mapping[str, Any]
    given: frozenset[str]
    meta: Mapping[str, Any]
    is_default: bool

    @property
    def name(self) -> str:
        return f"{self.enum}.{self.member}"

    @property
    def module(self) -> str:
        return PurePosixPath(self.path).stem

    @property
    def place(self) -> str:
        return f"{self.path}, line {self.line}, {self.name}"


@dataclass(frozen=True)
class Enums:
    """Classification weights, and the names of the others by folder."""

    weights: list[Weights]
    others: dict[str, list[str]]


def read_weights(upstream: Upstream) -> Enums:
    """Every enum of every module. Raises ``DataProblem`` with all that is not as expected."""
    trees = {path: _parse(file) for path, file in upstream.files.items()}
    shared = assignments(trees[META_FILE].body)
    defaults = _preset_defaults(trees[PRESETS_FILE])
    found = Enums([], {})
    problems: list[str] = []
    for path, tree in trees.items():
        if path == PRESETS_FILE:
            continue
        builders = dict(_builders(tree))
        names = shared | assignments(tree.body)
        for enum in tree.body:
            if isinstance(enum, ast.ClassDef) and _ENUM in map(ast.unparse, enum.bases):
                _read_enum(enum, path, builders, names, defaults, found, problems)
    if not found.weights and not problems:
        problems.append(f"{MODELS_FOLDER}: found no classification weights, expected classes of {_ENUM}")
    if problems:
        raise DataProblem(problems)
    return found


def _read_enum(
    enum: ast.ClassDef, path: str, builders: Mapping[str, str], names: Names, defaults: Mapping[str, Any],
    found: Enums, problems: list[str],
) -> None:  # fmt: skip
    members = assignments(enum.body)
    default = members.pop(_DEFAULT, None)
    default_name = default.id if isinstance(default, ast.Name) else None
    for member, node in members.items():
        place = f"{path}, line {node.lineno}, {enum.name}.{member}"
        try:
            call = evaluate(node, names)
        except NotUnderstood as error:
            problems.append(f"{path}, line {error.line}: found {str(error)[:80]!r}, expected a plain value")
            continue
        wrong = _shape_problem(call)
        if wrong is not None:
            problems.append(f"{place}: {wrong}")
            continue
        transforms = call.keywords["transforms"]
        if not _is_preset(transforms):
            found.others.setdefault(str(PurePosixPath(path).parent), []).append(f"{enum.name}.{member}")
            continue
        given, meta = transforms.keywords, call.keywords["meta"]
        odd = _odd_keys(meta, _META) + _odd_keys({**defaults, **given}, _TRANSFORMS)
        if odd:
            problems.append(
                f"{place}: found no, or another kind of, {', '.join(odd)}, expected what others have"
            )
        if enum.name not in builders:
            problems.append(f"{place}: found no builder, expected a function with @{_REGISTER} that takes it")
        if odd or enum.name not in builders:
            continue
        found.weights.append(
            Weights(
                enum.name, member, builders[enum.name], path, node.lineno, call.keywords["url"],
                {**defaults, **given}, frozenset(given), meta, member == default_name,
            )
        )  # fmt: skip


def _shape_problem(call: Any) -> str | None:
    """What is wrong with a member that should be ``Weights(url=..., transforms=..., meta={...})``."""
    expected = f"{_WEIGHTS}(url=..., transforms=..., meta={{...}})"
    if not (isinstance(call, Call) and call.function == _WEIGHTS):
        return f"found another value, expected {expected}"
    if set(call.keywords) != {"url", "transforms", "meta"} or call.arguments:
        return f"found the arguments {', '.join(call.keywords)}, expected {expected}"
    if not (isinstance(call.keywords["url"], str) and isinstance(call.keywords["meta"], dict)):
        return f"found other arguments, expected {expected} with a text and a dictionary"
    return None


def _odd_keys(values: Mapping[str, Any], kinds: Mapping[str, Any]) -> list[str]:
    """Keys that are missing or hold another kind of value."""
    return [key for key, kind in kinds.items() if key not in values or not isinstance(values[key], kind)]


def _is_preset(transforms: Any) -> bool:
    """Whether images are prepared for classification."""
    return (
        isinstance(transforms, Call)
        and transforms.function == "partial"
        and transforms.arguments == (Reference(_PRESET),)
    )


def _builders(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(enum, function) of registered functions. A quantised network also takes the weights to quantise: the
    first enum of the annotation is its own."""
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef):
            continue
        if not any(ast.unparse(decorator).startswith(_REGISTER) for decorator in function.decorator_list):
            continue
        for argument in function.args.kwonlyargs:
            if argument.arg == "weights" and argument.annotation is not None:
                names = (node.id for node in ast.walk(argument.annotation) if isinstance(node, ast.Name))
                own = [name for name in names if name.endswith(("_Weights", "_QuantizedWeights"))]
                if own:
                    yield own[0], function.name


def _preset_defaults(tree: ast.Module) -> dict[str, Any]:
    """Default arguments of the preset."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == _PRESET:
            for function in node.body:
                if isinstance(function, ast.FunctionDef) and function.name == "__init__":
                    arguments = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
                    return {
                        argument.arg: evaluate(default, {})
                        for argument, default in arguments
                        if default is not None
                    }
    raise DataProblem([f"{PRESETS_FILE}: found no class {_PRESET} with an __init__, expected its defaults"])


def _parse(file: UpstreamFile) -> ast.Module:
    try:
        return ast.parse(file.text)
    except SyntaxError as error:
        place = f"{file.path}, line {error.lineno}"
        raise DataProblem([f"{place}: found no Python ({error.msg}), expected a module"]) from error
