"""Cells are strangers' text; and a table that cannot be loaded leaves the plain one."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import synthetic
from on_page import OpenPage, OpenTable, shown
from playwright.sync_api import expect


def test_hostile_cells_stay_text(table: OpenTable) -> None:
    page = table("?q=hostile&rows=0&columns=name,paper_url,note")
    shown(page)
    for text in synthetic.HOSTILE:
        cells = page.locator(".sn-grid tbody").locator("th, td").filter(has_text=text.strip())
        assert cells.count() > 0, text
    assert page.locator(".sn-grid tbody").locator("img, script, svg, iframe, b").count() == 0
    assert page.evaluate("window.hostile") is None
    scheme = "[...document.querySelectorAll('.sn-grid tbody a')].map((a) => a.protocol)"
    assert set(page.evaluate(scheme)) == {"file:"}  # the model's own page; no javascript:
    page.get_by_role("searchbox").fill("paper/1")
    assert set(page.evaluate(scheme)) == {"file:", "https:"}
    outward = page.locator(".sn-grid tbody td a")
    assert outward.first.get_attribute("rel") == "noopener"


def test_hostile_search_words_stay_text(table: OpenTable) -> None:
    words = '<img src=x onerror="window.hostile=1">'
    page = table(f"?q={quote(words)}&{quote(words)}=1&dataset_id={quote(words)}")
    assert words in page.locator(".sn-notice").inner_text()
    assert page.get_by_role("searchbox").input_value() == words
    assert page.evaluate("window.hostile") is None


def test_without_javascript_the_plain_table_stays(open_page: OpenPage, harness: str) -> None:
    page = open_page(harness, java_script_enabled=False)
    expect(page.get_by_text("the plain table")).to_be_visible()


def test_a_table_that_cannot_be_loaded_leaves_the_plain_one_and_says_so(
    browser: Any, harness_folder: Path, tmp_path: Path
) -> None:
    text = (harness_folder / "index.html").read_text("utf-8").replace("tables/synthetic.js", "tables/no.js")
    lost = harness_folder / "lost.html"
    lost.write_text(text, "utf-8")
    page = browser.new_page()
    page.goto(lost.as_uri())
    expect(page.locator(".sn-notice")).to_contain_text("not available")
    expect(page.get_by_text("the plain table")).to_be_visible()
    page.close()
