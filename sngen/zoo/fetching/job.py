"""What a source needs to know to bring one file, and how patient it is with a bad connection."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sngen.errors import CheckFailed, SecurityNetError
from sngen.settings import Settings

#: No public checkpoint of an image classifier is nearly as large; a server that sends more is stopped.
MAX_BYTES = 32 * 2**30


class Interrupted(SecurityNetError):
    """The user stopped it. What was downloaded is kept and will be resumed."""

    exit_code = 130


@dataclass(frozen=True)
class Patience:
    """``attempts``: tries without a new byte before giving up; ``first_wait`` s doubles after each up to
    ``longest_wait`` s, unless the server names a time. ``connect`` and ``read``: seconds without an answer.
    A connection that brings under ``slowest`` bytes/s over ``window`` s is taken for a dead one."""

    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 120.0
    connect: float = 15.0
    read: float = 60.0
    slowest: float = 1024.0
    window: float = 60.0

    def wait(self, failures: int) -> float:
        """Seconds before the next try after so many failures in a row, from 1."""
        return min(self.first_wait * 2 ** (failures - 1), self.longest_wait)


class Bar(Protocol):
    """What is told of the progress of one file."""

    def start(self, done: int, total: int | None) -> None: ...

    def advance(self, count: int) -> None: ...

    def close(self) -> None: ...


class NoBar:
    def start(self, done: int, total: int | None) -> None:
        pass

    def advance(self, count: int) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass
class Job:
    """One file to bring to ``partial``. ``sha256`` and ``size`` are those the catalogue or an earlier fetch
    states, None where nobody does. ``session`` keeps connections open between files of one thread."""

    settings: Settings
    partial: Path
    session: Any
    sha256: str | None = None
    size: int | None = None
    patience: Patience = Patience()
    bar: Bar = field(default_factory=NoBar)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def limit(self) -> int:
        return self.size if self.size is not None else MAX_BYTES

    def check_stop(self) -> None:
        if self.stop.is_set():
            raise Interrupted("interrupted; what was downloaded is kept and will be resumed.")

    def sleep(self, seconds: float) -> None:
        """Wait, unless the user stops it."""
        self.stop.wait(seconds)
        self.check_stop()


@dataclass(frozen=True)
class Brought:
    """What came: ``url`` that the bytes came from in the end, ``revision`` that a branch stood for then, and
    the checksum the server states for them, as algorithm:value."""

    url: str
    revision: str | None = None
    checksum: str | None = None


class Source(Protocol):
    """A place that has the file. ``address`` names the file there, for locks, records and messages."""

    @property
    def address(self) -> str: ...

    def bring(self, job: Job) -> Brought:
        """Put the complete file at ``job.partial``. Raises ``CheckFailed`` that says what to do."""


class Failed(CheckFailed):
    """It could not be brought; another try may help."""


def retried(
    job: Job, what: str, attempt: Callable[[], Any], transient: tuple[type[BaseException], ...]
) -> Any:
    """The attempt's answer; errors that may pass are waited for as ``job.patience`` says."""
    for failures in range(1, job.patience.attempts + 1):
        job.check_stop()
        try:
            return attempt()
        except transient as error:
            if failures == job.patience.attempts:
                raise Failed(f"{what}: {error} ({failures} tries). Try again later.") from error
            job.sleep(job.patience.wait(failures))
    raise AssertionError("at least one attempt is made")


class Slowness:
    """Tells a connection that drips from one that runs."""

    def __init__(self, patience: Patience, now: Callable[[], float] = time.monotonic) -> None:
        self._patience, self._now = patience, now
        self._since, self._count = now(), 0

    def too_slow(self, count: int) -> bool:
        """After ``count`` more bytes: whether the last whole window brought too few."""
        self._count += count
        passed = self._now() - self._since
        if passed < self._patience.window:
            return False
        slow = self._count < self._patience.slowest * passed
        self._since, self._count = self._now(), 0
        return slow
