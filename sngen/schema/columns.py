"""What a column and a table of the contract are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "int", "float", "bool", "bytes", "texts", "ints", "floats"]

ID_PATTERN = r"[a-z0-9][a-z0-9._+-]*(/[a-z0-9][a-z0-9._+-]*)*"
SHA256_PATTERN = r"[0-9a-f]{64}"
URL_PATTERN = r"https?://[^\s<>\"']+"
DATE_PATTERN = r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?"
PROTOCOL_PATTERN = r"[a-z]+/[1-9]\d*"


@dataclass(frozen=True)
class Column:
    """One column. ``kind`` ending in "s" (texts, ints, floats) is a list; bounds are inclusive."""

    name: str
    kind: Kind
    description: str
    unit: str | None = None
    required: bool = False
    allowed: tuple[str, ...] | None = None
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    references: str | None = None

    @property
    def is_list(self) -> bool:
        return self.kind in {"texts", "ints", "floats"}

    @property
    def expectation(self) -> str:
        """What a cell of this column must be, in words, for errors and the data dictionary."""
        kinds = {
            "text": "text", "int": "a whole number", "float": "a number", "bool": "true or false",
            "bytes": "bytes", "texts": "a list of texts", "ints": "a list of whole numbers",
            "floats": "a list of numbers",
        }  # fmt: skip
        words = kinds[self.kind]
        if self.allowed is not None:
            words = "one of " + ", ".join(self.allowed)
        if self.minimum is not None and self.maximum is not None:
            words += f" in [{self.minimum:g}, {self.maximum:g}]"
        elif self.minimum is not None:
            words += f" of at least {self.minimum:g}"
        if self.pattern is not None:
            words += f" matching {self.pattern}"
        if self.references is not None:
            words += f", an id of the table {self.references}"
        return words + ("" if self.required else ", or null")


class _Names:
    """Attribute access to a table's column names; a misspelt one raises at once."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.__dict__.update(zip(names, names, strict=True))

    def __getattr__(self, name: str) -> str:  # only for names that are no column
        raise AttributeError(f"no column {name!r}; columns are {', '.join(sorted(self.__dict__))}")


class Table:
    """One table (dataset config): a name, what a row is, a primary key and columns."""

    def __init__(self, name: str, row: str, key: tuple[str, ...], columns: tuple[Column, ...]) -> None:
        self.name, self.row_is, self.key, self.columns = name, row, key, columns
        self.by_name = {column.name: column for column in columns}
        self.names = tuple(self.by_name)
        self.c = _Names(self.names)
        missing = [part for part in key if part not in self.by_name]
        if missing or len(self.by_name) != len(columns):
            raise ValueError(f"table {name}: bad key {missing} or a column named twice")

    def row(self, **values: Any) -> dict[str, Any]:
        """A complete row: given values, null elsewhere. Raises ``KeyError`` for an unknown column."""
        unknown = sorted(set(values) - set(self.by_name))
        if unknown:
            raise KeyError(f"table {self.name} has no column {', '.join(unknown)}")
        return {name: values.get(name) for name in self.names}

    def key_of(self, row: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(row[part] for part in self.key)

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __repr__(self) -> str:
        return f"Table({self.name!r}, {len(self.columns)} columns)"
