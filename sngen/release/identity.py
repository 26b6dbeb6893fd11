"""What names a release: version, fingerprint of its content, date."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sngen.errors import UsageError
from sngen.release.records import date_of
from sngen.results import Record

NAME = "securitynet"
VERSION_PATTERN = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
DAY_PATTERN = r"\d{4}-\d{2}-\d{2}"


@dataclass(frozen=True)
class Identity:
    """``date`` is a day (ISO 8601) or None; ``fingerprint`` is SHA-256 (hex) over the tables' content."""

    version: str
    fingerprint: str
    date: str | None


def check_version(version: str) -> str:
    """Returns it. Raises ``UsageError`` unless it is MAJOR.MINOR.PATCH."""
    if not re.fullmatch(VERSION_PATTERN, version):
        raise UsageError(f"version {version!r}: expected MAJOR.MINOR.PATCH in whole numbers, such as 1.2.0.")
    return version


def release_date(given: str | None, records: Iterable[Record]) -> str | None:
    """The given day, else that of the newest record; the clock is never asked, so that builds repeat."""
    if given is not None:
        if not re.fullmatch(DAY_PATTERN, given):
            raise UsageError(f"date {given!r}: expected a day such as 2026-11-24.")
        return given
    return max((date_of(record)[:10] for record in records), default="") or None
