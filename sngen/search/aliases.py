"""Ids of models that were renamed, and the nearest ids to one that is none."""

from __future__ import annotations

from collections.abc import Iterable

from sngen.errors import UsageError
from sngen.schema import ALIASES, MODELS
from sngen.search.fields import nearest
from sngen.search.library import Library


def known_ids(library: Library) -> dict[str, str]:
    """Every id that names a model, former ones included -> the id that it has now."""
    now = {row[MODELS.c.model_id]: row[MODELS.c.model_id] for row in library.rows(MODELS)}
    former = {row[ALIASES.c.alias]: row[ALIASES.c.model_id] for row in library.rows(ALIASES)}
    found = dict(now)
    for alias in former:
        name, seen = alias, {alias}
        while name in former and name not in now and former[name] not in seen:
            name = former[name]
            seen.add(name)
        if name in now:
            found.setdefault(alias, name)
    return found


def resolve(model_id: str, library: Library) -> str:
    """The model's present id. Raises ``UsageError`` with the nearest ids."""
    found = known_ids(library)
    if model_id in found:
        return found[model_id]
    alike = nearest_ids(model_id, found)
    hint = f" Nearest: {', '.join(alike)}." if alike else ""
    raise UsageError(f"no model {model_id!r} in {library.place}.{hint} 'sngen models WORDS' searches.")


def nearest_ids(model_id: str, known: Iterable[str]) -> list[str]:
    """Ids that hold all parts of the given one come first, then those with few letters apart."""
    wanted = model_id.lower()
    ids = list(known)
    parts = [part for part in wanted.replace("_", "/").split("/") if part]
    holding = sorted((one for one in ids if parts and all(part in one for part in parts)), key=len)[:3]
    last = wanted.rpartition("/")[2]
    named = sorted((one for one in ids if last and one.rpartition("/")[2] == last), key=len)[:3]
    return list(dict.fromkeys([*named, *holding, *nearest(wanted, ids)]))[:4]
