"""Progress bars on standard error: one for a single file, one for many; none where nobody looks."""

from __future__ import annotations

import sys
import threading
from typing import Any

from sngen.zoo.fetching.job import Bar, NoBar


def bar_for(label: str, wanted: bool) -> Bar:
    """A bar if it is wanted, or if standard error is a terminal."""
    return FileBar(label) if wanted or sys.stderr.isatty() else NoBar()


class FileBar:
    """Bytes of one file; continues where a resumed download does."""

    def __init__(self, label: str) -> None:
        self._label, self._bar = label, None

    _bar: Any

    def start(self, done: int, total: int | None) -> None:
        from tqdm import tqdm  # type: ignore[import-untyped] # noqa: PLC0415 - only where a bar is shown

        self.close()
        self._bar = tqdm(
            desc=self._label, total=total, initial=done, unit="B", unit_scale=True, unit_divisor=1024,
            file=sys.stderr, leave=False,
        )  # fmt: skip

    def advance(self, count: int) -> None:
        if self._bar is not None:
            self._bar.update(count)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class ManyBar:
    """Files done, with the bytes that came; advanced by several threads."""

    def __init__(self, files: int, wanted: bool) -> None:
        from tqdm import tqdm  # noqa: PLC0415 - only for the command

        self._lock, self._bytes = threading.Lock(), 0
        shown = wanted or sys.stderr.isatty()
        self._bar = tqdm(total=files, unit=" files", file=sys.stderr, leave=False, disable=not shown)

    def start(self, done: int, total: int | None) -> None:
        pass

    def advance(self, count: int) -> None:
        with self._lock:
            self._bytes += count
            self._bar.set_postfix_str(f"{self._bytes / 1e6:,.0f} MB", refresh=False)
            self._bar.update(0)

    def file_done(self, line: str, counts: bool = True) -> None:
        """Count one, and write its line on standard output without tearing the bar."""
        with self._lock:
            self._bar.update(int(counts))
            self._bar.write(line, file=sys.stdout)
            sys.stdout.flush()

    def close(self) -> None:
        """Of one file: nothing to close."""

    def end(self) -> None:
        with self._lock:
            self._bar.close()
