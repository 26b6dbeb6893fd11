"""Tables as Arrow and Parquet, with the types of the data contract and nothing inferred from the values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sngen.schema import Kind, Table

Row = Mapping[str, Any]

ARROW_TYPES: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "bytes": pa.binary(),
    "texts": pa.list_(pa.string()),
    "ints": pa.list_(pa.int64()),
    "floats": pa.list_(pa.float64()),
}
#: Nullable whole numbers and truth values stay what they are in pandas instead of turning into floats.
PANDAS_TYPES = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
ROW_GROUP = 10_000


def arrow_schema(table: Table) -> pa.Schema:
    """The table's columns in order. Types come from the contract, so an all-null column keeps its own."""
    return pa.schema([pa.field(column.name, ARROW_TYPES[column.kind]) for column in table])


def to_arrow(table: Table, rows: Iterable[Row]) -> pa.Table:
    """Rows in the order of the primary key, so that equal content is equal whatever order it came in."""
    ordered = sorted(rows, key=lambda row: tuple(str(row[part]) for part in table.key))
    return pa.Table.from_pylist([dict(row) for row in ordered], schema=arrow_schema(table))


def to_rows(arrow: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = arrow.to_pylist()
    return rows


def to_frame(table: Table, arrow: pa.Table) -> pd.DataFrame:
    """Unknown is ``pd.NA``, NaN or None by column type: ask ``pd.isna``. Lists are Python lists."""
    plain: pd.DataFrame = arrow.to_pandas(types_mapper=PANDAS_TYPES.get)
    lists = {
        column.name: pd.Series(arrow[column.name].to_pylist(), dtype=object)
        for column in table
        if column.is_list
    }
    return plain.assign(**lists)


def write_parquet(arrow: pa.Table, path: Path) -> None:
    """Same bytes for the same content and the same version of pyarrow: no timestamp, no pandas metadata.

    An empty table has no row group at all: ``datasets`` 5.2 cannot read a row group without rows.
    """
    options = {"version": "2.6", "compression": "zstd", "compression_level": 9, "store_schema": False}
    with pq.ParquetWriter(path, arrow.schema, **options) as writer:
        if arrow.num_rows:
            writer.write_table(arrow, row_group_size=ROW_GROUP)


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """One file's table. ``partitioning`` is off: folder names are no columns."""
    return pq.read_table(path, columns=columns, partitioning=None)
