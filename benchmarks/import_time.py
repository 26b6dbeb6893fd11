"""How long `import sngen` and `sngen --help` take in a fresh process; goal for the import: 0.3 s.

Run: python benchmarks/import_time.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

GOAL = 0.3
ROUNDS = 7


def seconds(*arguments: str) -> list[float]:
    """Wall seconds of a fresh interpreter with these arguments, once per round."""
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        found.append(time.perf_counter() - start)
    return found


def main() -> None:
    for name, arguments in (
        ("python, nothing imported", ("-c", "pass")),
        ("import sngen", ("-c", "import sngen")),
        ("sngen --help", ("-c", "from sngen.cli import cli; cli(['--help'])")),
    ):
        times = seconds(*arguments)
        print(f"{name}: median {statistics.median(times):.3f} s of {ROUNDS} (goal for the import {GOAL} s)")


if __name__ == "__main__":
    main()
