"""What a batch asks of whatever runs its jobs. No method sees an engine, and no engine changes a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

#: How long a poll waits for something to end.
POLL_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class Job:
    """``function(*arguments)``, picklable, under a name for people. ``subject``: what the job is about, for
    whoever gave it. ``memory`` (bytes) and ``seconds``: what it is expected to need; 0 where nothing is."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    subject: Any = None
    memory: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Failed:
    """Why a job has no value: a sentence, and where it was raised if Python could still say so.
    ``wants_memory``: the system may have had too little of it."""

    cause: str
    details: str = ""
    wants_memory: bool = False


@dataclass(frozen=True)
class Finished:
    """A job that ended, with its value or a ``Failed``, and its wall time in seconds."""

    job: Job
    value: Any
    seconds: float


class Engine(Protocol):
    """Runs each job in a process of its own; a context manager, and leaving it cancels what still runs.

    ``is_remote``: whether jobs may run on other machines than this one.
    """

    is_remote: bool

    def __enter__(self) -> Engine: ...

    def __exit__(self, *_: object) -> None: ...

    @property
    def workers(self) -> int:
        """How many jobs it runs at a time."""
        ...

    @property
    def running(self) -> Sequence[str]:
        """Names of jobs that run, as far as it knows."""
        ...

    def submit(self, jobs: Sequence[Job]) -> None:
        """Take jobs, which start in this order when there is room."""
        ...

    def poll(self) -> list[Finished]:
        """What has ended since the last poll, after waiting a second at most for something to end."""
        ...

    def cancel(self) -> None:
        """Kill what runs and forget what waits."""
        ...


def completed(
    engine: Engine, jobs: Sequence[Job], tell: Callable[[Sequence[str]], None] = lambda names: None
) -> Iterator[Finished]:
    """Each job when it ends. ``tell`` hears again and again what is running."""
    engine.submit(jobs)
    left = len(jobs)
    while left:
        tell(engine.running)
        for finished in engine.poll():
            left -= 1
            yield finished
