"""Where a publisher offers a dataset's files, and how each is known to be whole.

Data only: each dataset's own file says its ``DOWNLOADS``; ``downloading.py`` acts on them.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Placed:
    """A file of the data folder: its path there, and its checksum as algorithm:value."""

    path: str
    checksum: str


@dataclass(frozen=True)
class Download:
    """One file that a publisher offers.

    ``addresses`` of the same bytes, tried in turn. ``size`` in bytes; where ``size_is_exact`` is False, the
    most that it can be. ``checksum`` as algorithm:value. ``place`` is the file's path in the data folder;
    of an archive that is not kept, None, and ``members`` says which of its files go where, and no other.
    """

    addresses: tuple[str, ...]
    size: int
    checksum: str
    place: str | None = None
    members: Mapping[str, Placed] = field(default_factory=dict)
    size_is_exact: bool = True

    @property
    def results(self) -> tuple[Placed, ...]:
        """What is in the data folder afterwards."""
        kept = (Placed(self.place, self.checksum),) if self.place else ()
        return (*kept, *self.members.values())


def how_to_get(dataset_id: str, data_folder: Path) -> str:
    """What a user without the files is told."""
    return (
        f"Run 'python -m evaluations data {dataset_id} --to {shlex.quote(str(data_folder))}', or set "
        "SECURITYNET_DATA to a folder that has them."
    )
