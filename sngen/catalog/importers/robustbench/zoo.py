"""The model zoo's checkpoints, from its Python files: parsed, never run.

``models.py`` says which variable lists the models of a dataset, that variable says which one lists those of
a threat model, and each of these is a list of (name, {model, gdrive_id, preprocessing}).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from sngen.catalog.upstream import UpstreamFile
from sngen.validation import show

ZOO = "robustbench/model_zoo"
_FIELDS = {"model", "gdrive_id", "preprocessing"}

#: (dataset, threat model, name), as the zoo writes them.
ZooKey = tuple[str, str, str]
Assignments = dict[str, ast.expr]


@dataclass(frozen=True)
class Checkpoint:
    """``drive_ids`` are files on Google Drive. ``loader`` is the call that downloads the weights by itself
    where there are none, ``url`` the address that the zoo registers for it."""

    drive_ids: tuple[str, ...]
    loader: str | None
    url: str | None
    preprocessing: str | None


def read_zoo(files: Mapping[str, UpstreamFile]) -> tuple[dict[ZooKey, Checkpoint], list[str]]:
    """Every entry of the zoo, and all problems."""
    problems: list[str] = []
    modules: dict[str, ast.Module] = {}
    for path, file in files.items():
        if not path.startswith(f"{ZOO}/"):
            continue
        try:
            modules[path] = ast.parse(file.text)
        except (SyntaxError, ValueError, RecursionError) as error:
            problems.append(f"{path}: found no Python that can be parsed ({error})")
    if problems:
        return {}, problems
    reader = _Reader(modules, problems)
    return dict(reader.entries()), problems


class _Reader:
    def __init__(self, modules: Mapping[str, ast.Module], problems: list[str]) -> None:
        self.problems = problems
        self.urls = dict(_registered_urls(modules.values()))
        self.variables = {path: _assignments(tree.body) for path, tree in modules.items()}
        enums = modules.get(f"{ZOO}/enums.py")
        self.enums = {
            f"{node.name}.{name}": value.value
            for node in (enums.body if enums else ())
            if isinstance(node, ast.ClassDef)
            for name, value in _assignments(node.body).items()
            if isinstance(value, ast.Constant) and isinstance(value.value, str)
        }

    def entries(self) -> Iterator[tuple[ZooKey, Checkpoint]]:
        path = f"{ZOO}/models.py"
        lists = self.variables.get(path, {}).get("model_dicts")
        if lists is None:
            self.problems.append(f"{path}: found no variable 'model_dicts', expected the list of datasets")
            return
        for dataset, variable in self._pairs(path, lists):
            name = self._enum(path, dataset)
            home = self._home(path, variable)
            if name is None or home is None:
                continue
            for threat, listed in self._pairs(home, self.variables[home][ast.unparse(variable)]):
                threat_name = self._enum(home, threat)
                models = self.variables[home].get(ast.unparse(listed))
                if models is None:
                    self._problem(home, listed, ast.unparse(listed), "a variable of this file")
                elif threat_name is not None:
                    yield from self._models(home, models, name, threat_name)

    def _models(
        self, path: str, models: ast.expr, dataset: str, threat: str
    ) -> Iterator[tuple[ZooKey, Checkpoint]]:
        seen: set[str] = set()
        for name, entry in self._pairs(path, models):
            if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
                self._problem(path, name, ast.unparse(name), "the name of a model as a text")
            elif name.value in seen:
                self._problem(path, name, f"{name.value!r} a second time", "each model of a list once")
            elif (checkpoint := self._checkpoint(path, entry)) is not None:
                seen.add(name.value)
                yield (dataset, threat, name.value), checkpoint

    def _checkpoint(self, path: str, entry: ast.expr) -> Checkpoint | None:
        fields = (
            {key.value: value for key, value in zip(entry.keys, entry.values, strict=True)
             if isinstance(key, ast.Constant)}
            if isinstance(entry, ast.Dict) else {}
        )  # fmt: skip
        if not {"model", "gdrive_id"} <= set(fields) <= _FIELDS:
            expected = "a dictionary with 'model', 'gdrive_id' and perhaps 'preprocessing'"
            self._problem(path, entry, ast.unparse(entry)[:80], expected)
            return None
        drive_ids = self._drive_ids(path, fields["gdrive_id"])
        loader = None if drive_ids else _self_loading(fields["model"])
        if drive_ids is None or (not drive_ids and loader is None):
            if drive_ids is not None:
                expected = "a file on Google Drive, or a model with pretrained=True"
                self._problem(path, entry, "neither", expected)
            return None
        preprocessing = fields.get("preprocessing")
        return Checkpoint(
            drive_ids, loader, self.urls.get(loader or ""),
            None if preprocessing is None else str(getattr(preprocessing, "value", None)),
        )  # fmt: skip

    def _drive_ids(self, path: str, node: ast.expr) -> tuple[str, ...] | None:
        elements = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
        values = [element.value if isinstance(element, ast.Constant) else element for element in elements]
        if any(not (value is None or isinstance(value, str)) for value in values):
            self._problem(
                path, node, ast.unparse(node), "a file's id on Google Drive, a list of them or None"
            )
            return None
        return tuple(value for value in values if isinstance(value, str) and value)

    def _home(self, path: str, variable: ast.expr) -> str | None:
        name = ast.unparse(variable)
        homes = [module for module, names in self.variables.items() if name in names and module != path]
        if len(homes) != 1:
            found = f"{name} in {', '.join(homes) or 'no file'}"
            self._problem(path, variable, found, f"a variable of exactly one file of {ZOO}")
            return None
        return homes[0]

    def _enum(self, path: str, node: ast.expr) -> str | None:
        value = self.enums.get(ast.unparse(node))
        if value is None:
            self._problem(path, node, ast.unparse(node), f"a member of {ZOO}/enums.py")
        return value

    def _pairs(self, path: str, node: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
        """Of ``OrderedDict([(a, b), ...])``."""
        call = isinstance(node, ast.Call) and ast.unparse(node.func) == "OrderedDict" and len(node.args) == 1
        elements = node.args[0] if call and isinstance(node, ast.Call) else None
        if not isinstance(elements, ast.List):
            self._problem(path, node, ast.unparse(node)[:80], "OrderedDict([(key, value), ...])")
            return
        for element in elements.elts:
            if isinstance(element, ast.Tuple) and len(element.elts) == 2:
                yield element.elts[0], element.elts[1]
            else:
                self._problem(path, element, ast.unparse(element)[:80], "a pair (key, value)")

    def _problem(self, path: str, node: ast.expr, found: str, expected: str) -> None:
        place = f"{PurePosixPath(path)}, line {node.lineno}, column {node.col_offset + 1}"
        self.problems.append(f"{place}: found {show(found)}, expected {expected}")


def _assignments(body: list[ast.stmt]) -> Assignments:
    found: Assignments = {}
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
        if value is not None:
            found |= {target.id: value for target in targets if isinstance(target, ast.Name)}
    return found


def _self_loading(model: ast.expr) -> str | None:
    """The name that timm, or the call that torchvision, is asked for with ``pretrained=True``."""
    for node in ast.walk(model):
        if isinstance(node, ast.Call) and any(
            keyword.arg == "pretrained" and getattr(keyword.value, "value", None) is True
            for keyword in node.keywords
        ):
            first = node.args[0] if node.args else None
            asked = first.value if isinstance(first, ast.Constant) else None
            return asked if isinstance(asked, str) else ast.unparse(node.func)
    return None


def _registered_urls(modules: Iterable[ast.Module]) -> Iterator[tuple[str, str]]:
    """Addresses of ``default_cfgs = {name: _cfg(url=...)}``."""
    for tree in modules:
        table = _assignments(tree.body).get("default_cfgs")
        if not isinstance(table, ast.Dict):
            continue
        for key, value in zip(table.keys, table.values, strict=True):
            keywords = value.keywords if isinstance(value, ast.Call) else []
            for keyword in keywords:
                address = getattr(keyword.value, "value", None)
                if keyword.arg == "url" and isinstance(key, ast.Constant) and isinstance(address, str):
                    yield str(key.value), address
