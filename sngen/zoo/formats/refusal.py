"""Why a file was refused: what was found and what was expected."""

from __future__ import annotations

from pathlib import Path

from sngen.errors import CheckFailed


class Refused(Exception):
    """Raised by readers, inside the jail, where the file's name is not known."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"found {found}; expected {expected}")
        self.found, self.expected = found, expected


class CheckpointRefused(CheckFailed):
    """The file does not hold plain tensors, or not safely; what a caller of ``sngen.zoo`` sees.

    ``peak_bytes`` is the most memory that reading it took, where the reader lived to say so.
    """

    def __init__(self, path: Path, found: str, expected: str, peak_bytes: int | None = None) -> None:
        self.peak_bytes = peak_bytes
        super().__init__(
            f"{path}: refused. Found {found}; expected {expected}. Nothing in the file was executed; "
            "check where it comes from."
        )
