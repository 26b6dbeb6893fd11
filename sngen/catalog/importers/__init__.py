"""Importers: one module per source (a package where its rules fill several files), found by its name.

Each has an ``IMPORTER``. It turns files of the upstream repository into catalogue tables and an audit. A
module's name is the source's id with ``_`` for ``-``.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sngen.catalog.audit import Entry
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Vocabulary
from sngen.errors import UsageError

Tables = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Imported:
    """Rows by table name, and the audit's entries."""

    tables: Tables
    audit: list[Entry]


@dataclass(frozen=True)
class Importer:
    """``files`` are the paths, within the repository, of what ``convert`` reads; ``*`` and ``**`` stand for
    parts of a name and for folders. ``package`` is set where the upstream is an installed package.
    ``convert`` raises ``DataProblem`` with everything that it cannot make sense of."""

    title: str
    repository: str
    files: tuple[str, ...]
    convert: Callable[[Upstream, Vocabulary], Imported]
    package: str | None = None


def importer_names() -> list[str]:
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))


def find_importer(source: str) -> Importer:
    """Raises ``UsageError`` with the nearest names for a source that has no importer."""
    names = importer_names()
    if source not in names:
        nearest = difflib.get_close_matches(source, names, n=3, cutoff=0.4) or names
        raise UsageError(f"no importer for {source!r}. Nearest: {', '.join(nearest)}.")
    module = importlib.import_module(f"{__name__}.{source.replace('-', '_')}")
    importer: Importer = module.IMPORTER
    return importer
