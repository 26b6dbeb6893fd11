"""A brush over the points of a chart filters the table of the same board."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from on_page import OpenPage, count_line, frame
from playwright.sync_api import expect


@pytest.fixture(scope="session")
def scattered(site_folder: Path) -> str:
    """The leaderboard of the study's stealing numbers: a scatter plot and its table."""
    page = "leaderboards/stealing/cifar10.html"
    if not (site_folder / page).is_file():
        pytest.skip(f"the site has no {page}")
    return page


def test_dragging_over_points_keeps_their_rows_and_a_click_ends_it(
    open_page: OpenPage, site_folder: Path, scattered: str
) -> None:
    page = open_page(f"{site_folder.as_uri()}/{scattered}", width=1280)
    table = page.locator(".sn-table").first
    table.scroll_into_view_if_needed()
    expect(table).to_have_class(re.compile("sn-live"))
    chart = page.locator(".sn-plot:has(.sn-hint) .sn-chart").first
    page.locator(".sn-chart").first.scroll_into_view_if_needed()
    expect(page.locator(".sn-chart").first).to_have_attribute("data-shown", "")
    expect(chart).to_be_visible()
    chart.evaluate("chart => chart.scrollIntoView({ block: 'center' })")
    every = count_line(page)
    points = [frame(point) for point in chart.locator(".role-mark.mark-symbol path").all()]
    centres = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in points]
    x, y = sorted(centres)[len(centres) // 2]
    before = frame(chart)["y"]
    page.mouse.move(x - 31, y - 31)
    page.mouse.down()
    page.mouse.move(x + 31, y + 31, steps=4)
    page.mouse.up()
    chip = table.locator(".sn-chip", has_text="Chosen in the chart")
    expect(chip).to_be_attached()
    inside = sum(abs(one - x) < 31 and abs(other - y) < 31 for one, other in centres)
    assert 0 < inside < len(centres)
    expect(page.locator(".sn-status").first).to_have_text(re.compile(f"^{inside} of "))
    after = frame(chart)["y"]
    assert abs(after - before) < 2  # the table above is shorter now, and the chart stays under the pointer
    assert "within" not in page.url
    chip.click()
    expect(page.locator(".sn-status").first).to_have_text(every)
