"""A real Chromium, the built site on a disk and on a server under a sub-path, a page of synthetic rows."""

from __future__ import annotations

import functools
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import material
import pytest
import synthetic
from on_page import OpenPage, OpenTable
from playwright.sync_api import Browser, Page, Playwright, Route, expect, sync_playwright

PREFIX = "/some/prefix/"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
HERE = Path(__file__).resolve().parent

expect.set_options(timeout=10_000)  # a busy machine of two cores is slow, and waiting costs nothing


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


# --- The browser ----------------------------------------------------------------------------------------


def find_chromium(playwright: Playwright) -> str | None:
    """Path of a Chromium: SECURITYNET_CHROMIUM, one on the path, Playwright's own, or None."""
    named = os.environ.get("SECURITYNET_CHROMIUM")
    if named:
        if not os.access(named, os.X_OK):
            pytest.fail(f"SECURITYNET_CHROMIUM names {named}, which is not an executable file", pytrace=False)
        return named
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        executable = find_chromium(playwright)
        if executable is None:
            pytest.skip("no Chromium found: sh tests/browser/install_chromium installs it or says how")
        opened = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield opened
        opened.close()


@dataclass
class Watched:
    """A page and everything that it must not do: errors on the console, requests to elsewhere."""

    page: Page
    allowed: str  # the beginning of the addresses that it may ask for
    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        harmless = (self.allowed, "data:", "blob:", "about:")
        self.page.route(lambda url: not url.startswith(harmless), self._refuse)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)

    def _refuse(self, route: Route) -> None:
        self.elsewhere.append(route.request.url)
        route.abort()

    def check(self) -> None:
        """Asserts that nothing happened since the last check."""
        errors, elsewhere = self.errors[:], self.elsewhere[:]
        self.errors.clear()
        self.elsewhere.clear()
        assert errors == [], f"errors on the console of {self.page.url}"
        assert elsewhere == [], f"{self.page.url} asks other places"


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """``open_page(address, width=1280, dark=False, **context)``; errors are checked at the end."""
    watched: list[Watched] = []

    def opened(address: str, width: int = 1280, dark: bool = False, **context: Any) -> Page:
        scheme: Any = "dark" if dark else "light"
        made = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, **context)
        made.set_default_timeout(10_000)
        allowed = address.partition(PREFIX)[0] + PREFIX if address.startswith("http") else "file:///"
        watched.append(Watched(made.new_page(), allowed))
        watched[-1].page.goto(address)
        return watched[-1].page

    yield opened
    for watch in watched:
        watch.page.context.close()
    for watch in watched:
        watch.check()


# --- What it opens --------------------------------------------------------------------------------------


class _Quiet(SimpleHTTPRequestHandler):
    """Serves a folder below PREFIX and nothing else, so that an absolute address in the site is a 404."""

    def translate_path(self, path: str) -> str:
        inside = path[len(PREFIX) :] if path.startswith(PREFIX) else "outside-of-the-prefix"
        return super().translate_path(f"/{inside}")

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _serve(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}{PREFIX}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def site_folder(repository: Path) -> Path:
    named = os.environ.get("SECURITYNET_SITE")
    folder = Path(named) if named else repository / "build" / "site"
    if not (folder / "index.html").is_file():
        if named:
            pytest.fail(f"SECURITYNET_SITE names {named}, which has no index.html", pytrace=False)
        pytest.skip("run make leaderboard first: build/site has no index.html")
    return folder.resolve()


@pytest.fixture(scope="session")
def site_server(site_folder: Path) -> Iterator[str]:
    """Address of the built site on a loopback server, below a sub-path; ends in a slash."""
    yield from _serve(site_folder)


@pytest.fixture(scope="session")
def harness_folder(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with the table component, the project's and Material's styles, and 5,000 synthetic rows."""
    folder = tmp_path_factory.mktemp("harness")
    for part in ("scripts", "stylesheets"):
        shutil.copytree(repository / "site" / part, folder / part)
    styles = Path(material.__file__).parent / "templates" / "assets" / "stylesheets"
    for name in ("main", "palette"):
        (source,) = styles.glob(f"{name}.*.min.css")
        shutil.copy(source, folder / f"{name.replace('main', 'material')}.css")
    shutil.copy(HERE / "harness.html", folder / "index.html")
    (folder / "tables").mkdir()
    (folder / "tables" / "synthetic.js").write_text(synthetic.script(synthetic.table()), "utf-8")
    (folder / "tables" / "citations.js").write_text(synthetic.citations(), "utf-8")
    return folder


@pytest.fixture(scope="session")
def harness(harness_folder: Path) -> str:
    """file:// address of the harness page."""
    return (harness_folder / "index.html").as_uri()


@pytest.fixture(scope="session")
def harness_window(browser: Browser) -> Iterator[Watched]:
    """One window for all tests of the table component, which keeps nothing outside of its address."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(10_000)
    yield Watched(context.new_page(), "file:///")
    context.close()


@pytest.fixture
def table(harness_window: Watched, harness: str) -> Iterator[OpenTable]:
    """``table(query="", width=1280)`` opens the harness page and waits until the full table is there."""

    def opened(query: str = "", width: int = 1280) -> Page:
        page = harness_window.page
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(harness + query)
        page.wait_for_selector(".sn-table.sn-live")
        return page

    yield opened
    harness_window.check()


@pytest.fixture(scope="session")
def rows() -> list[dict[str, Any]]:
    """The synthetic table, row by row."""
    data = synthetic.table()["data"]
    return [dict(zip(data, values, strict=True)) for values in zip(*data.values(), strict=True)]
