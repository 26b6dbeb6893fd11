"""Nothing is published that is not as it was built."""

from __future__ import annotations

from pathlib import Path

from sngen.errors import CheckFailed
from sngen.release.read import Release
from sngen.release.verify import verify


def verified(folder: Path) -> Release:
    """Raises ``CheckFailed`` with everything that is wrong."""
    problems = verify(folder)
    if problems:
        lines = "\n".join(f"  {problem}" for problem in problems)
        raise CheckFailed(
            f"{folder} is not as it was built, so it is not published:\n{lines}\nBuild it again."
        )
    return Release.open(folder)
