"""Conditions as a command's arguments and options, or as keywords of Python, made into one query."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sngen.errors import UsageError
from sngen.search.fields import FIELDS, Field, field_named, find_field, nearest
from sngen.search.values import number_text, quoted_text

_OPERATOR = re.compile(r"\s*(==|!=|>=|<=|[=><~≥≤≠])\s*")
_ONE_TERM = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*\s*(?:==|!=|>=|<=|[=><~≥≤≠])\s*)([^\"'=><~≥≤≠]*)")
_COMMA = re.compile(r"\s*,\s*")


def query_of_arguments(arguments: Sequence[str], options: Sequence[str]) -> str:
    """Words and options as a shell hands them over, quotes gone. ``options``: the command's own, for hints.

    An argument such as ``publisher=Oleg Sémery`` is one term: the user had it in quotes; ``--year 2018..``
    and ``--year=2018..`` are ``year=2018..``; a repeated option means either value.
    """
    terms: list[str] = []
    given: dict[str, list[str]] = {}
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if not argument.startswith("--") or argument == "--":
            terms.append("" if argument == "--" else _argument(argument))
            continue
        name, equals, value = argument[2:].partition("=")
        field = find_field(name)
        if field is None:
            raise UsageError(_unknown_option(name, options))
        if not equals:
            if not rest or rest[0].startswith("--"):
                raise UsageError(f"--{name} needs a value: --{name} VALUE, or --{name} known.")
            value = rest.pop(0)
        given.setdefault(field.name, []).append(value)
    for name, values in given.items():
        terms += _terms(field_named(name), values)
    return " ".join(filter(None, terms))


def query_of_keywords(words: Mapping[str, Any]) -> str:
    """Keywords of ``sngen.models``: see there for what values mean. Raises ``UsageError``."""
    terms = []
    for name, value in words.items():
        if name == "text":
            terms += [quoted_text(word, bare=True, named=True) for word in str(value).split()]
            continue
        field = field_named(name)
        terms += [f"{field.name}{term}" for term in _of_value(field, value)]
    return " ".join(terms)


def _of_value(field: Field, value: Any) -> list[str]:
    if value is None:
        return ["=unknown"]
    if isinstance(value, bool):
        return [f"={'true' if value else 'false'}"]
    if isinstance(value, str):
        return [term.removeprefix(field.name) for term in _terms(field, [value])]
    if isinstance(value, tuple) and field.kind == "number":
        if len(value) != 2:
            raise UsageError(
                f"{field.name}={value!r}: a tuple is a range and has two ends, (low, high), None where open; "
                f"a list holds alternatives."
            )
        return [f"={'..'.join('' if end is None else _number(end) for end in value)}"]
    if isinstance(value, (list, tuple, set, frozenset)) or hasattr(value, "tolist"):
        elements = sorted(value) if isinstance(value, (set, frozenset)) else list(value)
        if not elements:
            raise UsageError(f"{field.name} is given an empty list; leave it out, or give values.")
        return [f"={','.join(_one(element) for element in elements)}"]
    return [f"={_one(value)}"]


def _one(value: Any) -> str:
    return quoted_text(value) if isinstance(value, str) else _number(value)


def _number(value: Any) -> str:
    return number_text(float(value)) if isinstance(value, (int, float)) else str(value)


def _terms(field: Field, values: list[str]) -> list[str]:
    """Terms for the values of one option; a value may begin with an operator (``--year '>=2018'``)."""
    equal, terms = [], []
    for value in values:
        operator = _OPERATOR.match(value)
        if operator is None:
            equal.append(_in_quotes(value))
        else:
            terms.append(f"{field.name}{operator[1]}{_in_quotes(value[operator.end() :])}")
    return [*([f"{field.name}={','.join(equal)}"] if equal else []), *terms]


def _argument(argument: str) -> str:
    one = _ONE_TERM.fullmatch(argument)
    return one[1] + _in_quotes(one[2]) if one else argument


def _in_quotes(value: str) -> str:
    """Quotes around each of the values that has spaces, unless the user wrote quotes."""
    if any(mark in value for mark in "\"'") and not re.search(r"\w'\w", value):
        return value
    parts = _COMMA.split(value.strip())
    return ",".join(quoted_text(part) if re.search(r"\s", part) else part for part in parts)


def _unknown_option(name: str, options: Sequence[str]) -> str:
    known = [*options, *FIELDS, *(other for field in FIELDS.values() for other in field.aliases)]
    found = nearest(name.lower().replace("-", "_"), known)
    hint = f"; nearest: {', '.join(f'--{other}' for other in found)}" if found else ""
    return f"unknown option or field --{name}{hint}. 'sngen fields' lists the fields."
