"""What a screen reader is given: the browser's own accessibility tree of every page type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from on_page import OpenPage
from playwright.sync_api import Page, expect

#: Roles that say nothing without a name. Forms are left out: without a name they are no landmark.
NAMED = {
    "button", "link", "textbox", "searchbox", "combobox", "checkbox", "spinbutton", "image", "table",
    "region", "navigation", "dialog", "graphics-document", "graphics-symbol", "graphics-object",
}  # fmt: skip
PAGES = (
    "index.html", "leaderboards/index.html", "leaderboards/stealing/cifar10.html", "models.html", "model",
    "compare.html", "findings.html", "replication.html", "methods.html", "data.html", "audit.html",
    "dictionary.html", "contribute.html",
)  # fmt: skip


def _address(site: Path, page: str) -> str:
    if page != "model":
        return page
    index = json.loads((site / "models/index.json").read_text("utf-8"))["models"]
    return next(f"models/{m['page']}" for m in index if m["model_id"].startswith("reference/digits/"))


def _nodes(page: Page) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Role, name and properties of everything that is not hidden from it."""
    session = page.context.new_cdp_session(page)
    for node in session.send("Accessibility.getFullAXTree")["nodes"]:
        if not node["ignored"]:
            properties = {p["name"]: p["value"].get("value") for p in node.get("properties", ())}
            yield node["role"]["value"], node.get("name", {}).get("value", "").strip(), properties


@pytest.mark.parametrize("address", PAGES)
def test_everything_that_needs_a_name_has_one_and_headings_are_words_in_order(
    open_page: OpenPage, site_folder: Path, address: str
) -> None:
    if not (site_folder / _address(site_folder, address)).is_file():
        pytest.skip(f"the site has no {address}")
    page = open_page(f"{site_folder.as_uri()}/{_address(site_folder, address)}")
    for table in page.locator(".sn-table").all()[:1]:
        table.scroll_into_view_if_needed()
        expect(table.locator(".sn-grid")).to_be_attached()
    for chart in page.locator(".sn-chart:visible").all()[:2]:
        chart.scroll_into_view_if_needed()
        expect(chart).to_have_attribute("data-shown", "")
    nodes = list(_nodes(page))
    assert [(role, properties) for role, name, properties in nodes if role in NAMED and not name] == []
    headings = [(properties["level"], name) for role, name, properties in nodes if role == "heading"]
    assert [level for level, _ in headings].count(1) == 1
    assert all(name and "¶" not in name for _, name in headings)
    levels = [level for level, _ in headings]
    assert all(after <= before + 1 for before, after in pairwise(levels))
