"""How long a search of the whole catalogue takes in a fresh process; goal: under one CPU-second.

Measured scores come from the records in data/results, by way of the cache once they were read.

Run: python benchmarks/search_time.py
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

ROUNDS = 5
GOAL = 1.0
CODE = "import sys; from sngen.cli import main; main()"
QUERY = ("models", "dataset=cifar10", "accuracy=0.9..0.96", "--format", "ids")
COMMAND = (sys.executable, "-c", CODE, *QUERY)


def main() -> None:
    seconds = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(COMMAND, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    print(f"median of {ROUNDS}: {statistics.median(seconds):.2f} CPU-seconds; goal {GOAL:.2f}")


if __name__ == "__main__":
    main()
