"""The two kinds of failure a user sees as a sentence and never as a traceback."""

from __future__ import annotations


class SecurityNetError(Exception):
    """Base of every error that is a message to the user. ``exit_code`` is what a command returns."""

    exit_code = 1


class UsageError(SecurityNetError):
    """The request itself is wrong: an unknown name, a missing file, a bad option."""

    exit_code = 2


class CheckFailed(SecurityNetError):
    """The request is fine and what was examined is not: invalid data, a number that does not reproduce."""


class DataProblem(CheckFailed):
    """One or more invalid cells. ``problems`` holds all of them, so that they can be mended at once."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        count = len(problems)
        head = f"{count} problem{'s' if count != 1 else ''} found:"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in problems)]))
