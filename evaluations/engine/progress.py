"""What a batch says while it runs: one line that is redrawn on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

BAR_WIDTH = 24


@dataclass
class Progress:
    """Counts jobs of one phase. ``workers`` run at a time; ``clock`` gives seconds."""

    phase: str
    total: int
    workers: int
    stream: TextIO
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    failed: int = 0
    _seconds: list[float] = field(default_factory=list)

    def started(self, name: str, running: int) -> None:
        if self._is_terminal:
            self._draw(name, running)

    def finished(self, name: str, result: str, seconds: float, running: int) -> None:
        """Count one job that ended; ``result`` is one word or a cause."""
        self.done += 1
        self._seconds.append(seconds)
        if self._is_terminal:
            self._draw(name, running)
        else:
            self.say(f"{self._counts()} {name}: {result}, {seconds:.1f} s{self._remaining()}")

    def failure(self, name: str, cause: str, seconds: float, running: int) -> None:
        self.failed += 1
        if self._is_terminal:
            self.say(f"failed: {name}: {cause}")
        self.finished(name, f"FAILED ({cause})", seconds, running)

    def say(self, line: str) -> None:
        """One lasting line."""
        clear = "\r\x1b[K" if self._is_terminal else ""
        self.stream.write(f"{clear}{line}\n")
        self.stream.flush()

    def close(self) -> None:
        if self._is_terminal and self.total:
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    @property
    def _is_terminal(self) -> bool:
        return self.stream.isatty()

    def _draw(self, name: str, running: int) -> None:
        filled = BAR_WIDTH * self.done // max(self.total, 1)
        bar = "#" * filled + "." * (BAR_WIDTH - filled)
        failed = f", {self.failed} failed" if self.failed else ""
        line = f"[{bar}] {self._counts()} {running} running{failed}{self._remaining()}  {name}"
        self.stream.write(f"\r\x1b[K{line[:118]}")
        self.stream.flush()

    def _counts(self) -> str:
        return f"{self.phase} {self.done}/{self.total}"

    def _remaining(self) -> str:
        """Mean time of a job so far, times the jobs left, over the workers."""
        left = self.total - self.done
        if not self._seconds or not left:
            return ""
        mean = sum(self._seconds) / len(self._seconds)
        return f", {duration(mean * left / min(self.workers, left))} left"


def duration(seconds: float) -> str:
    """1 h 02 min, 3 min 05 s, 42 s."""
    whole = max(round(seconds), 0)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"
