"""The other program that reads mkdocs.yml builds the same pages: Zensical, by the authors of the theme."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from reading import Read, read_html

from sngen.leaderboard.shell import PATH as SHELL


@pytest.fixture(scope="module")
def by_zensical(docs: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages but those of models, which neither program sees (``sngen.leaderboard.shell``)."""
    if importlib.util.find_spec("zensical") is None:
        pytest.skip("Zensical is not installed: it is part of the extra [dev]")
    root = tmp_path_factory.mktemp("zensical")
    shutil.copy(repository / "mkdocs.yml", root)
    shutil.copytree(docs, root / "build/docs")
    run = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    (root / "build/site" / SHELL).with_suffix(".html").unlink()
    return root / "build/site"


def _pages(site: Path) -> dict[str, Path]:
    """Every page but those of models by its path."""
    found = {path.relative_to(site).as_posix(): path for path in site.rglob("*.html")}
    return {name: path for name, path in found.items() if not name.startswith("models/")}


def test_both_programs_build_the_same_pages(by_zensical: Path, site: Path) -> None:
    assert sorted(_pages(by_zensical)) == sorted(_pages(site))
    assert len(_pages(site)) > 20


def test_pages_have_the_same_headings_tables_charts_and_links(by_zensical: Path, site: Path) -> None:
    others = _pages(by_zensical)
    for name, path in _pages(site).items():
        if name == "404.html":
            continue  # the theme's own
        assert _content(others[name]) == _content(path), name


def _content(page: Path) -> dict[str, list[str]]:
    """What our own files put into a page."""
    article = page.read_text("utf-8").split("<article", 1)[1].split("</article>", 1)[0]
    found: Read = read_html(article)
    return {
        "headings": [a.get("id") or "" for tag, a in found.elements if tag in {"h1", "h2", "h3"}],
        "data": found.attributes("data-src") + found.attributes("data-spec") + found.attributes("data-head"),
        "links": sorted(address for address in found.attributes("href")),
    }


def test_scripts_and_styles_are_the_same_files(by_zensical: Path, site: Path) -> None:
    for folder in ("scripts", "stylesheets", "tables", "charts", "compare"):
        ours = {path.relative_to(site): path.read_bytes() for path in (site / folder).rglob("*.*")}
        theirs = {p.relative_to(by_zensical): p.read_bytes() for p in (by_zensical / folder).rglob("*.*")}
        assert ours == theirs
    page = read_html((by_zensical / "compare.html").read_text("utf-8"))
    scripts = [source.split("?")[0].removeprefix("./") for source in page.attributes("src")]
    assert [s for s in scripts if not s.startswith("assets/")] == [
        "scripts/theme.js", "scripts/table.js", "scripts/compare.js", "charts.js",
    ]  # fmt: skip
