"""Checksums that publishers state, as algorithm:value or algorithm-prefix:value."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from sngen.errors import UsageError

ALGORITHMS = {"sha256": 64, "sha1": 40, "md5": 32, "sha512": 128}  # hexadecimal digits
#: Fewer digits than that identify nothing.
FEWEST_DIGITS = 6


@dataclass(frozen=True)
class Checksum:
    """``value``: all hexadecimal digits, or the first ones where ``whole`` is False."""

    algorithm: str
    value: str
    whole: bool

    @classmethod
    def parse(cls, text: str) -> Checksum:
        """Raises ``UsageError`` for what is no checksum."""
        name, _, value = text.strip().partition(":")
        algorithm, value = name.lower().removesuffix("-prefix"), value.strip().lower()
        digits = ALGORITHMS.get(algorithm)
        whole = not name.lower().endswith("-prefix")
        fits = digits is not None and (
            len(value) == digits if whole else FEWEST_DIGITS <= len(value) <= digits
        )
        if not fits or not re.fullmatch(r"[0-9a-f]+", value):
            raise UsageError(
                f"checksum {text!r}: expected ALGORITHM:VALUE or ALGORITHM-prefix:FIRST_DIGITS in "
                f"hexadecimal, with one of {', '.join(ALGORITHMS)}."
            )
        return cls(algorithm, value, whole)

    def of(self, path: Path) -> str:
        """The file's own checksum by this algorithm, complete."""
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, self.algorithm).hexdigest()

    def fits(self, found: str) -> bool:
        return found == self.value if self.whole else found.startswith(self.value)

    def __str__(self) -> str:
        return f"{self.algorithm} {self.value}{'' if self.whole else '...'}"
