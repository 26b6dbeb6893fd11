"""The jail: what a process cannot do once its walls are up, even if it tries past Python's own checks."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hostile_pickles import GOOD, legacy, zipped

from sngen.errors import CheckFailed, UsageError
from sngen.zoo import jail
from sngen.zoo.formats.arrays import Array
from sngen.zoo.formats.refusal import CheckpointRefused
from sngen.zoo.formats.safetensors_file import read_header, write

WALLS = {"time", "file size", "descriptors", "memory", "processes", "system calls", "audit hook"}
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's walls are those of Linux")
BEFORE = """
import ctypes, os, signal, socket, sys
from sngen.zoo import jail_walls
libc = ctypes.CDLL(None, use_errno=True)
jail_walls.alone()
jail_walls.limits(64 * 2**20, 1, 2**20)
"""
LOCKED = BEFORE + "jail_walls.locked()\n"
# Without the audit hook, so that only the kernel is in the way.
KERNEL = BEFORE + "assert jail_walls._filter_system_calls()\n"


def _python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"OPENBLAS_NUM_THREADS": "1"},
    )


def _saved(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.socket()",
        "open('{canary}', 'w')",
        "open('/etc/passwd')",
        "os.system('touch {canary}')",
        "os.fork()",
        "os.mkdir('{canary}')",
        "os.posix_spawn('/bin/true', ['true'], {{}})",
        "__import__('antigravity')",
        "eval('1')",
        "os.kill(os.getppid(), 0)",
    ],
)
def test_python_refuses(tmp_path: Path, attempt: str) -> None:
    canary = tmp_path / "canary"
    run = _python(f"{LOCKED}{attempt.format(canary=canary)}\nprint('done')")
    assert "PermissionError" in run.stderr and "done" not in run.stdout and not canary.exists()


@LINUX
@pytest.mark.parametrize(
    "call",
    ["socket(2, 1, 0)", "socket(16, 3, 0)", "fork()", "open(b'{canary}', 65, 511)", "open(b'/etc/passwd', 0)",
     "execv(b'/bin/true', None)", "unlink(b'/etc/nothing')", "kill(1, 0)", "ptrace(0, 0, 0, 0)",
     "rename(b'{canary}', b'{canary}2')", "chmod(b'{canary}', 511)", "setrlimit(0, None)"],
)  # fmt: skip
def test_the_kernel_refuses_too(tmp_path: Path, call: str) -> None:
    canary = tmp_path / "canary"
    run = _python(f"{KERNEL}print(libc.{call.format(canary=canary)}, ctypes.get_errno())")
    assert run.stdout.strip() == "-1 1", run.stderr  # EPERM
    assert not canary.exists()


@LINUX
def test_memory_and_time_end() -> None:
    assert "MemoryError" in _python(f"{LOCKED}bytearray(200 * 2**20)").stderr
    # The soft limit and the hard one are the same, and the kernel sends what belongs to either.
    assert -_python(f"{LOCKED}while True: pass").returncode in (signal.SIGXCPU, signal.SIGKILL)


@LINUX
def test_all_walls_stand_and_little_memory_is_used(tmp_path: Path) -> None:
    source = _saved(tmp_path / "good.pt", zipped(GOOD))
    report = jail.convert(source, tmp_path / "out" / "good.safetensors", jail.Job("torch"))
    assert set(report.walls) >= WALLS and 0 < report.peak_bytes < 200 * jail.MiB
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["good.safetensors"]
    with (tmp_path / "out" / "good.safetensors").open("rb") as stream:
        assert read_header(stream)["w"].shape == (1,)


def test_names_that_the_prefix_leaves_out_are_reported(tmp_path: Path) -> None:
    source = tmp_path / "two.safetensors"
    array = Array("F32", np.ones(2, np.float32))
    with source.open("wb") as stream:
        write(stream, {"net.w": array, "loss.w": array}, {})
    report = jail.convert(source, tmp_path / "out.safetensors", jail.Job("safetensors", prefix="net."))
    assert report.left_out == ("loss.w",)
    with (tmp_path / "out.safetensors").open("rb") as stream:
        assert list(read_header(stream)) == ["w"]


def test_limits_are_named(tmp_path: Path) -> None:
    source = _saved(tmp_path / "good.pt", zipped(GOOD))
    tight = jail.Limits(file_bytes=100, tensor_bytes=100, memory_bytes=2**28, seconds=5)
    with pytest.raises(CheckpointRefused, match=r"Found \d+ bytes; expected at most 100"):
        jail.convert(source, tmp_path / "out", jail.Job("torch"), tight)
    content = legacy(
        GOOD.replace(b"K\x01t", b"J\0\0\0\x01t"), (2**24).to_bytes(8, "little") + bytes(2**26), ("0",)
    )
    large = _saved(tmp_path / "large.pt", content)
    tight = jail.Limits(file_bytes=2**30, tensor_bytes=2**30, memory_bytes=2**25, seconds=5)
    with pytest.raises(CheckpointRefused, match="needs more memory to read; expected at most 32 MiB"):
        jail.convert(large, tmp_path / "out", jail.Job("torch"), tight)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good.pt", "large.pt"]


def test_what_the_process_says_and_writes_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = _saved(tmp_path / "any", b"x"), tmp_path / "out.safetensors"
    done = "{\\'kind\\': \\'done\\', \\'walls\\': [], \\'left_out\\': [], \\'peak_bytes\\': 1}".replace(
        "\\'", '"'
    )
    for program, message in (
        (f"print('{done}')", "a header of 0 bytes in a file of 0"),
        ("print('[1]')", "the process that reads it failed"),
        ("raise ValueError('odd')", "failed .status 1.: ValueError: odd"),
        ("import os; os.kill(os.getpid(), 11)", r"crashes its reader \(SIGSEGV\)"),
    ):
        monkeypatch.setattr(jail, "_START", program)
        with pytest.raises(CheckFailed, match=message):
            jail.convert(source, target, jail.Job("torch"))
    assert not target.exists() and list(tmp_path.iterdir()) == [source]


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = "import sys; sys.modules['h5py'] = None; " + jail._START
    monkeypatch.setattr(jail, "_START", hidden)
    with pytest.raises(UsageError, match="needs the Python package h5py"):
        jail.convert(_saved(tmp_path / "any", b"x"), tmp_path / "out", jail.Job("keras-h5"))
