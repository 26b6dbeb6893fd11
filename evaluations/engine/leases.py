"""Leases: who is at work on what, in a store that several machines share.

A lease is a small file that its holder renews. Nobody's clock is compared with another's: a lease has run
out when somebody has watched it for its whole duration and it did not change. On the holder's own machine
its end is seen at once. Taking a lease over is a conditional write, so that of two only one succeeds; if the
former holder was only asleep, both finish, and the second result is compared with the first.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType

from sngen.errors import CheckFailed
from sngen.store import Store, Stored, StoreUnavailable

FOLDER = ".leases"
#: How long a holder may be silent, and how often it speaks in that time.
SECONDS = 60.0
BEATS = 4


@dataclass(frozen=True)
class Holder:
    """A process. ``machine`` is one start of one system (and its process ids); ``started`` tells processes
    apart that had one id after the other; both are empty where the system does not tell."""

    host: str
    machine: str
    pid: int
    started: str

    @classmethod
    def here(cls) -> Holder:
        return cls(socket.gethostname(), _machine(), os.getpid(), _started(os.getpid()))

    @property
    def is_known_dead(self) -> bool:
        """True only where this machine can tell."""
        if not self.machine or not self.started or self.machine != _machine():
            return False
        return _started(self.pid) != self.started


@dataclass(frozen=True)
class Note:
    """What a lease says. ``nonce`` changes with every renewal; ``is_free``: its holder has let go."""

    holder: Holder
    seconds: float
    nonce: str
    is_free: bool = False

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, content: bytes, where: str) -> Note:
        try:
            body = json.loads(content)
            return cls(**{**body, "holder": Holder(**body["holder"])})
        except (ValueError, TypeError, KeyError) as error:
            raise CheckFailed(f"{where}: not a lease ({error}). Delete it if nobody is at work.") from error

    def renewed(self) -> Note:
        return replace(self, nonce=secrets.token_hex(8))

    @property
    def is_open(self) -> bool:
        """Whether anybody may take it at once."""
        return self.is_free or self.holder.is_known_dead


def lease_name(record_id: str) -> str:
    return f"{FOLDER}/{record_id}.lease"


def read_note(store: Store, record_id: str) -> tuple[Note, Stored] | None:
    stored = store.read(lease_name(record_id))
    if stored is None:
        return None
    return Note.from_bytes(stored.content, store.where(lease_name(record_id))), stored


def take(store: Store, record_id: str, run_out: str | None = None, seconds: float = SECONDS) -> Lease | None:
    """The lease, or None where somebody else has it. ``run_out``: token of a lease that a ``Watch`` has seen
    run out."""
    name = lease_name(record_id)
    note = Note(Holder.here(), seconds, secrets.token_hex(8))
    if store.create(name, note.to_bytes()):
        return Lease(store, name, note)
    found = read_note(store, record_id)
    if found is None:  # its holder has just finished
        return Lease(store, name, note) if store.create(name, note.to_bytes()) else None
    there, stored = found
    if not there.is_open and stored.token != run_out:
        return None
    return Lease(store, name, note) if store.replace(name, note.to_bytes(), stored.token) else None


class Lease:
    """A lease that is held; a context manager that renews it in a thread, and lets go at its end."""

    def __init__(self, store: Store, name: str, note: Note) -> None:
        self._store, self._name, self._note = store, name, note
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True, name="renew-lease")

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        with suppress(StoreUnavailable):  # then it runs out, or is seen to be a dead process's
            if kind is None:  # the record is there: nobody needs the lease any more, whoever has it by now
                self._store.delete(self._name)
            else:
                self._write(replace(self._note, is_free=True))

    def _renew(self) -> None:
        while not self._stop.wait(self._note.seconds / BEATS):
            if not self._write(self._note.renewed()):
                return

    def _write(self, note: Note) -> bool:
        """Whether the lease is still this one's. A store that does not answer says nothing about that."""
        try:
            stored = self._store.read(self._name)
            if stored is None or stored.content != self._note.to_bytes():
                return False
            if not self._store.replace(self._name, note.to_bytes(), stored.token):
                return False
        except StoreUnavailable:
            return True
        self._note = note
        return True


class Watch:
    """Remembers when it first saw each lease as it is. ``clock`` gives seconds of this machine alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[str, float]] = {}

    def run_out(self, store: Store, record_id: str) -> str | None:
        """The lease's token, if it may be taken; None while it may not. A lease that is gone may be."""
        found = read_note(store, record_id)
        if found is None:
            self._seen.pop(record_id, None)
            return ""
        note, stored = found
        token, since = self._seen.get(record_id, ("", 0.0))
        if token != stored.token:
            since = self._clock()
            self._seen[record_id] = (stored.token, since)
        return stored.token if note.is_open or self._clock() - since > note.seconds else None


def _machine() -> str:
    """This start of this system and its space of process ids; empty where it does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When the process started, in the system's ticks; empty where no such process lives."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
