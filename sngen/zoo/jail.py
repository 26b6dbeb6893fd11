"""Untrusted weights become one safetensors file in a process of their own, or one named error.

The process gets two open files and a job, an empty environment and no path. Before it reads a byte it gives
up the rest (``sngen.zoo.jail_walls``): network, files, processes, and memory and time beyond ``Limits``.
What it wrote is checked here, as little trusted as what it read, before it gets its name.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sngen.errors import CheckFailed, UsageError
from sngen.zoo.formats import READERS
from sngen.zoo.formats.arrays import all_finite
from sngen.zoo.formats.refusal import CheckpointRefused, Refused
from sngen.zoo.formats.safetensors_file import read_entry, read_header

MiB = 2**20
MAX_REPLY = 64 * 2**10
ROOT = Path(__file__).resolve().parents[2]
_START = f"import sys; sys.path.append({str(ROOT)!r}); from sngen.zoo.jail_inside import main; main()"
# One thread: threads count as processes, and reading has no use for more.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "HDF5_PLUGIN_PATH": "/nowhere"}


@dataclass(frozen=True)
class Job:
    """What to read and where in it the network's tensors are; columns of the table models."""

    weights_format: str
    key: str | None = None
    prefix: str | None = None

    def digest(self) -> str:
        """Names the outcome for one file: changes with the job, and with the version of what reads it."""
        words = [READERS[self.weights_format].version, self.weights_format, self.key, self.prefix]
        return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Limits:
    """Of one conversion. ``memory_bytes`` is address space beyond what the empty process has."""

    file_bytes: int
    tensor_bytes: int
    memory_bytes: int
    seconds: int

    @classmethod
    def for_file(cls, file_bytes: int) -> Limits:
        """Room for honest files: gzipped binary networks unpack to 17 times their size, bombs to 1,000."""
        tensor_bytes = min(64 * MiB + 20 * file_bytes, 2048 * MiB)
        return cls(
            file_bytes=2048 * MiB,
            tensor_bytes=tensor_bytes,
            memory_bytes=256 * MiB + 2 * file_bytes + 2 * tensor_bytes,
            seconds=30 + file_bytes // (10 * MiB),
        )


@dataclass(frozen=True)
class Report:
    """``walls`` that stood, names ``left_out`` by the prefix, and the most memory that was resident."""

    walls: tuple[str, ...]
    left_out: tuple[str, ...]
    peak_bytes: int


def convert(source: Path, target: Path, job: Job, limits: Limits | None = None) -> Report:
    """Write the tensors of ``source`` to ``target``, whole or not at all, in the safetensors format.

    Raises ``CheckpointRefused`` for a file that is not plain tensors or needs more than ``limits``, and
    ``UsageError`` where a library that reads the format is missing.
    """
    file_bytes = source.stat().st_size
    limits = limits or Limits.for_file(file_bytes)
    if file_bytes > limits.file_bytes:
        raise CheckpointRefused(source, f"{file_bytes} bytes", f"at most {limits.file_bytes}")
    with source.open("rb") as file, _beside(target) as output:
        reply = _answer(source, _run(source, file, output, job, limits), limits)
        try:
            _check(output)
        except Refused as error:
            raise CheckpointRefused(
                source, f"{error.found} in what was read from it", error.expected
            ) from error
    return Report(tuple(reply["walls"]), tuple(reply["left_out"]), int(reply["peak_bytes"]))


@contextmanager
def _beside(target: Path) -> Iterator[BinaryIO]:
    """A hidden file in the folder of ``target`` that gets its name once all went well."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    except OSError as error:
        raise UsageError(f"{target.parent} cannot be written ({error.strerror or error}).") from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w+b") as stream:
            yield stream
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _run(source: Path, file: BinaryIO, output: BinaryIO, job: Job, limits: Limits) -> tuple[int, bytes]:
    """Exit status of the jailed process, and its reply."""
    given = {"job": asdict(job), "limits": asdict(limits), "file": file.fileno(), "output": output.fileno()}
    with tempfile.TemporaryFile() as reply, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, with a program of our own
            [sys.executable, "-I", "-B", "-X", "utf8", "-c", _START, json.dumps(given)],
            stdin=subprocess.DEVNULL,
            stdout=reply,
            stderr=errors,
            env=ENVIRONMENT,
            cwd="/",
            pass_fds=(file.fileno(), output.fileno()),
        )
        try:
            status = process.wait(timeout=2 * limits.seconds + 30)
        except subprocess.TimeoutExpired as error:
            raise CheckpointRefused(
                source, f"a file still being read after {2 * limits.seconds + 30} s", "less time"
            ) from error
        finally:
            process.kill()
            process.wait()
        reply.seek(0)
        errors.seek(0)
        return status, reply.read(MAX_REPLY) or errors.read(MAX_REPLY)


def _answer(source: Path, result: tuple[int, bytes], limits: Limits) -> dict[str, Any]:
    status, content = result
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        raise CheckpointRefused(source, "a file that takes longer to read", f"at most {limits.seconds} s")
    if status == -signal.SIGXFSZ:
        raise CheckpointRefused(source, "more tensors than fit", f"at most {limits.tensor_bytes} bytes")
    if status < 0:
        name = signal.Signals(-status).name
        raise CheckpointRefused(source, f"a file that crashes its reader ({name})", "a well-formed file")
    try:
        reply = json.loads(content)
        kind = reply["kind"]
    except (ValueError, TypeError, KeyError) as error:
        last = content.decode("utf-8", "replace").strip().rpartition("\n")[2][:500]
        raise CheckFailed(f"{source}: the process that reads it failed (status {status}): {last}") from error
    if kind == "refused":
        raise CheckpointRefused(source, str(reply["found"]), str(reply["expected"]), reply["peak_bytes"])
    if kind == "memory":
        raise CheckpointRefused(
            source,
            "a file that needs more memory to read",
            f"at most {limits.memory_bytes // MiB} MiB",
            reply["peak_bytes"],
        )
    if kind == "missing":
        raise missing_package(source, str(reply["package"]))
    return dict(reply)


def missing_package(source: Path, package: str) -> UsageError:
    return UsageError(
        f"{source}: reading it needs the Python package {package}, which is not installed "
        "(pip install 'securitynet[formats]')."
    )


def _check(output: BinaryIO) -> None:
    """The jail's output, from its bytes alone: a right header, and finite values."""
    for name, entry in read_header(output).items():
        if not all_finite(read_entry(output, entry)):
            raise Refused(f"NaN or infinity in {name}", "finite values")
