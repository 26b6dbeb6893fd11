"""Two releases side by side. Derived tables are consequences and never count as changes of their own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from sngen.catalog.differences import PLACES
from sngen.release.changes.contents import Tables, keyed, renamed
from sngen.release.changes.rows import Cell, RowChanges, differing, row_changes
from sngen.release.changes.scores import ScoreChanges, score_changes
from sngen.schema import (
    DATASETS,
    FINDINGS,
    MODELS,
    PROJECTS,
    RELATIVES,
    SCORES,
    SOURCES,
    Table,
)

#: Tables of facts whose rows are compared cell by cell, beside the scores.
FACTS = (MODELS, DATASETS, PROJECTS, SOURCES, RELATIVES)


@dataclass(frozen=True)
class Columns:
    """``retyped``: column -> (type before, type now)."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    retyped: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Changes:
    """What changed. ``renamed``: former id -> present id; ``facts`` and ``columns`` by table;
    ``protocols_removed``: versions under which scores stood before and none does now; ``altered``: protocols
    whose settings are others for a score that both releases have; ``verdicts``: of claims, a consequence;
    ``touched``: tables with any other cell at all, such as when and how a number was measured again."""

    tables_added: tuple[str, ...]
    tables_removed: tuple[str, ...]
    columns: dict[str, Columns]
    renamed: dict[str, str]
    facts: dict[str, RowChanges]
    scores: ScoreChanges
    units_changed: tuple[str, ...]
    protocols_added: tuple[str, ...]
    protocols_removed: tuple[str, ...]
    altered: tuple[str, ...]
    verdicts: tuple[Cell, ...]
    touched: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(old: Tables, new: Tables, only: Collection[str] | None = None) -> Changes:
    """``only``: ids of models, former or present; then nothing but them and their scores is compared."""
    names = renamed(old, new)
    before = {table.name: keyed(old, table.name, names) for table in (*FACTS, SCORES, FINDINGS)}
    after = {table.name: keyed(new, table.name, {}) for table in (*FACTS, SCORES, FINDINGS)}
    facts: tuple[Table, ...] = FACTS
    if only is not None:
        chosen = {names.get(one, one) for one in only}
        names = {was: now for was, now in names.items() if now in chosen}
        facts = (MODELS,)
        for frames in (before, after):
            for table in (MODELS, SCORES):
                rows = frames[table.name]
                frames[table.name] = rows[rows[MODELS.c.model_id].isin(chosen)]
    was, now = before[SCORES.name], after[SCORES.name]
    protocols_was, protocols_now = _protocols(was), _protocols(now)
    return Changes(
        tuple(sorted(set(new) - set(old))),
        tuple(sorted(set(old) - set(new))),
        _columns(old, new),
        names,
        {table.name: row_changes(before[table.name], after[table.name], PLACES) for table in facts},
        score_changes(was, now, before[SOURCES.name], after[SOURCES.name]),
        tuple(_where(was, now, SCORES.c.unit)),
        tuple(sorted(protocols_now - protocols_was)),
        tuple(sorted(protocols_was - protocols_now)),
        tuple(_altered(was, now)),
        () if only is not None else _verdicts(before[FINDINGS.name], after[FINDINGS.name]),
        ()
        if only is not None
        else tuple(sorted(name for name in {*old, *new} if not _equal(old, new, name))),
    )


def _columns(old: Tables, new: Tables) -> dict[str, Columns]:
    """Of the tables whose columns changed."""
    found = {}
    for name in sorted(set(old) & set(new)):
        was = {field.name: _type(field.type) for field in old[name].schema}
        now = {field.name: _type(field.type) for field in new[name].schema}
        retyped = {one: (was[one], now[one]) for one in sorted(set(was) & set(now)) if was[one] != now[one]}
        added, removed = tuple(sorted(set(now) - set(was))), tuple(sorted(set(was) - set(now)))
        if added or removed or retyped:
            found[name] = Columns(added, removed, retyped)
    return found


def _equal(old: Tables, new: Tables, name: str) -> bool:
    if name not in old or name not in new or old[name].column_names != new[name].column_names:
        return False
    was, now = old[name], new[name]
    if [_type(kind) for kind in was.schema.types] != [_type(kind) for kind in now.schema.types]:
        return False
    return bool(was.equals(now.cast(was.schema)))


def _type(kind: pa.DataType) -> str:
    """Parquet names what is in a list otherwise than Arrow does."""
    return f"list of {kind.value_type}" if pa.types.is_list(kind) else str(kind)


def _protocols(scores: pd.DataFrame) -> set[str]:
    return set(scores[SCORES.c.protocol].dropna()) if SCORES.c.protocol in scores else set()


def _where(was: pd.DataFrame, now: pd.DataFrame, column: str) -> list[str]:
    """Keys of the rows of both in which a column differs."""
    if column not in was or column not in now:
        return []
    both = was.index.intersection(now.index, sort=False)
    return sorted(both[differing(was.loc[both, column], now.loc[both, column])])


def _altered(was: pd.DataFrame, now: pd.DataFrame) -> list[str]:
    """Protocols, by name and tier, under which a score of both releases has other settings."""
    other = _where(was, now, SCORES.c.arguments)
    elsewhere = set(_where(was, now, SCORES.c.tier))
    same_tier = [key for key in other if key not in elsewhere]
    names = now.loc[same_tier, [SCORES.c.protocol, SCORES.c.tier]].drop_duplicates().to_numpy()
    return sorted(f"{protocol} at the tier {tier}" for protocol, tier in names)


def _verdicts(was: pd.DataFrame, now: pd.DataFrame) -> tuple[Cell, ...]:
    column = FINDINGS.c.verdict
    keys = _where(was, now, column)
    return tuple(Cell(key, column, was.at[key, column], now.at[key, column]) for key in keys)
