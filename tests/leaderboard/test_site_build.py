"""From a release to a finished site: repeatable, whole or not at all, and closed in itself."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from click.testing import CliRunner
from reading import read_html
from stand_in import StandIn, stand_in

from sngen.cli import site as site_command
from sngen.errors import CheckFailed, UsageError
from sngen.leaderboard import rendering
from sngen.leaderboard.build import fresh_folder, write_docs
from sngen.leaderboard.context import Context
from sngen.leaderboard.model_json import INDEX
from sngen.leaderboard.rendering import render
from sngen.leaderboard.serving import server
from sngen.leaderboard.shell import PATH as SHELL


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_builds_are_identical(
    docs: Path, small: StandIn, make_context: Callable[..., Context], repository: Path, tmp_path: Path
) -> None:
    shuffled = StandIn({name: rows[::-1] for name, rows in small.rows.items()}, small.entries)
    write_docs(
        make_context(shuffled), lambda: "window.vegaEmbed=null;", repository / "site", tmp_path / "docs"
    )
    first, second = _contents(docs), _contents(tmp_path / "docs")
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_removed_models_leave_no_page(
    make_context: Callable[..., Context], repository: Path, tmp_path: Path
) -> None:
    for count, expected in ((3, True), (2, False)):
        write_docs(
            make_context(stand_in({"cifar10": count})), lambda: "", repository / "site", tmp_path / "docs"
        )
        assert ("cifar10/net-2" in (tmp_path / "docs/tables/models.js").read_text("utf-8")) is expected
    assert [path.name for path in tmp_path.iterdir()] == ["docs"]


def test_two_files_of_one_name_are_refused_and_the_old_docs_stay(
    make_context: Callable[..., Context], repository: Path, tmp_path: Path
) -> None:
    handwritten = tmp_path / "hand"
    shutil.copytree(repository / "site", handwritten)
    context = make_context(stand_in({}, measured=1))
    write_docs(context, lambda: "", handwritten, tmp_path / "docs")
    before = _contents(tmp_path / "docs")
    (handwritten / "models.md").write_text("mine")
    with pytest.raises(CheckFailed, match=r"models\.md: two files"):
        write_docs(context, lambda: "", handwritten, tmp_path / "docs")
    assert _contents(tmp_path / "docs") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["docs", "hand"]


def test_a_fresh_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x/old").touch()
    with fresh_folder(tmp_path / "x") as fresh:
        (fresh / "new").touch()
        assert (tmp_path / "x/old").exists()
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["new"]


def test_every_link_of_the_site_resolves_within_it(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 30
    broken, ids = [], {page: set(read_html(page.read_text("utf-8")).attributes("id")) for page in pages}
    for page in pages:
        if page.name == "404.html":
            continue  # served at any address, so its links start at the host's root
        found = read_html(page.read_text("utf-8"))
        for address in [
            *found.attributes("href"),
            *found.attributes("src"),
            *found.attributes("data-src"),
            *found.attributes("data-spec"),
            *found.attributes("data-bundle"),
        ]:
            parts = urlsplit(address)
            if parts.scheme:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or (
                parts.fragment and target in ids and unquote(parts.fragment) not in ids[target]
            ):
                broken.append((str(page.relative_to(site)), address))
    assert broken == []


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        for tag, attributes in read_html(page.read_text("utf-8")).elements:
            loaded = [attributes.get("src"), attributes.get("href") if tag == "link" else None]
            assert not [a for a in loaded if a and urlsplit(a).netloc], (page, tag, attributes)
    for style in site.rglob("*.css"):
        assert "url(http" not in style.read_text("utf-8"), style
    assert "models" not in {path.name for path in (site / "search").iterdir()}
    index = (site / "search/search_index.json").read_text("utf-8")
    assert "models.html" in index
    assert "securitynet/cifar10/net-0" not in index


def test_plain_mkdocs_builds_the_same_pages_but_those_of_models(
    docs: Path, site: Path, context: Context, repository: Path
) -> None:
    root = docs.parents[1]
    shutil.copy(repository / "mkdocs.yml", root)
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", "plain"], cwd=root, check=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    own = {path for path in _contents(site) if path.startswith("models/") and path != INDEX}
    assert len(own) == 2 * len(context.snapshot.models)
    shell = str(Path(SHELL).with_suffix(".html"))
    assert set(_contents(root / "plain")) - {shell} == set(_contents(site)) - own


def test_what_mkdocs_finds_wrong_is_said_and_the_old_site_stays(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("# x\n\n[broken](nowhere.md)\n")
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("old")
    with pytest.raises(CheckFailed, match=r"nowhere\.md"):
        render(repository / "mkdocs.yml", tmp_path / "docs", tmp_path / "site")
    assert (tmp_path / "site/index.html").read_text() == "old"


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        rendering.importlib.util,
        "find_spec",
        lambda name: None if name in {"material", "vl_convert"} else find(name),
    )
    with pytest.raises(UsageError, match=r"needs mkdocs-material and vl-convert-python.*securitynet\[site\]"):
        rendering.check_installed()


def test_command_builds_a_release(
    small: StandIn, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole command; only the reading of the release's folder is replaced."""
    monkeypatch.setenv("SECURITYNET_CACHE", str(tmp_path / "cache"))
    opened = []
    monkeypatch.setattr(
        site_command.Release, "open", lambda folder: opened.append(folder) or stand_in({}, measured=2)
    )
    arguments = [
        "build",
        "--release",
        "here",
        "--checkout",
        str(repository),
        "--out",
        str(tmp_path / "out"),
        "--docs",
        str(tmp_path / "docs"),
    ]
    result = CliRunner().invoke(site_command.command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert opened == [Path("here")]
    assert "1 charts written" in result.output
    assert (tmp_path / "out/models/reference/digits/net-1.html").is_file()
    (bundle,) = (tmp_path / "out/assets").glob("vega-*.js")
    page = (tmp_path / "out/leaderboards/utility/digits.html").read_text("utf-8")
    assert f'data-bundle="../../assets/{bundle.name}"' in page
    assert "<svg" in page


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["build", "--release", "x", "--checkout", "nowhere"], "nowhere/mkdocs.yml: no such file"),
        (["build", "--release", "nowhere"], "nowhere"),
        (["build", "--release", "x", "--repository-url", "javascript:x"], "expected https://"),
        (["serve", "--site", "nowhere"], "no index.html there"),
    ],
)
def test_mistakes_end_in_a_sentence(
    arguments: list[str], words: str, repository: Path, tmp_path: Path
) -> None:
    run = subprocess.run(
        [sys.executable, "-c", "from sngen.cli import main; main()", "site", *arguments],
        cwd=repository, capture_output=True, text=True, check=False,
        env={**os.environ, "SECURITYNET_CACHE": str(tmp_path)},
    )  # fmt: skip
    assert run.returncode == 2, run.stderr
    assert words in run.stderr
    assert "Traceback" not in run.stderr


def test_serve_answers_on_this_machine_only(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("hello")
    with server(tmp_path, 0) as running:
        host, port = running.server_address[:2]
        assert host == "127.0.0.1"
        threading.Thread(target=running.serve_forever, daemon=True).start()
        assert urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).read() == b"hello"
        running.shutdown()


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    (tmp_path / "index.html").touch()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(UsageError, match="cannot be used"):
            server(tmp_path, other.getsockname()[1])
