"""How long the generator takes for the 529 models of the original database; goal: 5 s before MkDocs.

Charts are drawn once and kept by content; both cases are measured. Run: python benchmarks/site_build.py
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "leaderboard"))

from stand_in import REAL_SIZES, stand_in  # noqa: E402 - needs the path above

from sngen.leaderboard.build import write_docs  # noqa: E402
from sngen.leaderboard.context import Context  # noqa: E402
from sngen.leaderboard.drawing import Drawing, drawing_processes  # noqa: E402
from sngen.leaderboard.protocols import read_protocols  # noqa: E402
from sngen.leaderboard.rendering import render  # noqa: E402
from sngen.leaderboard.snapshot import Snapshot  # noqa: E402

GOAL = 5.0


def generate(folder: Path) -> tuple[float, float, int, int]:
    """Wall and processor seconds of the generator, pages, charts."""
    release = stand_in(REAL_SIZES, measured=10)
    protocols = read_protocols(ROOT / "evaluations" / "protocols")
    wall, cpu = time.perf_counter(), time.process_time()
    with drawing_processes() as executor:
        drawing = Drawing(folder / "cache", executor)
        bundle, script = drawing.bundle()
        context = Context(Snapshot.of(release), protocols, drawing.svg, bundle)
        pages = write_docs(context, script, ROOT / "site", folder / "docs")
    seconds = time.perf_counter() - wall, time.process_time() - cpu
    return *seconds, len(pages), sum(len(page.pictures) for page in pages)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{sum(REAL_SIZES.values())} models with reported scores, 10 with measured ones")
        for case in ("every chart drawn anew", "charts kept from before"):
            wall, cpu, pages, charts = generate(folder)
            print(f"{case}: {pages} pages, {charts} charts, {wall:.2f} s wall, {cpu:.2f} s processor")
        print(f"goal: below {GOAL} s: {'reached' if wall < GOAL else 'missed'} with charts kept")
        start = time.perf_counter()
        render(ROOT / "mkdocs.yml", folder / "docs", folder / "site")
        print(f"mkdocs build --strict: {time.perf_counter() - start:.2f} s wall")


if __name__ == "__main__":
    main()
