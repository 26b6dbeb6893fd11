"""The engine ``ray``: jobs as Ray Core tasks on the machines of a cluster. Needs the extra ``ray``.

A task runs one job, in a process of its own that the task's worker starts as the engine ``local`` does: a
worker, which serves many tasks, survives whatever a job does, and starting a job costs what it costs locally.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from evaluations.engine.engine import POLL_SECONDS, Failed, Finished, Job, completed
from evaluations.engine.pool import Pool
from evaluations.engine.remote import at_home
from sngen.errors import UsageError

#: How often a job is submitted that was lost with its machine.
TRIES = 3
#: How many tasks Ray is given beyond those that run: it keeps their order, and starts them without asking.
AHEAD = 2
#: What a job takes beyond what was measured: another processor's kernels, Python's own growth.
MEMORY_MARGIN = 1.25


@dataclass(eq=False)
class _Task:
    job: Job
    tries: int
    started: float


class RayEngine:
    """Tasks on the cluster at ``RAY_ADDRESS``, or the one that this machine belongs to; without either, on a
    cluster of this machine alone that ends with the engine.

    Each task takes ``threads`` processors, ``gpus`` (0.5: two share one) and the memory that its job is
    expected to need; ``workers`` limits how many run at a time. Raises ``UsageError`` where Ray is not
    installed or its cluster not reached.
    """

    is_remote = True

    def __init__(self, threads: int, gpus: float = 0.0, workers: int | None = None) -> None:
        self._ray = _connected()
        self._threads, self._gpus, self._limit = threads, gpus, workers
        self._task = self._ray.remote(max_retries=0)(_serve)
        self._waiting: deque[tuple[Job, int]] = deque()
        self._tasks: dict[Any, _Task] = {}

    def __enter__(self) -> RayEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()
        self._ray.shutdown()

    @property
    def workers(self) -> int:
        there = self._ray.cluster_resources()
        by_processor = there.get("CPU", 0.0) / self._threads
        by_gpu = there.get("GPU", 0.0) / self._gpus if self._gpus else by_processor
        return max(1, int(min(by_processor, by_gpu, self._limit or by_processor)))

    @property
    def running(self) -> list[str]:
        return [task.job.name for task in list(self._tasks.values())[: self.workers]]

    def submit(self, jobs: Sequence[Job]) -> None:
        self._waiting.extend((job, 1) for job in jobs)
        self._fill()

    def poll(self) -> list[Finished]:
        finished = [found for reference in self._ready() if (found := self._collect(reference)) is not None]
        self._fill()
        return finished

    def cancel(self) -> None:
        self._waiting.clear()
        for reference in self._tasks:
            self._ray.cancel(reference, force=True)
        self._tasks.clear()

    def _ready(self) -> list[Any]:
        """Tasks that have ended, after waiting for the first of them."""
        references = list(self._tasks)
        if not references:
            return []
        self._ray.wait(references, num_returns=1, timeout=POLL_SECONDS, fetch_local=False)
        ready: list[Any] = self._ray.wait(references, num_returns=len(references), timeout=0)[0]
        return ready

    def _fill(self) -> None:
        room = self.workers * (1 if self._limit else AHEAD) - len(self._tasks)
        while self._waiting and room > 0:
            job, tries = self._waiting.popleft()
            options = {"num_cpus": self._threads, "num_gpus": self._gpus, "name": job.name}
            if job.memory:
                options["memory"] = int(job.memory * MEMORY_MARGIN)
            reference = self._task.options(**options).remote(job.name, job.function, job.arguments)
            self._tasks[reference] = _Task(job, tries, time.monotonic())
            room -= 1

    def _collect(self, reference: Any) -> Finished | None:
        """None for a job that was lost with its worker and will be tried again."""
        task = self._tasks.pop(reference)
        try:
            value, seconds = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            if task.tries < TRIES:
                self._waiting.appendleft((task.job, task.tries + 1))
                return None
            cause = f"lost {TRIES} times with the worker or machine that it ran on ({_first_line(error)})"
            return Finished(task.job, Failed(cause, str(error)), time.monotonic() - task.started)
        return Finished(task.job, value, seconds)


def _serve(name: str, function: Any, arguments: tuple[Any, ...]) -> tuple[Any, float]:
    """What a task does, in a worker: its job in a process of its own."""
    [finished] = completed(_pool(), [Job(name, function, at_home(arguments))])
    return finished.value, finished.seconds


@cache
def _pool() -> Pool:
    """Of one worker, as long as it lives."""
    return Pool(1)


def _connected() -> Any:
    try:
        import ray  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError("--engine ray needs the extra 'ray': pip install 'securitynet[ray]'.") from error
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        ray.init(log_to_driver=False, logging_level=logging.WARNING, include_dashboard=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = os.environ.get("RAY_ADDRESS", "this machine")
        raise UsageError(f"no Ray cluster was reached at {where}: {_first_line(error)}") from error
    return ray


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
