"""A brush over the points of a chart filters the table of the same board."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from on_page import OpenPage, frame
from playwright.sync_api import Locator, Page, expect


@pytest.fixture(scope="session")
def scattered(site_folder: Path) -> str:
    """The leaderboard of the study's stealing numbers: a scatter plot and its table."""
    page = "leaderboards/stealing/cifar10.html"
    if not (site_folder / page).is_file():
        pytest.skip(f"the site has no {page}")
    return page


def _opened(open_page: OpenPage, site_folder: Path, scattered: str) -> tuple[Page, Locator, Locator]:
    """The page, its table of reported numbers and the first chart with a brush below it, both drawn."""
    page = open_page(f"{site_folder.as_uri()}/{scattered}", width=1280)
    table = page.locator('.sn-table[data-name$="-reported"]')
    table.scroll_into_view_if_needed()
    expect(table).to_have_class(re.compile("sn-live"))
    page.locator(".sn-chart").first.scroll_into_view_if_needed()
    expect(page.locator(".sn-chart").first).to_have_attribute("data-shown", "")
    chart = page.locator(".sn-plot:has(.sn-bounds) .sn-chart").first
    expect(chart).to_be_visible()
    return page, table, chart


def _centres(chart: Locator) -> list[tuple[float, float]]:
    points = [frame(point) for point in chart.locator(".role-mark.mark-symbol path").all()]
    return [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in points]


def _drag(page: Page, chart: Locator) -> int:
    """A square of 62 pixels around the point in the middle. Returns how many points are within."""
    chart.evaluate("chart => chart.scrollIntoView({ block: 'center' })")
    centres = _centres(chart)
    x, y = sorted(centres)[len(centres) // 2]
    page.mouse.move(x - 31, y - 31)
    page.mouse.down()
    page.mouse.move(x + 31, y + 31, steps=4)
    page.mouse.up()
    inside = sum(abs(one - x) < 31 and abs(other - y) < 31 for one, other in centres)
    assert 0 < inside < len(centres)
    return inside


def _rectangle(chart: Locator) -> tuple[int, int]:
    """Width and height of the brush on the chart, in pixels."""
    width, height = chart.evaluate(
        """chart => {
          const box = chart.querySelector(".brush_brush path").getBBox();
          return [Math.round(box.width), Math.round(box.height)];
        }"""
    )
    return width, height


def _status(table: Locator) -> Locator:
    return table.locator(".sn-status")


def _chip(table: Locator) -> Locator:
    return table.locator(".sn-chip", has_text="Chosen in the chart")


def test_dragging_over_points_keeps_their_rows(
    open_page: OpenPage, site_folder: Path, scattered: str
) -> None:
    page, table, chart = _opened(open_page, site_folder, scattered)
    chart.evaluate("chart => chart.scrollIntoView({ block: 'center' })")
    before = frame(chart)["y"]
    inside = _drag(page, chart)
    expect(_chip(table)).to_be_attached()
    expect(_status(table)).to_have_text(re.compile(f"^{inside} of "))
    after = frame(chart)["y"]
    assert abs(after - before) < 2  # the table above is shorter now, and the chart stays under the pointer
    assert "within" not in page.url


@pytest.mark.parametrize("button", ["Chosen in the chart", "Clear all"])
def test_a_removed_chip_takes_the_rectangle_along(
    open_page: OpenPage, site_folder: Path, scattered: str, button: str
) -> None:
    page, table, chart = _opened(open_page, site_folder, scattered)
    every = _status(table).inner_text()
    _drag(page, chart)
    expect(_chip(table)).to_be_attached()
    assert _rectangle(chart) == (62, 62)
    table.locator(".sn-chip", has_text=button).click()
    expect(_status(table)).to_have_text(every)
    expect(chart.locator(".brush_brush path")).to_be_hidden()  # a rectangle without an area
    _drag(page, chart)  # and the next one is as good as the first
    expect(_chip(table)).to_be_attached()


def test_a_click_in_the_chart_ends_it(open_page: OpenPage, site_folder: Path, scattered: str) -> None:
    page, table, chart = _opened(open_page, site_folder, scattered)
    every = _status(table).inner_text()
    _drag(page, chart)
    expect(_chip(table)).to_be_attached()
    box = frame(chart.locator(".background").first)
    page.mouse.click(box["x"] + box["width"] - 20, box["y"] + 20)
    expect(_chip(table)).to_have_count(0)
    expect(_status(table)).to_have_text(every)


def test_bounds_by_keyboard_choose_and_draw_the_same(
    open_page: OpenPage, site_folder: Path, scattered: str
) -> None:
    page, table, chart = _opened(open_page, site_folder, scattered)
    every = _status(table).inner_text()
    plot = page.locator(".sn-plot:has(.sn-bounds)").first
    name = plot.locator(".sn-chart").get_attribute("data-name")
    points = page.evaluate(
        """name => {
          const spec = window.SecurityNet.charts[name];
          const { encoding } = (spec.layer ?? [spec]).at(-1);
          return Object.values(spec.datasets).flat().filter(point => point.model_id)
            .map(point => point[encoding.x.field]);
        }""",
        name,
    )
    low = sorted(points)[len(points) // 2]
    summary = plot.locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")  # the first bound: the horizontal axis, at least
    page.keyboard.type(str(low))
    inside = sum(point >= low for point in points)
    expect(_status(table)).to_have_text(re.compile(f"^{inside} of "))
    expect(_chip(table)).to_be_attached()
    width, height = _rectangle(chart)
    box = frame(chart.locator(".background").first)
    assert 0 < width < box["width"] and height == pytest.approx(
        box["height"], abs=12
    )  # the other side is open
    boxes = plot.locator(".sn-bounds input")
    assert boxes.evaluate_all("boxes => boxes.map(box => box.ariaLabel.split(', ').at(-1))") == [
        "at least", "at most", "at least", "at most",
    ]  # fmt: skip
    plot.get_by_role("button", name="Clear").press("Enter")
    expect(_chip(table)).to_have_count(0)
    expect(_status(table)).to_have_text(every)
    assert boxes.evaluate_all("boxes => boxes.map(box => box.value)") == [""] * 4
    expect(chart.locator(".brush_brush path")).to_be_hidden()


def test_the_brush_outlives_a_change_of_colours(
    open_page: OpenPage, site_folder: Path, scattered: str
) -> None:
    page, table, chart = _opened(open_page, site_folder, scattered)
    _drag(page, chart)
    expect(_chip(table)).to_be_attached()
    page.evaluate("document.body.setAttribute('data-md-color-scheme', 'slate')")
    expect(chart.locator(".brush_brush path")).to_have_count(1)
    expect(chart.locator(".brush_brush path")).to_be_visible()
    assert _rectangle(chart) == pytest.approx((62, 62), abs=1)
    expect(_chip(table)).to_be_attached()
