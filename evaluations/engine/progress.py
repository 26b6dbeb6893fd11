"""What a batch says while it runs: one line that is redrawn on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

BAR_WIDTH = 24


@dataclass
class Progress:
    """Counts jobs of one phase. ``workers`` run at a time; ``expected``: seconds by a job's name, where they
    are known beforehand."""

    phase: str
    total: int
    workers: int
    stream: TextIO
    expected: Mapping[str, float] = field(default_factory=dict)
    done: int = 0
    failed: int = 0
    _taken: float = 0.0
    _weight_done: float = 0.0

    def running(self, names: Sequence[str]) -> None:
        if self._is_terminal:
            self._draw(names[-1] if names else "", len(names))

    def finished(self, name: str, result: str, seconds: float, running: int) -> None:
        """Count one job that ended; ``result`` is one word or a cause."""
        self.done += 1
        self._taken += seconds
        self._weight_done += self.expected.get(name, self._typical)
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
        """What is left to do, at the pace of what is done, over the workers."""
        left = self.total - self.done
        if not self._weight_done or not left:
            return ""
        weight = sum(self.expected.values()) + (self.total - len(self.expected)) * self._typical
        pace = self._taken / self._weight_done
        seconds = pace * (weight - self._weight_done) / min(self.workers, left)
        return f", {duration(seconds)} left"

    @property
    def _typical(self) -> float:
        """What a job weighs of which nothing is known: as much as the others on average."""
        return sum(self.expected.values()) / len(self.expected) if self.expected else 1.0


def duration(seconds: float) -> str:
    """1 h 02 min, 3 min 05 s, 42 s."""
    whole = max(round(seconds), 0)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"
