"""Reading a release."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from sngen.errors import CheckFailed, UsageError
from sngen.release import audit
from sngen.release.changes.log import read_log
from sngen.release.columnar import read_parquet, to_frame
from sngen.release.manifest import read_manifest
from sngen.schema import TABLES


class Release:
    """A release folder. Tables are read when asked for, and once."""

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest
        self._tables: dict[str, pd.DataFrame] = {}

    @classmethod
    def open(cls, folder: Path | str) -> Release:
        """Raises ``UsageError`` if the folder is no release. ``verify`` checks contents."""
        return cls(Path(folder), read_manifest(Path(folder)))

    @property
    def version(self) -> str:
        return str(self.manifest["version"])

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over the content of all tables."""
        return str(self.manifest["fingerprint"])

    @property
    def date(self) -> str | None:
        """Day of the release, ISO 8601."""
        date = self.manifest["date"]
        return None if date is None else str(date)

    def path(self, name: str) -> Path:
        """The table's Parquet file. Raises ``UsageError`` for a table that no release has."""
        if name not in TABLES:
            raise UsageError(f"a release has no table {name!r}; tables are {', '.join(TABLES)}.")
        try:
            return self.folder / self.manifest["tables"][name]["path"]
        except (KeyError, TypeError) as error:
            raise CheckFailed(
                f"{self.folder}: the manifest does not say where the table {name} is."
            ) from error

    def arrow(self, name: str) -> pa.Table:
        """The table as it is in the file. Raises ``CheckFailed`` if it cannot be read."""
        path = self.path(name)
        try:
            return read_parquet(path)
        except (OSError, pa.ArrowException) as error:
            raise CheckFailed(
                f"{path}: not readable ({error}). Build or download the release again."
            ) from error

    def table(self, name: str) -> pd.DataFrame:
        """The table as a data frame: whole numbers ``Int64``, truth values ``boolean``, lists as lists.

        The same frame each time: copy it before changing it.
        """
        if name not in self._tables:
            arrow = self.arrow(name)
            self._tables[name] = to_frame(TABLES[name], arrow)
        return self._tables[name]

    def audit(self) -> list[dict[str, Any]]:
        """Rules with the rows that they touched: source, rule, kind, explanation, table, column, rows."""
        return self._audit

    def changes(self) -> list[dict[str, Any]]:
        """What changed in this version and in those before it, the newest first (see ``changes.log``)."""
        return read_log(self.folder)

    @cached_property
    def _audit(self) -> list[dict[str, Any]]:
        path = self.folder / audit.FILE
        try:
            entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CheckFailed(
                f"{path}: not readable ({error}). Build or download the release again."
            ) from error
        return entries
