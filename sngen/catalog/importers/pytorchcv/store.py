"""The list of published files in ``model_store.py``, read with ``ast`` and never executed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sngen.catalog.upstream import UpstreamFile
from sngen.errors import DataProblem
from sngen.validation import show

VARIABLE = "_model_sha1"
#: The names that the list gives the parts of an entry, and what each must be.
FIELDS: Mapping[str, str | type[int] | type[float]] = {
    "name": r"[a-z0-9_]+", "error": r"\d{4}", "checksum": r"[0-9a-f]{40}",
    "repo_release_tag": r"v\d+(\.\d+)+", "caption": r".*", "paper": r"(\d{4}\.\d{4,5})?",
    "ds": r"[a-z0-9]+", "img_size": int, "scale": float, "batch": int, "rem": r".*",
}  # fmt: skip


@dataclass(frozen=True)
class StoreEntry:
    """``error`` is four digits, as in the file's name. Sizes of 0 and empty texts say nothing."""

    line: int
    name: str
    error: str
    sha1: str
    release: str
    caption: str
    paper: str
    size: int
    crop: float


def read_store(file: UpstreamFile) -> dict[str, StoreEntry]:
    """Entries by name. Raises ``DataProblem`` with everything in the list that is not as expected."""
    try:
        module = ast.parse(file.text)
    except SyntaxError as error:
        problem = f"{file.path}, line {error.lineno}: found {error.msg}, expected Python source"
        raise DataProblem([problem]) from error
    entries: dict[str, StoreEntry] = {}
    problems: list[str] = []
    for node in _list_of_entries(module, file.path):
        place = f"{file.path}, line {node.lineno}"
        values, wrong = _values(node, place)
        problems += wrong
        if wrong:
            continue
        entry = StoreEntry(
            node.lineno, values["name"], values["error"], values["checksum"], values["repo_release_tag"],
            values["caption"], values["paper"], values["img_size"], values["scale"],
        )  # fmt: skip
        if entry.name in entries:
            problems.append(
                f"{place}: found {show(entry.name)} a second time (first: line {entries[entry.name].line}), "
                "expected each name once"
            )
        entries[entry.name] = entry
    if problems:
        raise DataProblem(problems)
    return entries


def _list_of_entries(module: ast.Module, path: str) -> list[ast.expr]:
    """The elements of ``_model_sha1 = {... for <names> in [<elements>]}``."""
    for node in module.body:
        if isinstance(node, ast.Assign) and _names(node.targets[0]) == (VARIABLE,):
            if isinstance(node.value, ast.DictComp):
                (generator,) = node.value.generators[:1]
                names = _names(generator.target)
                if names == tuple(FIELDS) and isinstance(generator.iter, ast.List):
                    return generator.iter.elts
            found = f"another form of {VARIABLE}"
            break
    else:
        node, found = None, f"no {VARIABLE}"
    place = path if node is None else f"{path}, line {node.lineno}"
    expected = f"a dictionary made for {', '.join(FIELDS)} in a list of tuples"
    raise DataProblem([f"{place}: found {found}, expected {expected}. The importer must be adapted."])


def _names(target: ast.expr) -> tuple[str, ...]:
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    return tuple(part.id for part in parts if isinstance(part, ast.Name))


def _values(node: ast.expr, place: str) -> tuple[dict[str, Any], list[str]]:
    try:
        values = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return {}, [f"{place}: found an expression, expected a tuple of constants"]
    if not isinstance(values, tuple) or len(values) != len(FIELDS):
        return {}, [f"{place}: found {show(values)}, expected a tuple of {', '.join(FIELDS)}"]
    named = dict(zip(FIELDS, values, strict=True))
    return named, list(_malformed(named, place))


def _malformed(named: Mapping[str, Any], place: str) -> Iterator[str]:
    for field, form in FIELDS.items():
        value = named[field]
        if isinstance(form, str):
            if not isinstance(value, str) or not re.fullmatch(form, value):
                yield f"{place}, {field}: found {show(value)}, expected a text matching {form}"
        elif type(value) is not form or value < 0:
            yield f"{place}, {field}: found {show(value)}, expected a number of type {form.__name__}"
