"""OpenCLIP's registry of weights: ``pretrained.py`` read as a syntax tree and never executed.

The file holds functions that return a settings dictionary (``_pcfg(url, hf_hub, **kwargs)`` and the like),
dictionaries of their calls by tag, and ``_PRETRAINED``, a dictionary of those by model name.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sngen.catalog.upstream import UpstreamFile
from sngen.errors import DataProblem

QUICK_GELU = "-quickgelu"
REGISTRY = "_PRETRAINED"
_URL, _HUB = "url", "hf_hub"
#: Dictionaries and calls within each other; the file has three.
MOST_NESTED = 8


@dataclass(frozen=True)
class Weights:
    """One entry: ``url`` of a file, ``hub_id`` and, if it is named, ``hub_file``; mean and std are of pixels
    in [0, 1]. ``quick_gelu``: trained with QuickGELU, so also known by the model's name plus -quickgelu."""

    url: str | None
    hub_id: str | None
    hub_file: str | None
    quick_gelu: bool
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    interpolation: str | None


Registry = dict[tuple[str, str], Weights]


def read_registry(pretrained: UpstreamFile, constants: UpstreamFile) -> Registry:
    """Entries by (model, tag) as the file writes them. Raises ``DataProblem`` for what is no plain data."""
    reader = _Reader(pretrained.path, _constants(constants))
    for node in _parse(pretrained).body:
        if isinstance(node, ast.FunctionDef):
            reader.define(node)
        elif isinstance(node, ast.Assign) and isinstance(target := node.targets[0], ast.Name):
            reader.assign(target.id, node.value)
    models = reader.names.get(REGISTRY)
    if not isinstance(models, dict):
        reader.problems.append(f"{pretrained.path}: found no dictionary {REGISTRY}, expected it at top level")
        models = {}
    registry = {}
    for model, tags in models.items():
        for tag, settings in (tags if isinstance(tags, dict) else {"": tags}).items():
            registry[str(model), str(tag)] = _weights(settings, f"{model} {tag}", reader)
    if reader.problems:
        raise DataProblem(reader.problems)
    return registry


def find(registry: Registry, model: str, tag: str) -> Weights | None:
    """The entry for a name of the results: ``X-quickgelu`` stands for X where X was trained so."""
    found = registry.get((model, tag))
    if found is None and model.endswith(QUICK_GELU):
        plain = registry.get((model.removesuffix(QUICK_GELU), tag))
        found = plain if plain is not None and plain.quick_gelu else None
    return found


@dataclass
class _Reader:
    """Evaluates literals, names of constants, ``dict(...)`` and calls of the settings functions."""

    path: str
    names: dict[str, Any]

    def __post_init__(self) -> None:
        self.problems: list[str] = []
        self._functions: dict[str, tuple[ast.arguments, ast.Dict]] = {}

    def define(self, node: ast.FunctionDef) -> None:
        """Keep a function that does nothing but return a dictionary; others hold no entries."""
        returned = node.body[0] if len(node.body) == 1 else None
        if isinstance(returned, ast.Return) and isinstance(returned.value, ast.Dict):
            self._functions[node.name] = (node.args, returned.value)

    def assign(self, name: str, node: ast.expr) -> None:
        """Keep a dictionary; other assignments hold no entries."""
        if isinstance(node, ast.Dict) or _calls(node) == "dict":
            self.names[name] = self.value(node)

    def value(self, node: ast.expr, local: Mapping[str, Any] | None = None, depth: int = 0) -> Any:
        """The node's value, None (and a problem) for anything but plain data."""
        names = self.names if local is None else {**self.names, **local}
        if isinstance(node, ast.Name) and node.id in names:
            return names[node.id]
        if depth < MOST_NESTED:
            if isinstance(node, ast.Dict):
                return self._dictionary(node, names, depth + 1)
            if isinstance(node, ast.Call) and not node.args and _calls(node) == "dict":
                return self._keywords(node, names, depth + 1)
            if isinstance(node, ast.Call) and not node.args and _calls(node) in self._functions:
                return self._call(_calls(node), self._keywords(node, names, depth + 1), depth + 1)
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError, RecursionError, MemoryError):
            expected = f"a literal, dict(...) or one of {', '.join(sorted(self._functions))} with keywords"
            self.wrong(node, expected)
            return None

    def wrong(self, node: ast.expr, expected: str) -> None:
        self.problems.append(
            f"{self.path}, line {node.lineno}: found {ast.unparse(node)[:60]}, expected {expected}"
        )

    def _call(self, function: str, given: dict[str, Any], depth: int) -> Any:
        """What a settings function returns: its own settings, with those that were given."""
        arguments, returned = self._functions[function]
        names = [argument.arg for argument in arguments.args]
        optional = names[len(names) - len(arguments.defaults) :]
        own = {
            name: self.value(default, depth=depth)
            for name, default in zip(optional, arguments.defaults, strict=True)
        }
        own |= {name: value for name, value in given.items() if name in names}
        if arguments.kwarg is not None:
            own[arguments.kwarg.arg] = {name: given[name] for name in given if name not in names}
        return self.value(returned, own, depth)

    def _dictionary(self, node: ast.Dict, names: Mapping[str, Any], depth: int) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        for key, node_of_value in zip(node.keys, node.values, strict=True):
            value = self.value(node_of_value, names, depth)
            if key is None and isinstance(value, dict):  # **kwargs
                entries |= value
            elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                entries[key.value] = value
            else:
                self.wrong(key or node_of_value, "a text as the key, or ** and a dictionary")
        return entries

    def _keywords(self, node: ast.Call, names: Mapping[str, Any], depth: int) -> dict[str, Any]:
        for word in node.keywords:
            if word.arg is None:
                self.wrong(word.value, "keywords that are written out")
        return {word.arg: self.value(word.value, names, depth) for word in node.keywords if word.arg}


def _calls(node: ast.expr) -> str:
    """The name of the function that the node calls, "" if it calls none."""
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def _constants(file: UpstreamFile) -> dict[str, Any]:
    """Literals that the file assigns to names."""
    found = {}
    for node in _parse(file).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except (ValueError, TypeError):
                continue
    return found


def _parse(file: UpstreamFile) -> ast.Module:
    try:
        return ast.parse(file.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise DataProblem([f"{file.path}: found no Python that can be parsed ({error})"]) from error


def _weights(settings: Any, name: str, reader: _Reader) -> Weights:
    kinds = {_URL: str, _HUB: str, "quick_gelu": bool, "mean": tuple, "std": tuple, "interpolation": str}
    given = settings if isinstance(settings, dict) else {}
    odd = [key for key, kind in kinds.items() if not isinstance(given.get(key), (kind, type(None)))]
    if odd or given is not settings:
        expected = ", ".join(f"{key} ({kind.__name__})" for key, kind in kinds.items())
        reader.problems.append(
            f"{reader.path}, {REGISTRY}, {name}: found {str(settings)[:60]}, expected settings {expected}"
        )
        given = {}
    hub = [part for part in (given.get(_HUB) or "").split("/") if part]
    return Weights(
        url=given.get(_URL) or None,
        hub_id="/".join(hub[:2]) or None,
        hub_file="/".join(hub[2:]) or None,
        quick_gelu=bool(given.get("quick_gelu")),
        mean=given.get("mean"),
        std=given.get("std"),
        interpolation=given.get("interpolation"),
    )
