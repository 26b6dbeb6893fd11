"""Values of the expressions that a Python module writes its tables of weights with. Nothing is executed."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reference:
    """A name that is not defined here, such as ``InterpolationMode.BICUBIC``."""

    name: str

    @property
    def last(self) -> str:
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class Call:
    """``partial(ImageClassification, crop_size=224)``: what is called, arguments by position and by name."""

    function: str
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]


class NotUnderstood(Exception):
    """An expression of another kind than this reads; ``line`` is where. It becomes a ``DataProblem`` where
    the file is known."""

    def __init__(self, node: ast.AST) -> None:
        super().__init__(ast.unparse(node))
        self.line: int = getattr(node, "lineno", 0)


def evaluate(node: ast.expr, names: Mapping[str, ast.expr]) -> Any:
    """The value. ``names`` are assignments of the module (and of those that it imports from); a name that is
    not among them is a ``Reference``. Raises ``NotUnderstood`` for anything but literals, names, tuples,
    lists, dictionaries with ``**``, quotients, signs and calls with plain arguments."""
    match node:
        case ast.Constant():
            found: Any = node.value
        case ast.Tuple() | ast.List():
            found = [evaluate(element, names) for element in node.elts]
        case ast.Dict():
            found = _dictionary(node, names)
        case ast.Name():
            found = evaluate(names[node.id], names) if node.id in names else Reference(node.id)
        case ast.Attribute():
            found = Reference(ast.unparse(node))
        case ast.UnaryOp(op=ast.USub()):
            found = -evaluate(node.operand, names)
        case ast.BinOp(op=ast.Div()):
            found = evaluate(node.left, names) / evaluate(node.right, names)
        case ast.Call():
            found = _call(node, names)
        case _:
            raise NotUnderstood(node)
    return found


def assignments(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """``name = expression`` and ``name: type = expression`` in order; the last one of a name counts."""
    found: dict[str, ast.expr] = {}
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]):
                found[name] = statement.value
            case ast.AnnAssign(target=ast.Name(id=name)) if statement.value is not None:
                found[name] = statement.value
    return found


def _dictionary(node: ast.Dict, names: Mapping[str, ast.expr]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        inner = evaluate(value, names)
        if key is not None:
            found[evaluate(key, names)] = inner
        elif isinstance(inner, dict):
            found |= inner
        else:
            raise NotUnderstood(value)
    return found


def _call(node: ast.Call, names: Mapping[str, ast.expr]) -> Any:
    """``float("nan")`` says that there is no number: None."""
    arguments = tuple(evaluate(argument, names) for argument in node.args)
    if isinstance(node.func, ast.Name) and node.func.id == "float" and arguments == ("nan",):
        return None
    if any(keyword.arg is None for keyword in node.keywords):
        raise NotUnderstood(node)
    keywords = {keyword.arg or "": evaluate(keyword.value, names) for keyword in node.keywords}
    return Call(ast.unparse(node.func), arguments, keywords)
