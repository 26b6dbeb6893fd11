"""What a batch says while it runs."""

from __future__ import annotations

import io

import pytest

from evaluations.engine.progress import Progress, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plain_lines_count_and_estimate() -> None:
    stream = io.StringIO()
    progress = Progress("measuring", total=5, workers=2, stream=stream)
    progress.running(["a"])
    progress.finished("a", "measured", 10.0, running=1)
    progress.failure("b", "crashed (SIGSEGV)", 20.0, running=1)
    assert stream.getvalue().splitlines() == [
        "measuring 1/5 a: measured, 10.0 s, 20 s left",
        "measuring 2/5 b: FAILED (crashed (SIGSEGV)), 20.0 s, 22 s left",
    ]


def test_what_is_left_is_weighed_by_what_is_expected() -> None:
    """All take twice what is expected, and the unknown fourth counts as much as the others on average."""
    stream = io.StringIO()
    expected = {"long": 50.0, "short": 10.0, "middle": 30.0}
    progress = Progress("measuring", total=4, workers=1, stream=stream, expected=expected)
    progress.finished("long", "measured", 100.0, running=1)
    progress.finished("short", "measured", 20.0, running=1)
    assert [line.split(", ")[-1] for line in stream.getvalue().splitlines()] == [
        "2 min 20 s left",
        "2 min 00 s left",
    ]


def test_a_terminal_gets_one_line_that_is_redrawn_and_failures_stay() -> None:
    stream = Terminal()
    progress = Progress("measuring", total=4, workers=2, stream=stream)
    progress.finished("a", "measured", 1.0, running=2)
    progress.failure("b", "no good", 1.0, running=2)
    progress.close()
    text = stream.getvalue()
    assert "[######..................] measuring 1/4 2 running, 2 s left  a" in text
    assert "[############............] measuring 2/4 2 running, 1 failed, 1 s left  b" in text
    assert text.count("\n") == 1 and "failed: b: no good\n" in text


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (3725, "1 h 02 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words
