"""How long a full release takes, from the catalogue in the repository and the results that are there.

    python benchmarks/release_build.py

Targets, start of the interpreter included: 20 seconds for ``sngen release build``, 5 for ``verify``, 5 for
``diff`` (with a release that lacks the results).
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
TARGETS = {"build": 20.0, "verify": 5.0, "diff": 5.0}
ROUNDS = 3
PROGRAM = (sys.executable, "-c", "from sngen.cli import main; main()", "release")


def _seconds(*arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run([*PROGRAM, *arguments], check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - start


def main() -> int:
    results = [folder for folder in ("data/results", "build/results") if (ROOT / folder).is_dir()]
    options = [part for folder in results for part in ("--results", folder)]
    with tempfile.TemporaryDirectory() as out:
        folder, bare = Path(out) / "securitynet", Path(out) / "bare"
        (Path(out) / "none").mkdir()
        _seconds("build", "--version", "0.0.0", "--out", str(bare), "--results", str(Path(out) / "none"))
        commands = {
            "build": ("--version", "0.0.0", "--out", out, *options),
            "verify": (str(folder),),
            "diff": (str(bare / "securitynet"), str(folder)),
        }
        taken = {name: [_seconds(name, *given) for _ in range(ROUNDS)] for name, given in commands.items()}
        manifest = Release.open(folder).manifest
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    rows = ", ".join(f"{name} {entry['rows']:,}" for name, entry in manifest["tables"].items())
    print(f"rows: {rows}")
    print(f"size: {size / 1e6:.2f} MB")
    for name, seconds in taken.items():
        median, span = statistics.median(seconds), f"{min(seconds):.2f} to {max(seconds):.2f}"
        print(f"{name}: median {median:.2f} s of {ROUNDS} ({span}), target {TARGETS[name]:g} s")
    return 0 if all(statistics.median(taken[name]) < limit for name, limit in TARGETS.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
