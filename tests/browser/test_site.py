"""The built site in a real browser: every page type, from a disk and from a server under a sub-path."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from on_page import OpenPage, frame
from playwright.sync_api import Page, expect

MOST_CHARTS = 2  # of one page that are waited for


def one_of_each(site: Path) -> dict[str, str]:
    """Page type -> path of its largest page (a page of nothing but gaps would prove little)."""
    types = {page.name: page.name for page in sorted(site.glob("*.html"))}
    types["leaderboards"] = "leaderboards/index.html"
    types["datasets"] = "datasets/index.html"
    types["dataset"] = _largest(site, site / "datasets", but="index.html")
    families = sorted(folder for folder in (site / "leaderboards").iterdir() if folder.is_dir())
    for kind, folder in {family.name: family for family in families}.items():
        types[f"leaderboard-{kind}"] = _largest(site, folder)
    sources = sorted(folder for folder in (site / "models").iterdir() if folder.is_dir())
    return types | _models_by_content(site, [_largest(site, source) for source in sources])


def _models_by_content(site: Path, pages: list[str]) -> dict[str, str]:
    """Of pages that have the same sections and columns, the largest: sources differ in little else."""
    chosen: dict[frozenset[str], str] = {}
    for page in sorted(pages, key=lambda path: (site / path).stat().st_size):
        parts = re.findall(r'<h[23] id="([^"]+)"|<th scope="col">([^<]+)', (site / page).read_text("utf-8"))
        chosen[frozenset(one or other for one, other in parts)] = page
    return {f"model-{Path(page).parent.as_posix().replace('/', '-')}": page for page in chosen.values()}


def _largest(site: Path, folder: Path, but: str = "") -> str:
    pages = (path for path in folder.rglob("*.html") if path.name != but)
    page = max(pages, key=lambda path: (path.stat().st_size, path.name))
    return page.relative_to(site).as_posix()


@pytest.fixture(scope="session")
def page_types(site_folder: Path) -> dict[str, str]:
    return one_of_each(site_folder)


@pytest.fixture(scope="session")
def leaderboard(site_folder: Path, page_types: dict[str, str]) -> str:
    """A leaderboard with a table and a chart."""
    for kind, path in page_types.items():
        if kind.startswith("leaderboard-") and 'class="sn-chart"' in (site_folder / path).read_text("utf-8"):
            return path
    pytest.fail("no leaderboard of the site has a chart")


@pytest.fixture(scope="session")
def models(site_folder: Path) -> dict[str, Any]:
    """The data of the table of models."""
    script = (site_folder / "tables" / "models.js").read_text("utf-8")
    content: dict[str, Any] = json.loads(re.sub(r"^.*?\]=", "", script, count=1).rstrip().rstrip(";"))
    content["data"] = {name: unpacked(column) for name, column in content["data"].items()}
    return content


def unpacked(column: Any) -> list[Any]:
    """A column of the data file as it is meant: all values, the different ones, or the known ones."""
    if isinstance(column, list):
        return column
    if "which" in column:
        return [column["different"][place] for place in column["which"]]
    known = dict(zip(column["at"], column["known"], strict=True))
    return [known.get(row) for row in range(column["length"])]


def settle(page: Page) -> None:
    """Brings tables and charts near and waits until they are there."""
    for place in page.locator(".sn-table[data-src]").all():
        place.scroll_into_view_if_needed()
        expect(place).to_have_class(re.compile("sn-live"))
    for place in page.locator(".sn-chart[data-spec]").all()[:MOST_CHARTS]:
        place.scroll_into_view_if_needed()
        expect(place).to_have_attribute("data-shown", "")


def no_overflow(page: Page) -> None:
    wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide[0] <= wide[1], f"{page.url} is {wide[0]} px wide in a window of {wide[1]} px"


def toggle_scheme(page: Page) -> str:
    """Presses the theme's toggle; returns the scheme that is then on."""
    before = page.locator("body").get_attribute("data-md-color-scheme")
    page.locator("label[for^=__palette]:visible").first.click()
    expect(page.locator("body")).not_to_have_attribute("data-md-color-scheme", str(before))
    return str(page.locator("body").get_attribute("data-md-color-scheme"))


def test_the_site_has_every_page_type(page_types: dict[str, str]) -> None:
    wanted = {"index.html", "models.html", "findings.html", "methods.html", "data.html", "contribute.html"}
    assert wanted <= set(page_types)
    assert any(kind.startswith("leaderboard-") for kind in page_types)
    assert any(kind.startswith("model-") for kind in page_types)


@pytest.mark.parametrize("where", ["server under a sub-path, 1280 px", "disk, 375 px"])
def test_every_page_type_loads_clean_and_fits(
    open_page: OpenPage, site_folder: Path, site_server: str, page_types: dict[str, str], where: str
) -> None:
    """No error, no request to elsewhere (both checked by open_page), no overflow, in both schemes."""
    disk = where.startswith("disk")
    root = f"{site_folder.as_uri()}/" if disk else site_server
    page = open_page(f"{root}index.html", width=375 if disk else 1280)
    for path in page_types.values():
        if path == "404.html":
            continue  # shown for any address, so its own links are absolute
        page.goto(root + path)
        expect(page.locator("h1").first).to_be_visible()
        settle(page)
        no_overflow(page)
        page.evaluate("scrollTo(0, 0)")
        toggle_scheme(page)  # the next page starts in this one
        no_overflow(page)


def test_home_search_leads_to_the_matching_models(
    open_page: OpenPage, site_folder: Path, models: dict[str, Any]
) -> None:
    page = open_page(f"{site_folder.as_uri()}/index.html")
    datasets = models["data"]["dataset_id"]
    wanted = next(dataset for dataset in datasets if dataset is not None)
    page.locator(".sn-search input").fill(f"dataset={wanted}")
    page.locator(".sn-search input").press("Enter")
    page.wait_for_url(re.compile(r"models\.html\?q="))
    expect(page.locator(".sn-table.sn-live")).to_be_attached()
    count = datasets.count(wanted)
    assert 0 < count < len(datasets)
    expect(page.locator(".sn-status")).to_have_text(f"{count:,} of {len(datasets):,} models")


def test_models_sort_by_a_reported_number_as_the_data_say(
    open_page: OpenPage, site_folder: Path, models: dict[str, Any]
) -> None:
    (column,) = (c for c in models["columns"] if c["name"] == "reported_test_accuracy")
    page = open_page(f"{site_folder.as_uri()}/models.html")
    page.locator(f'th[data-column="{column["name"]}"] button').click()
    values = models["data"][column["name"]]
    order = sorted(range(len(values)), key=lambda i: (values[i] is None, -(values[i] or 0.0), i))
    shown = "[...document.querySelectorAll('.sn-grid tbody tr')].map((row) => +row.dataset.row)"
    assert page.evaluate(shown) == order[:50]


def test_every_model_in_the_table_has_its_page(site_folder: Path, models: dict[str, Any]) -> None:
    links = models["links"]
    for model_id in models["data"][links["from"]]:
        assert (site_folder / f"{links['prefix']}{model_id}{links['suffix']}").is_file(), model_id


def test_a_model_is_reached_from_the_table(open_page: OpenPage, site_server: str, site_folder: Path) -> None:
    page = open_page(f"{site_server}models.html")
    link = page.locator(".sn-grid tbody th a").first
    name = link.inner_text()
    link.click()
    page.wait_for_url(re.compile("/models/"))
    assert name in page.locator("h1").inner_text()
    assert (site_folder / unquote(urlparse(page.url).path).removeprefix("/some/prefix/")).is_file()


def test_a_permalink_of_a_leaderboard_gives_the_same_rows_again(
    open_page: OpenPage, site_folder: Path, leaderboard: str
) -> None:
    page = open_page(f"{site_folder.as_uri()}/{leaderboard}")
    table = page.locator(".sn-table").first
    table.scroll_into_view_if_needed()
    expect(table).to_have_class(re.compile("sn-live"))
    table.locator("th[data-column] button").last.click()
    table.get_by_role("button", name="Columns").click()
    box = table.get_by_role("checkbox").nth(1)
    box.set_checked(not box.is_checked())
    page.wait_for_url(re.compile("sort=.*columns="))
    before = table.locator(".sn-grid").inner_text()
    page.goto("about:blank")
    page.go_back()
    expect(table).to_have_class(re.compile("sn-live"))
    assert table.locator(".sn-grid").inner_text() == before
    assert table.locator(".sn-notice").count() == 0


def test_a_chart_is_drawn_and_drawn_again_in_the_other_scheme(
    open_page: OpenPage, site_folder: Path, leaderboard: str
) -> None:
    page = open_page(f"{site_folder.as_uri()}/{leaderboard}")
    chart = page.locator(".sn-chart[data-spec]").first
    chart.scroll_into_view_if_needed()
    expect(chart).to_have_attribute("data-shown", "")
    drawn = chart.locator("svg, canvas").first
    expect(drawn).to_be_visible()
    assert frame(drawn)["width"] > 200
    before = chart.inner_html()
    page.evaluate("scrollTo(0, 0)")
    toggle_scheme(page)
    page.wait_for_function("before => document.querySelector('.sn-chart').innerHTML !== before", arg=before)
    expect(chart.locator("svg, canvas").first).to_be_visible()


def test_without_javascript_tables_and_charts_are_still_there(
    open_page: OpenPage, site_folder: Path, leaderboard: str
) -> None:
    page = open_page(f"{site_folder.as_uri()}/{leaderboard}", java_script_enabled=False)
    table = page.locator(".sn-table table").first
    expect(table).to_be_visible()
    assert table.locator("tbody tr").count() > 0
    picture = page.locator(".sn-chart svg").first
    expect(picture).to_be_visible()
    assert picture.get_attribute("role") == "img"
    assert picture.get_attribute("aria-label")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    "kind", ["home", "leaderboard", "models", "model", "datasets", "dataset", "collections"]
)
def test_axe_finds_nothing_serious(
    open_page: OpenPage, site_server: str, page_types: dict[str, str], leaderboard: str, kind: str, dark: bool
) -> None:
    model = next(path for name, path in page_types.items() if name.startswith("model-"))
    path = {
        "home": "index.html", "leaderboard": leaderboard, "models": "models.html", "model": model,
        "datasets": "datasets/index.html", "dataset": page_types["dataset"],
        "collections": "collections.html",
    }[kind]  # fmt: skip
    page = open_page(site_server + path, dark=dark)
    assert page.locator("body").get_attribute("data-md-color-scheme") == ("slate" if dark else "default")
    settle(page)
    if kind == "models":
        page.get_by_role("button", name="Filters").click()
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [
        f"{one['id']} ({one['impact']}): {one['help']}; {node['target']} {node.get('failureSummary', '')}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"][:3]
    ]
    assert serious == []
