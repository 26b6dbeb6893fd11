"""What a process can give up for good: network, files, processes, memory, time.

Each function returns the names of the walls it put up. Linux has all of them, x86-64 and arm64 the system
call filter; elsewhere the resource limits that the system knows and Python's audit hook stand.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from typing import Any

_CLONE_NEWUSER, _CLONE_NEWNET, _CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SECCOMP_MODE_FILTER = 2
_RET_ALLOW, _RET_EPERM = 0x7FFF0000, 0x00050001
_LOAD_WORD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_OFFSET_NUMBER, _OFFSET_ARCHITECTURE = 0, 4
_MAX_DESCRIPTORS = 32

#: What reading open files and reckoning needs, by name: (number on x86-64, number on arm64).
SYSTEM_CALLS = {
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "lseek": (8, 62),
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "pread64": (17, 67), "pwrite64": (18, 68), "writev": (20, 66), "sched_yield": (24, 124),
    "mremap": (25, 216), "madvise": (28, 233), "nanosleep": (35, 101), "getpid": (39, 172),
    "exit": (60, 93), "ftruncate": (77, 46), "getrusage": (98, 165), "sysinfo": (99, 179),
    "sigaltstack": (131, 132), "gettid": (186, 178), "futex": (202, 98), "sched_getaffinity": (204, 123),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115),
    "exit_group": (231, 94), "tgkill": (234, 131), "newfstatat": (262, 79), "getrandom": (318, 278),
    "membarrier": (324, 283), "rseq": (334, 293),
}  # fmt: skip
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

#: Events of Python that reading may raise; all others are refused.
AUDIT_EVENTS = frozenset(
    {
        "array.__new__", "builtins.id", "object.__getattr__", "object.__setattr__", "pickle.find_class",
        "sys._getframe", "sys.excepthook", "sys.unraisablehook",
    }
)  # fmt: skip


class Memory:
    """The process's memory as the kernel counts it; asked for as long as its file stays open."""

    def __init__(self) -> None:
        self._status = None
        with contextlib.suppress(OSError):
            self._status = os.open("/proc/self/status", os.O_RDONLY)

    def peak_bytes(self) -> int:
        """The most that was resident at once."""
        if self._status is None:
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        lines = os.pread(self._status, 8192, 0).decode().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def alone() -> list[str]:
    """Die with the parent; no network, where the kernel lets anybody make a namespace of their own."""
    if sys.platform != "linux":
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC) != 0:
        return []
    return ["network namespace"]


def limits(memory_bytes: int, seconds: int, file_bytes: int) -> list[str]:
    """``memory_bytes`` of address space and ``seconds`` of processor time beyond those already used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    wanted = {
        resource.RLIMIT_CPU: int(used.ru_utime + used.ru_stime) + 1 + seconds,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: _MAX_DESCRIPTORS,
    }
    walls = ["time", "file size", "descriptors"]
    with contextlib.suppress(OSError), open("/proc/self/statm") as statm:  # noqa: PTH123 - cheap, and once
        pages = int(statm.read().split()[0])
        wanted[resource.RLIMIT_AS] = pages * resource.getpagesize() + memory_bytes
        walls.append("memory")
    if hasattr(resource, "RLIMIT_NPROC"):
        wanted[resource.RLIMIT_NPROC] = 0
        walls.append("processes")
    for limit, value in wanted.items():
        _soft, hard = resource.getrlimit(limit)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (allowed, allowed))
    return walls


def locked() -> list[str]:
    """From here on nothing is opened, started or connected: the kernel refuses, and so does Python."""
    walls = ["system calls"] if _filter_system_calls() else []
    sys.addaudithook(_refuse)
    return [*walls, "audit hook"]


def _refuse(event: str, _arguments: Any) -> None:
    if event not in AUDIT_EVENTS:
        raise PermissionError(f"refused: {event}")


def _filter_system_calls() -> bool:
    machine = _ARCHITECTURES.get(platform.machine()) if sys.platform == "linux" else None
    if machine is None:
        return False
    column, architecture = machine
    program = [
        (_LOAD_WORD, 0, 0, _OFFSET_ARCHITECTURE),
        (_JUMP_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _RET_EPERM),
        (_LOAD_WORD, 0, 0, _OFFSET_NUMBER),
    ]
    for numbers in SYSTEM_CALLS.values():
        program += [(_JUMP_IF_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _RET_ALLOW)]
    program.append((_RETURN, 0, 0, _RET_EPERM))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(header), 0, 0) == 0
