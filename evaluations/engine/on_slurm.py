"""The engine ``slurm``: jobs in arrays of a Slurm cluster, through submitit. Needs the extra ``slurm``.

An element of an array runs a bundle of jobs one after the other, each in a process of its own, so that what
it costs to start Python on a node is paid once for many. Its results come back together, in a file of
submitit's folder; what it has published is in the store at once. Slurm's accounting is not asked, for many
clusters have none: an element that is no longer queued and left no result is lost, and its bundle is
submitted again.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluations.engine.engine import POLL_SECONDS, Failed, Finished, Job, completed
from evaluations.engine.pool import Pool
from evaluations.engine.remote import at_home
from sngen.errors import CheckFailed, UsageError

#: How often a bundle is submitted that was lost with its node.
TRIES = 3
#: Bundles for each worker: more level out unequal ones, fewer start Python less often.
BUNDLES = 4
#: How often Slurm is asked what is still queued; its controller serves a whole cluster.
ASK_SECONDS = 15.0
#: What a job takes beyond what was measured, and what an element takes itself.
MEMORY_MARGIN, MEMORY_OWN = 1.25, 2**30
MINUTES = 24 * 60

Bundle = tuple[Job, ...]


@dataclass(eq=False)
class _Element:
    handle: Any
    bundle: Bundle
    tries: int
    started: float


class SlurmEngine:
    """``workers`` elements at a time, each of ``threads`` processors and ``gpus``.

    ``folder``, which all nodes share, gets submitit's files. ``options``: what ``sbatch`` is told besides,
    such as ``partition``; ``time`` is in minutes. ``cluster``: ``local`` runs elements as processes of this
    machine, to try things out.

    Raises ``UsageError`` where submitit or Slurm is missing.
    """

    is_remote = True

    def __init__(
        self,
        workers: int,
        threads: int,
        gpus: int,
        folder: Path,
        options: Mapping[str, str],
        cluster: str = "slurm",
    ) -> None:
        self._workers, self._cluster = workers, cluster
        self._folder = folder.absolute() / secrets.token_hex(4)  # Slurm may give a job's number twice
        self._executor = _executor(self._folder, cluster)
        self._executor.update_parameters(**_parameters(workers, threads, gpus, options))
        self._elements: list[_Element] = []
        self._asked = time.monotonic()

    def __enter__(self) -> SlurmEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    @property
    def workers(self) -> int:
        return self._workers

    @property
    def running(self) -> list[str]:
        return [element.bundle[0].name for element in self._elements[: self._workers]]

    def submit(self, jobs: Sequence[Job]) -> None:
        if jobs:
            self._start([(bundle, 1) for bundle in bundles(jobs, self._workers * BUNDLES)])

    def poll(self) -> list[Finished]:
        time.sleep(POLL_SECONDS)
        ended = [element for element in self._elements if element.handle.paths.result_pickle.exists()]
        finished = [one for element in ended for one in _results(element)]
        self._elements = [element for element in self._elements if element not in ended]
        return finished + self._lost()

    def cancel(self) -> None:
        for element in self._elements:
            element.handle.cancel(check=False)
        self._elements.clear()

    def _start(self, chosen: Sequence[tuple[Bundle, int]]) -> None:
        memory = max(job.memory for bundle, _ in chosen for job in bundle) * MEMORY_MARGIN + MEMORY_OWN
        self._executor.update_parameters(mem_gb=memory / 2**30)
        told = [[(job.name, job.function, job.arguments) for job in bundle] for bundle, _ in chosen]
        handles = self._executor.map_array(_serve, told)
        now = time.monotonic()
        self._elements += [_Element(handle, *one, now) for handle, one in zip(handles, chosen, strict=True)]

    def _lost(self) -> list[Finished]:
        """Submit again what is gone without a result; too often lost is failed."""
        if time.monotonic() - self._asked < ASK_SECONDS or not self._elements:
            return []
        self._asked = time.monotonic()
        gone = [element for element in _gone(self._elements, self._cluster) if not _has_result(element)]
        self._elements = [element for element in self._elements if element not in gone]
        again = [(element.bundle, element.tries + 1) for element in gone if element.tries < TRIES]
        if again:
            self._start(again)
        failed = Failed(f"lost {TRIES} times with the node that it ran on, or cancelled; see {self._folder}")
        return [
            Finished(job, failed, self._asked - element.started)
            for element in gone
            if element.tries >= TRIES
            for job in element.bundle
        ]


def bundles(jobs: Sequence[Job], count: int) -> list[Bundle]:
    """Jobs one after the other, in about ``count`` bundles of equal expected time; a job of which nothing is
    expected counts as much as the others on average. The order stays."""
    expected = [job.seconds for job in jobs if job.seconds]
    typical = sum(expected) / len(expected) if expected else 1.0
    limit = sum(job.seconds or typical for job in jobs) / count
    made: list[Bundle] = []
    bundle, weight = list[Job](), 0.0
    for job in jobs:
        bundle.append(job)
        weight += job.seconds or typical
        if weight >= limit:
            made.append(tuple(bundle))
            bundle, weight = [], 0.0
    return [*made, tuple(bundle)] if bundle else made


def _serve(told: Sequence[tuple[str, Any, tuple[Any, ...]]]) -> list[tuple[Any, float]]:
    """What an element does, on a node: a bundle of jobs, each in a process of its own."""
    ended = []
    with Pool(1) as pool:
        for name, function, arguments in told:
            [finished] = completed(pool, [Job(name, function, at_home(arguments))])
            ended.append((finished.value, finished.seconds))
    return ended


def _results(element: _Element) -> list[Finished]:
    try:
        ended = element.handle.result()
    except Exception as error:  # submitit hands on whatever a node raised
        failed = Failed(f"the array element failed ({error})"[:1000])
        return [Finished(job, failed, time.monotonic() - element.started) for job in element.bundle]
    return [Finished(job, *one) for job, one in zip(element.bundle, ended, strict=True)]


def _has_result(element: _Element) -> bool:
    return bool(element.handle.paths.result_pickle.exists())


def _gone(elements: Sequence[_Element], cluster: str) -> list[_Element]:
    """Those that are neither waiting nor running."""
    if cluster == "local":
        return [element for element in elements if element.handle.done()]
    queued: set[str] = set()
    for number in {element.handle.job_id.partition("_")[0] for element in elements}:
        found = _queued(number)
        if found is None:
            return []
        queued |= found
    return [element for element in elements if element.handle.job_id not in queued]


def _queued(number: str) -> set[str] | None:
    """Elements of an array that wait or run; None if Slurm does not say."""
    asked = ["squeue", "--noheader", "--array", "--jobs", number, "--format", "%i"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    if answer.returncode:
        return set() if "Invalid job id" in answer.stderr else None
    return set(answer.stdout.split())


def _executor(folder: Path, cluster: str) -> Any:
    try:
        import submitit  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError(
            "--engine slurm needs the extra 'slurm': pip install 'securitynet[slurm]'."
        ) from error
    if cluster == "slurm" and shutil.which("sbatch") is None:
        raise UsageError("--engine slurm: sbatch is not here. Run this on a machine that submits to Slurm.")
    try:
        return submitit.AutoExecutor(folder=folder, cluster=cluster)
    except (OSError, RuntimeError) as error:
        raise CheckFailed(f"{folder}: {error}") from error


def _parameters(workers: int, threads: int, gpus: int, options: Mapping[str, str]) -> dict[str, Any]:
    others = {name: value for name, value in options.items() if name != "time"}
    return {
        "name": "securitynet",
        "timeout_min": int(options.get("time", MINUTES)),
        "cpus_per_task": threads,
        "gpus_per_node": gpus or None,
        "slurm_array_parallelism": workers,
        "slurm_additional_parameters": others,
    }
