"""Where a user's files are. Four folders, each set by one environment variable."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DATA, CACHE, ZOO, CATALOG = (
    "SECURITYNET_DATA", "SECURITYNET_CACHE", "SECURITYNET_ZOO", "SECURITYNET_CATALOG",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """``data``: pixels of public datasets, read only. ``cache``: written to, content-addressed, may be
    deleted at any time. ``zoo``: optional read-only folder with published checkpoints as
    ``blobs/<sha256>``, looked at before the cache. ``catalog``: the facts to search in; without it those of
    the checkout. ``stock``: address of a store where machines that work together share what they fetched and
    made; looked at after the cache."""

    data: Path
    cache: Path
    zoo: Path | None = None
    catalog: Path | None = None
    stock: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        base = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        cache = Path(environment.get(CACHE) or Path(base) / "securitynet").expanduser()
        data = Path(environment.get(DATA) or cache / "data").expanduser()
        zoo = environment.get(ZOO)
        catalog = environment.get(CATALOG)
        return cls(
            data=data,
            cache=cache,
            zoo=Path(zoo).expanduser() if zoo else None,
            catalog=Path(catalog).expanduser() if catalog else None,
        )
