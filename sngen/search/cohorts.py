"""A chosen set of models as an object: its ids, a hash of them, and the query that found them.

The hash is that of the set alone: SHA-256 over the sorted ids, one a line, shortened to 16 hexadecimal
digits. Two queries that find the same models make one cohort. Ids are for ever (renamed models keep an
alias), so that a cohort resolves whatever the catalogue has become.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sngen.canonical import content_hash
from sngen.errors import CheckFailed, UsageError
from sngen.schema import ID_PATTERN, MODELS
from sngen.search.aliases import known_ids
from sngen.search.library import CatalogLibrary, Library
from sngen.search.select import Selection
from sngen.whole_files import write_files

HASH = re.compile(r"[0-9a-f]{16}")
FOLDER = "cohorts"
FIELDS = ("cohort", "name", "query", "typed", "catalogue", "models")


@dataclass(frozen=True)
class Cohort:
    """``query`` is the normal form and ``typed`` what was asked; ``catalogue`` the SHA-256 over the ids of
    all models that there were to choose from. All three, and ``name``, only tell where the set comes from."""

    models: tuple[str, ...]
    name: str | None = None
    query: str | None = None
    typed: str | None = None
    catalogue: str | None = None

    @property
    def hash(self) -> str:
        return cohort_hash(self.models)

    def to_bytes(self) -> bytes:
        body = {
            "cohort": self.hash, "name": self.name, "query": self.query, "typed": self.typed,
            "catalogue": self.catalogue, "models": list(self.models),
        }  # fmt: skip
        return json.dumps(body, indent=1, ensure_ascii=False).encode() + b"\n"


@dataclass(frozen=True)
class Resolved:
    """A cohort's models today. ``renamed``: former id -> present id; ``gone``: ids that name no model now."""

    cohort: Cohort
    present: tuple[str, ...]
    renamed: dict[str, str]
    gone: tuple[str, ...]


def cohort_hash(model_ids: Iterable[str]) -> str:
    """16 hexadecimal digits for a set of ids, whatever their order."""
    return hashlib.sha256("".join(f"{one}\n" for one in sorted(set(model_ids))).encode()).hexdigest()[:16]


def make_cohort(selection: Selection, library: Library, typed: str, name: str | None = None) -> Cohort:
    """Raises ``UsageError`` for a selection without models."""
    models = tuple(sorted(selection.model_ids))
    if not models:
        raise UsageError(f"no model is found by {selection.query.text!r}; a cohort has at least one.")
    all_ids = sorted(row[MODELS.c.model_id] for row in library.rows(MODELS))
    return Cohort(models, name, selection.query.text, typed, content_hash(all_ids))


def read_cohort(path: Path) -> Cohort:
    """Raises ``UsageError`` if there is no such file and ``CheckFailed`` if it is not what was written."""
    try:
        body = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror or error}).") from error
    except ValueError as error:
        raise CheckFailed(f"{path}: no JSON ({error}); expected a cohort.") from error
    problems = list(_problems(body))
    if problems:
        raise CheckFailed("\n".join(f"{path}: {problem}" for problem in problems))
    cohort = Cohort(tuple(sorted(body["models"])), *(body[name] for name in FIELDS[1:-1]))
    if cohort.hash != body["cohort"]:
        raise CheckFailed(
            f"{path}: its models make the cohort {cohort.hash}, but it says {body['cohort']}; it was edited. "
            f"Restore it, or make another with 'sngen cohort make'."
        )
    return cohort


def _problems(body: Any) -> Iterable[str]:
    if not isinstance(body, dict) or tuple(body) != FIELDS:
        found = ", ".join(map(str, body)) if isinstance(body, dict) else type(body).__name__
        yield f"found {found}; expected an object with the fields {', '.join(FIELDS)}"
        return
    if not isinstance(body["cohort"], str) or not HASH.fullmatch(body["cohort"]):
        yield f"cohort is {body['cohort']!r}, expected 16 hexadecimal digits"
    for field in FIELDS[1:-1]:
        if body[field] is not None and not isinstance(body[field], str):
            yield f"{field} is {body[field]!r}, expected a text or null"
    models = body["models"]
    if not isinstance(models, list) or not models:
        yield "models is no list of ids, or empty"
        return
    wrong = [one for one in models if not isinstance(one, str) or not re.fullmatch(ID_PATTERN, one)]
    if wrong:
        yield f"models holds {', '.join(map(repr, wrong[:5]))}; expected ids of models"
    elif len(set(models)) < len(models):
        yield "models holds an id twice"


def find_cohort(name: str, folder: Path) -> Cohort:
    """By file, or by hash in ``folder``; the beginning of a hash is enough if only one fits."""
    path = Path(name)
    if path.suffix or path.exists() or not re.fullmatch(r"[0-9a-f]{4,16}", name):
        return read_cohort(path)
    found = sorted(folder.glob(f"{name}*.json"))
    if len(found) == 1:
        return read_cohort(found[0])
    kept = sorted(other.stem for other in folder.glob("*.json"))
    what = f"several cohorts begin with {name}: {', '.join(p.stem for p in found)}" if found else (
        f"no cohort {name} in {folder}; there {'are ' + ', '.join(kept) if kept else 'is none'}"
    )  # fmt: skip
    raise UsageError(f"{what}. Give a file, or a hash of a cohort that is kept there.")


def cohort_folder(library: Library) -> Path:
    """Where cohorts are kept to be found by hash: beside the catalogue."""
    if not isinstance(library, CatalogLibrary):
        return Path("data") / FOLDER
    return library.folder.parent / FOLDER


def resolve_cohort(cohort: Cohort, library: Library) -> Resolved:
    """The cohort's models by the ids that they have now, in the cohort's order, each once."""
    now = known_ids(library)
    renamed = {one: now[one] for one in cohort.models if one in now and now[one] != one}
    gone = tuple(one for one in cohort.models if one not in now)
    return Resolved(
        cohort, tuple(dict.fromkeys(now[one] for one in cohort.models if one in now)), renamed, gone
    )


def write_cohort(cohort: Cohort, path: Path) -> None:
    write_files({path: cohort.to_bytes()})
