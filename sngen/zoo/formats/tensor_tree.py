"""Where in nested dictionaries and lists the tensors are: the catalogue's ``weights_key`` and ``_prefix``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sngen.zoo.formats.arrays import Array
from sngen.zoo.formats.refusal import Refused

_STEPS = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_MAX_DEPTH = 3
_MAX_VISITED = 10_000
DATA_PARALLEL = "module."  # what torch.nn.DataParallel puts before every name


def at_key(loaded: Any, key: str | None, is_tensor: Any) -> Mapping[str, Any]:
    """The dictionary of tensors by name at ``key`` (``state_dict``, ``net[0]``, ``ema.model``).

    Without a key: the object itself, or else the only dictionary of tensors by name within it.
    """
    if key is not None:
        return _tensors_by_name(_follow(loaded, key), f"what is at {key}", is_tensor)
    places = candidates(loaded, is_tensor)
    if "" in places or not places:
        return _tensors_by_name(loaded, "the whole file", is_tensor)
    if len(places) > 1:
        raise Refused(
            f"tensors by name at {', '.join(sorted(places))}", "one of these as the catalogue's weights_key"
        )
    return next(iter(places.values()))


def _follow(loaded: Any, key: str) -> Any:
    here, passed = loaded, ""
    if isinstance(loaded, dict) and key in loaded:  # a name may hold dots itself
        return dict.__getitem__(loaded, key)
    if "".join(match.group() for match in _STEPS.finditer(key)) != key.replace(".", ""):
        raise Refused(f"the weights_key {key!r}", "names joined by dots, and numbers in brackets")
    for match in _STEPS.finditer(key):
        name, number = match.groups()
        if name is not None and isinstance(here, dict) and name in here:
            here = dict.__getitem__(here, name)
        elif number is not None and isinstance(here, (list, tuple)) and int(number) < len(here):
            here = here[int(number)]
        else:
            raise Refused(f"no {match.group()} in {_describe(here)} ({passed or 'the whole file'})", key)
        passed += f".{name}" if name is not None and passed else match.group()
    return here


def candidates(loaded: Any, is_tensor: Any) -> dict[str, Mapping[str, Any]]:
    """Every place that holds a non-empty dictionary of tensors by name and nothing else."""
    found: dict[str, Mapping[str, Any]] = {}
    waiting, seen = [("", loaded, 0)], {id(loaded)}
    while waiting and len(seen) < _MAX_VISITED:
        place, here, depth = waiting.pop()
        if isinstance(here, dict):
            if here and all(isinstance(name, str) and is_tensor(value) for name, value in here.items()):
                found[place] = here
                continue
            inner = [(f"{place}.{name}" if place else name, value) for name, value in here.items()
                     if isinstance(name, str)]  # fmt: skip
        elif isinstance(here, (list, tuple)):
            inner = [(f"{place}[{number}]", value) for number, value in enumerate(here[:_MAX_VISITED])]
        else:
            continue
        for name, value in inner:
            if depth < _MAX_DEPTH and isinstance(value, (dict, list, tuple)) and id(value) not in seen:
                seen.add(id(value))
                waiting.append((name, value, depth + 1))
    return found


def _tensors_by_name(here: Any, where: str, is_tensor: Any) -> Mapping[str, Any]:
    expected = "a non-empty dictionary of tensors by name"
    if not isinstance(here, dict) or not here:
        raise Refused(f"{_describe(here)} ({where})", expected)
    for name, value in here.items():
        if not isinstance(name, str) or not is_tensor(value):
            raise Refused(f"{_describe(value)} under {str(name)[:80]!r} ({where})", expected)
    return here


def _describe(value: Any) -> str:
    if isinstance(value, dict):
        names = ", ".join(str(name)[:40] for name in list(value)[:8])
        return f"a dictionary of {names or 'nothing'}{', ...' if len(value) > 8 else ''}"
    return f"{type(value).__name__} {value!r}"[:80] if value is None else f"a {type(value).__name__}"


def without_prefix(tensors: Mapping[str, Array], prefix: str | None) -> tuple[dict[str, Array], list[str]]:
    """The tensors whose names begin with ``prefix``, without it, and the names of the others.

    Without a prefix: ``module.`` is taken off where every name has it, and nothing is left out.
    """
    if prefix is None:
        everywhere = all(name.startswith(DATA_PARALLEL) for name in tensors)
        return {name.removeprefix(DATA_PARALLEL) if everywhere else name: array
                for name, array in tensors.items()}, []  # fmt: skip
    kept = {name[len(prefix) :]: array for name, array in tensors.items() if name.startswith(prefix)}
    if not kept:
        raise Refused(
            f"no name that begins with {prefix!r} among {', '.join(list(tensors)[:5])}", "the weights_prefix"
        )
    return kept, [name for name in tensors if not name.startswith(prefix)]
