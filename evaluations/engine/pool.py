"""Jobs in processes of their own. A process may die of anything; the batch goes on and says what happened."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection, forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any

from sngen.errors import SecurityNetError

#: Imported once, in the process that all others are forked from.
PRELOAD = "evaluations.engine.preload"
#: How long a process that has handed over its result may take to end.
GRACE_SECONDS = 10.0
#: How torch says that memory is short, on a processor and on an accelerator.
OUT_OF_MEMORY = ("can't allocate memory", "out of memory")


@dataclass(frozen=True, eq=False)
class Job:
    """``function(*arguments())`` under a name for people; ``arguments`` is called when the job starts.

    Function and arguments have to be picklable. ``subject``: what the job is about, for whoever gave it.
    """

    name: str
    function: Callable[..., Any]
    arguments: Callable[[], tuple[Any, ...]]
    subject: Any = None


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


@dataclass(eq=False)
class _Running:
    job: Job
    process: BaseProcess
    channel: Connection
    started: float


class Pool:
    """Runs jobs, at most ``workers`` at a time, each in a new process; a context manager.

    Leaving it kills what still runs. If this process dies, its jobs end by themselves.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._context = start_server()
        self._running: list[_Running] = []

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for running in self._running:
            running.process.kill()
        for running in self._running:
            running.process.join()
            running.channel.close()
        self._running.clear()

    @property
    def running(self) -> int:
        return len(self._running)

    def run(
        self, jobs: Sequence[Job], on_start: Callable[[Job], None] = lambda job: None
    ) -> Iterator[Finished]:
        """Start jobs in order and yield them as they end."""
        waiting = deque(jobs)
        while waiting or self._running:
            while waiting and len(self._running) < self._workers:
                job = waiting.popleft()
                on_start(job)
                self._running.append(self._start(job))
            yield from self._ended()

    def _start(self, job: Job) -> _Running:
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(  # type: ignore[attr-defined]
            target=_work, args=(theirs, job.function, job.arguments()), name=job.name
        )
        process.start()
        theirs.close()
        return _Running(job, process, ours, time.monotonic())

    def _ended(self) -> list[Finished]:
        """Waits until at least one running job has ended."""
        signs: list[Any] = [sign for r in self._running for sign in (r.channel, r.process.sentinel)]
        ready = connection.wait(signs)
        ended = [r for r in self._running if r.channel in ready or r.process.sentinel in ready]
        finished = [Finished(r.job, _collect(r), time.monotonic() - r.started) for r in ended]
        self._running = [r for r in self._running if r not in ended]
        return finished


def start_server() -> BaseContext:
    """How processes are started: by a fork server, whose children inherit its imports and nothing else.

    It takes seconds to import torch, so it is worth calling this before other slow things: the server
    starts in the background, once. Where the system has none, each process starts from nothing.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOAD])
    # Ctrl-C reaches every process of the terminal. Only the batch itself shall act on it, so all others
    # are born ignoring it.
    previous = None
    if threading.current_thread() is threading.main_thread():
        previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        forkserver.ensure_running()
    finally:
        if previous is not None:
            signal.signal(signal.SIGINT, previous)
    return context


def _collect(running: _Running) -> Any:
    """The value that the process sent, or how it failed or died."""
    value: Any = None
    try:
        sent = running.channel.poll(0)
        value = running.channel.recv() if sent else None
    except (EOFError, OSError):  # it died, perhaps in the middle of sending
        sent = False
    running.channel.close()
    running.process.join(GRACE_SECONDS if sent else None)
    if running.process.exitcode is None:
        running.process.kill()
        running.process.join()
    return value if sent else _death(running.process.exitcode)


def _death(exit_code: int | None) -> Failed:
    if exit_code is not None and exit_code < 0:
        number = -exit_code
        name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
        if number == signal.SIGKILL:
            return Failed(f"killed ({name}): by hand, or because the system ran out of memory", "", True)
        return Failed(f"crashed ({name})")
    return Failed(f"its process ended with exit code {exit_code} before it had a result")


def _work(channel: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """What a job's process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()
    try:
        value = function(*arguments)
    except BaseException as error:  # whatever a method raises is its unit's failure, never the batch's
        value = _failed(error)
    try:
        channel.send(value)
    except BrokenPipeError:
        sys.exit(1)


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("a job's function runs only in a process of the pool")

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="watch-parent").start()


def _failed(error: BaseException) -> Failed:
    if isinstance(error, SecurityNetError):
        return Failed(str(error), traceback.format_exc())
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    out_of_memory = isinstance(error, MemoryError) or any(words in str(error) for words in OUT_OF_MEMORY)
    cause = f"out of memory ({text})" if out_of_memory else text
    return Failed(cause, traceback.format_exc(), out_of_memory)
