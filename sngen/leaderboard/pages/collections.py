"""What is counted and not split into models: collections of networks, and publications with weights."""

from __future__ import annotations

from typing import Any

from sngen.leaderboard.board_table import column_title
from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.numbers import plural
from sngen.leaderboard.page import Body, Page
from sngen.leaderboard.snapshot import Row
from sngen.leaderboard.tables import DataColumn, DataTable
from sngen.schema import PROJECT_KINDS, PROJECTS

PATH = "collections.md"
_P = PROJECTS.c
_TITLES = {_P.model_count: "Networks", _P.security_role: "Part in research on security", _P.project_id: "Id"}
_FACETS = frozenset(
    (_P.kind, _P.dataset_id, _P.security_role, _P.venue_type, _P.year, _P.license_scope, _P.source_id)
)
_SHOWN = frozenset(
    (_P.title, _P.kind, _P.model_count, _P.dataset_id, _P.security_role, _P.venue, _P.year, _P.weights_url)
)
_KINDS: dict[str, Any] = {"int": "number", "texts": "tags"}


def collections_page(context: Context) -> Page:
    body = Body(PATH)
    projects = sorted(context.snapshot.projects, key=_place)
    stated = sum(row[_P.model_count] or 0 for row in projects)
    unknown = sum(row[_P.model_count] is None for row in projects)
    body.add(
        f"<p>Public weights that are known and not split into models of this catalogue: "
        f"{plural(len(projects), 'entry', 'entries')}, {stated:,} networks as far as a number is stated, "
        f"{plural(unknown, 'entry', 'entries')} without one. None of them is counted as a model.</p>",
        "<ul>"
        + "".join(f"<li>{text(kind)}: {text(meaning)}</li>" for kind, meaning in PROJECT_KINDS.items())
        + "</ul>",
    )
    if projects:
        body.table(_table(projects))
    return body.page("Collections")


def _place(project: Row) -> tuple[str, int, str]:
    return project[_P.kind], -(project[_P.model_count] or 0), project[_P.project_id]


def _table(projects: list[Row]) -> DataTable:
    columns = []
    for name in (_P.title, *(name for name in PROJECTS.names if name != _P.title)):
        column = PROJECTS.by_name[name]
        values = [project[name] for project in projects]
        if all(value in (None, []) for value in values):
            continue
        kind: Any = "url" if name in {_P.paper_url, _P.weights_url} else _KINDS.get(column.kind, "text")
        columns.append(
            DataColumn(
                name, _TITLES.get(name) or column_title(name), kind, values, column.description, column.unit,
                facet=name in _FACETS, visible=name in _SHOWN, digits=0 if kind == "number" else None,
            )
        )  # fmt: skip
    return DataTable("collections", "Collections", _P.project_id, tuple(columns), noun="entries")
