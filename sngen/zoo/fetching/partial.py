"""An unfinished download on disk: its bytes, and what is needed to continue it and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sngen.errors import UsageError
from sngen.zoo.cache import writing

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

#: Smaller files are fetched again from their beginning.
WORTH_RESUMING = 2**16
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


@dataclass(frozen=True)
class Span:
    """Bytes of the file from ``start`` on. ``total``: size of the whole file, None if the server does not
    say; ``validator``: strong entity tag or date by which the server tells whether it is still the same."""

    start: int
    total: int | None
    validator: str | None

    @classmethod
    def of(cls, response: BaseHTTPResponse, offset: int) -> Span:
        if response.status == 206:
            match = _RANGE.match(response.headers.get("Content-Range", ""))
            total = None if match is None or match[3] == "*" else int(match[3])
            return cls(offset, total, validator(response))
        length = re.fullmatch(r"\d{1,18}", response.headers.get("Content-Length", ""), re.ASCII)
        return cls(0, int(length[0]) if length else None, validator(response))


def validator(response: BaseHTTPResponse) -> str | None:
    tag = response.headers.get("ETag", "")
    if tag.startswith('"'):
        return str(tag)
    return response.headers.get("Last-Modified")


@dataclass(frozen=True)
class Partial:
    """``size`` bytes of the file at ``url``, kept in ``path``; ``total`` and ``validator`` as in ``Span``."""

    path: Path
    url: str
    size: int = 0
    total: int | None = None
    validator: str | None = None

    @classmethod
    def open(cls, path: Path, url: str) -> Partial:
        """What is there of this address; nothing where it cannot be told whether it is the same file."""
        note = _note(path)
        try:
            body = json.loads(note.read_bytes())
            if body["url"] == url and body["validator"] and not path.is_symlink():
                total = body["total"]
                return cls(path, url, path.stat().st_size, total, body["validator"])
        except (OSError, ValueError, KeyError, TypeError):
            pass  # no note, or half a note of a process that was killed
        return cls(path, url)

    @property
    def is_complete(self) -> bool:
        return self.total is not None and self.size == self.total

    def headers(self) -> dict[str, str]:
        if not self.size or not self.validator:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self.validator}

    def continued_by(self, response: BaseHTTPResponse) -> bool:
        """Whether an answer in part is the very rest of what is here."""
        match = _RANGE.match(response.headers.get("Content-Range", ""))
        if match is None or not self.size or int(match[1]) != self.size:
            return False
        total = None if match[3] == "*" else int(match[3])
        return total in (None, self.total) and validator(response) in (None, self.validator)

    def begin(self, span: Span) -> None:
        """Make room for what comes, and note what it belongs to."""
        missing = (span.total or 0) - span.start
        free = shutil.disk_usage(self.path.parent).free
        if missing > free:
            raise UsageError(
                f"{self.url}: {missing:,} bytes to come, but {self.path.parent} has {free:,} free. Free some "
                "space, or set SECURITYNET_CACHE to a larger disk."
            )
        if span.start:
            return
        self.delete()
        if span.validator and (span.total is None or span.total >= WORTH_RESUMING):
            body = {"url": self.url, "validator": span.validator, "total": span.total}
            with writing(self.path):
                _note(self.path).write_text(json.dumps(body))

    @contextmanager
    def writer(self) -> Iterator[Callable[[bytes], None]]:
        """Appends to what is here, at once: a killed process loses nothing that had come. Follows no link."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        with writing(self.path):
            handle = os.open(self.path, flags, 0o644)

        def write(chunk: bytes) -> None:
            with writing(self.path):
                view = memoryview(chunk)
                while view:
                    view = view[os.write(handle, view) :]

        try:
            yield write
        finally:
            os.close(handle)

    def delete(self) -> None:
        forget(self.path)


def forget(path: Path) -> None:
    """Delete an unfinished download and its note."""
    path.unlink(missing_ok=True)
    _note(path).unlink(missing_ok=True)


def take(path: Path, place: Path) -> None:
    """A second name for the same file where the disk allows it, at no cost of space; else a copy."""
    forget(place)
    real = path.resolve()
    with writing(place):
        try:
            os.link(real, place)
        except OSError:
            shutil.copyfile(real, place)


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")
