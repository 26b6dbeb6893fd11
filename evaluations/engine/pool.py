"""The engine ``local``: jobs in processes of their own.

A process may die of anything; the batch goes on and says what happened.
"""

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
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

from evaluations.engine.engine import POLL_SECONDS, Failed, Finished, Job
from sngen.errors import SecurityNetError

#: Imported once, in the process that all others are forked from.
PRELOAD = "evaluations.engine.preload"
#: How long a process that has handed over its result may take to end.
GRACE_SECONDS = 10.0
#: How torch says that memory is short, on a processor and on an accelerator.
OUT_OF_MEMORY = ("can't allocate memory", "out of memory")


@dataclass(eq=False)
class _Running:
    job: Job
    process: BaseProcess
    channel: Connection
    started: float


class Pool:
    """Runs jobs, at most ``workers`` at a time, each in a new process.

    If this process dies, its jobs end by themselves.
    """

    is_remote = False

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._context = start_server()
        self._waiting: deque[Job] = deque()
        self._running: list[_Running] = []
        self._ending: list[tuple[BaseProcess, float]] = []

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    @property
    def workers(self) -> int:
        return self._workers

    @property
    def running(self) -> list[str]:
        return [running.job.name for running in self._running]

    def submit(self, jobs: Sequence[Job]) -> None:
        self._waiting.extend(jobs)
        self._fill()

    def poll(self) -> list[Finished]:
        signs: list[Any] = [sign for r in self._running for sign in (r.channel, r.process.sentinel)]
        ready = connection.wait(signs, POLL_SECONDS)
        ended = [r for r in self._running if r.channel in ready or r.process.sentinel in ready]
        finished = [Finished(r.job, _collect(r), time.monotonic() - r.started) for r in ended]
        self._running = [r for r in self._running if r not in ended]
        self._ending += [(r.process, time.monotonic() + GRACE_SECONDS) for r in ended]
        self._fill()
        self._reap()
        return finished

    def cancel(self) -> None:
        self._waiting.clear()
        for running in self._running:
            running.channel.close()
        processes = [
            *(running.process for running in self._running),
            *(process for process, _ in self._ending),
        ]
        for process in processes:
            process.kill()
        for process in processes:
            process.join()
        self._running.clear()
        self._ending.clear()

    def _reap(self) -> None:
        """Processes that have handed over end by themselves, while others start already."""
        for process, end in self._ending:
            if process.exitcode is None and time.monotonic() > end:
                process.kill()
        self._ending = [(process, end) for process, end in self._ending if process.exitcode is None]

    def _fill(self) -> None:
        while self._waiting and len(self._running) < self._workers:
            self._running.append(self._start(self._waiting.popleft()))

    def _start(self, job: Job) -> _Running:
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(  # type: ignore[attr-defined]
            target=_work, args=(theirs, job.function, job.arguments), name=job.name
        )
        with _without_main_program():
            process.start()
        theirs.close()
        return _Running(job, process, ours, time.monotonic())


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


@contextmanager
def _without_main_program() -> Iterator[None]:
    """A new process imports the program that is running, unless there is none. Functions of jobs are never
    defined in it, and it takes longer than the fork."""
    program = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = program


def _collect(running: _Running) -> Any:
    """The value that the process sent, or how it failed or died."""
    value: Any = None
    try:
        sent = running.channel.poll(0)
        value = running.channel.recv() if sent else None
    except (EOFError, OSError):  # it died, perhaps in the middle of sending
        sent = False
    running.channel.close()
    if sent:
        return value
    running.process.join()
    return _death(running.process.exitcode)


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
