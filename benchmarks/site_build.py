"""How long the whole site takes for a catalogue of 5,600 models from 34 sources.

Goals: all pages generated in less than 10 s, everything built in less than 40 s, no chart kept from before.
Charts are drawn once and kept by content; both cases are measured. Run: python benchmarks/site_build.py
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "leaderboard"))

from stand_in import StandIn  # noqa: E402 - needs the path above
from whole_catalogue import whole_catalogue  # noqa: E402 - needs the path above

from sngen.leaderboard.build import model_pages, write_docs  # noqa: E402
from sngen.leaderboard.context import Context  # noqa: E402
from sngen.leaderboard.drawing import Drawing, drawing_processes  # noqa: E402
from sngen.leaderboard.protocols import read_protocols  # noqa: E402
from sngen.leaderboard.rendering import render  # noqa: E402
from sngen.leaderboard.snapshot import Snapshot  # noqa: E402

GENERATED, BUILT = 10.0, 40.0


def generate(release: StandIn, folder: Path) -> tuple[Context, float, int, int]:
    """Wall seconds of the generator, pages but those of models, charts."""
    protocols = read_protocols(ROOT / "evaluations" / "protocols")
    start = time.perf_counter()
    with drawing_processes() as executor:
        drawing = Drawing(folder / "cache", executor)
        bundle, script = drawing.bundle()
        context = Context(Snapshot.of(release), protocols, drawing.svg, bundle)
        pages = write_docs(context, script, ROOT / "site", folder / "docs")
    seconds = time.perf_counter() - start
    return context, seconds, len(pages), sum(len(page.pictures) for page in pages)


def _judged(what: str, seconds: float, goal: float) -> None:
    print(f"{what}: {seconds:.1f} s; goal: below {goal:.0f} s: {'reached' if seconds < goal else 'missed'}")


def main() -> None:
    release = whole_catalogue()
    print({name: len(rows) for name, rows in release.rows.items()})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        walls = []
        for case in ("every chart drawn anew", "charts kept from before"):
            context, wall, pages, charts = generate(release, folder)
            walls.append(wall)
            print(f"{case}: {pages} pages, {charts} charts, {wall:.1f} s")
        start = time.perf_counter()
        alone = sum(1 for _ in model_pages(context))
        _judged(f"{alone} pages of models, generated alone", time.perf_counter() - start, GENERATED)
        start = time.perf_counter()
        site = folder / "site"
        models = render(ROOT / "mkdocs.yml", folder / "docs", site, model_pages(context))
        rendering = time.perf_counter() - start
        print(f"MkDocs, and {models} pages of models beside it: {rendering:.1f} s")
        sizes = {
            part: sum(f.stat().st_size for f in (site / part).rglob("*")) for part in ("models", "tables")
        }
        print({part: f"{size / 1e6:.0f} MB" for part, size in sizes.items()})
        _judged("everything, charts drawn anew", walls[0] + rendering, BUILT)
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


if __name__ == "__main__":
    main()
