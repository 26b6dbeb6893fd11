"""How long a full release takes, from the catalogue in the repository and the results that are there.

    python benchmarks/release_build.py

Target: under 5 seconds for ``sngen release build`` as a whole, start of the interpreter included.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sngen.release.read import Release

ROOT = Path(__file__).resolve().parents[1]
TARGET = 5.0
ROUNDS = 5
PROGRAM = (sys.executable, "-c", "from sngen.cli import main; main()", "release")


def _seconds(*arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run([*PROGRAM, *arguments], check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - start


def main() -> int:
    results = [folder for folder in ("data/results", "build/results") if (ROOT / folder).is_dir()]
    options = [part for folder in results for part in ("--results", folder)]
    with tempfile.TemporaryDirectory() as out:
        build = ("build", "--version", "0.0.0", "--out", out, *options)
        builds = [_seconds(*build) for _ in range(ROUNDS)]
        folder = Path(out) / "securitynet"
        verifies = [_seconds("verify", str(folder)) for _ in range(ROUNDS)]
        manifest = Release.open(folder).manifest
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    rows = ", ".join(f"{name} {entry['rows']:,}" for name, entry in manifest["tables"].items())
    median = statistics.median(builds)
    print(f"rows: {rows}")
    print(f"size: {size / 1e6:.2f} MB")
    span = f"{min(builds):.2f} to {max(builds):.2f}"
    print(f"build:  median {median:.2f} s of {ROUNDS} ({span}), target {TARGET:g} s")
    print(f"verify: median {statistics.median(verifies):.2f} s of {ROUNDS}")
    return 0 if median < TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
