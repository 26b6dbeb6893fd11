"""Tables of two releases made comparable: rows by key, former ids of models replaced by present ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa

from sngen.errors import CheckFailed
from sngen.release.columnar import read_parquet
from sngen.release.manifest import read_manifest
from sngen.schema import ALIASES, MODELS, SCORES, TABLES

Tables = Mapping[str, pa.Table]

#: Columns that hold the id of a model.
_MODEL_COLUMNS = (MODELS.c.model_id, "model_a", "model_b")


def tables_of(folder: Path) -> dict[str, pa.Table]:
    """Every table that the release in ``folder`` has, also one that the contract of today does not know.

    Raises ``UsageError`` if it is no release, ``CheckFailed`` for a table that cannot be read.
    """
    tables = {}
    for name, entry in read_manifest(folder)["tables"].items():
        try:
            tables[name] = read_parquet(folder / entry["path"])
        except (OSError, KeyError, TypeError, pa.ArrowException) as error:
            raise CheckFailed(
                f"{folder}: the table {name} is not readable ({error}). Download the release again."
            ) from error
    return tables


def renamed(old: Tables, new: Tables) -> dict[str, str]:
    """Former id -> present id, of the models of ``old`` that ``new`` knows by another id."""
    if ALIASES.name not in new:
        return {}
    before, after = _ids(old), _ids(new)
    aliases = new[ALIASES.name].select([ALIASES.c.alias, ALIASES.c.model_id]).to_pylist()
    names = {row[ALIASES.c.alias]: row[ALIASES.c.model_id] for row in aliases}
    gone = sorted((before - after) & set(names))
    return {one: names[one] for one in gone if names[one] in after}


def _ids(tables: Tables) -> set[str]:
    if MODELS.name not in tables:
        return set()
    return set(tables[MODELS.name][MODELS.c.model_id].to_pylist())


def keyed(tables: Tables, name: str, names: Mapping[str, str]) -> pd.DataFrame:
    """The table with its key as index, models by the ids of ``names``; empty if the release lacks it."""
    table = TABLES[name]
    if name not in tables or not set(table.key) <= set(tables[name].column_names):
        return pd.DataFrame(columns=list(table.names))
    frame: pd.DataFrame = tables[name].to_pandas()
    for column in tables[name].schema:
        if pa.types.is_list(column.type):
            values = tables[name][column.name].to_pylist()
            frame[column.name] = [None if value is None else json.dumps(value) for value in values]
    frame = _with_present_ids(frame, names)
    key = frame[table.key[0]].astype(str)
    for part in table.key[1:]:
        key = key + ":" + frame[part].astype(str)
    frame.index = pd.Index(key.to_numpy(), name="key")
    return frame


def _with_present_ids(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    if not names:
        return frame
    if SCORES.c.score_id in frame and len(frame):
        moved = frame[SCORES.c.model_id].isin(list(names))
        pairs = zip(frame.loc[moved, SCORES.c.score_id], frame.loc[moved, SCORES.c.model_id], strict=True)
        frame.loc[moved, SCORES.c.score_id] = [names[model] + one[len(model) :] for one, model in pairs]
    for column in _MODEL_COLUMNS:
        if column in frame:
            frame[column] = frame[column].replace(dict(names))
    return frame
