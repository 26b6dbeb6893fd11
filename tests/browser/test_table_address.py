"""What a reader chose is in the address, and an address gives it back."""

from __future__ import annotations

import re
from pathlib import Path

import synthetic
from on_page import OpenPage, OpenTable, Row, by, count_line, header, open_panel, shown, where
from playwright.sync_api import expect


def test_address_holds_the_view_and_a_reload_gives_the_same_rows(table: OpenTable, rows: list[Row]) -> None:
    page = table()
    page.get_by_role("searchbox").fill("model")
    open_panel(page, "Filters")
    page.locator('.sn-facet[data-column="dataset_id"]').get_by_label("svhn").check()
    page.get_by_label("Parameters, at least").fill("1000000")
    header(page, "accuracy").get_by_role("button").click()
    open_panel(page, "Columns")
    page.get_by_role("checkbox", name="Paper").uncheck()
    page.get_by_role("checkbox", name="Note").check()
    page.get_by_role("button", name="Next").click()
    page.wait_for_url(re.compile("page=2"))
    assert "sort=-accuracy" in page.url
    before, heads = shown(page), page.locator(".sn-grid thead").inner_text()
    wanted = where(
        rows,
        lambda row: (
            row["dataset_id"] == "svhn"
            and row["parameters"] is not None
            and row["parameters"] >= 1_000_000
            and any("model" in str(value).lower() for value in row.values())
        ),
    )
    assert before == by(rows, wanted, "accuracy", True)[50:100]
    page.reload()
    expect(page.locator(".sn-table.sn-live")).to_be_attached()
    assert shown(page) == before
    assert page.locator(".sn-grid thead").inner_text() == heads
    assert "Note" in heads
    assert "Paper" not in heads


def test_what_an_address_has_that_the_table_has_not_is_ignored_and_named(table: OpenTable) -> None:
    page = table(
        "?gone=1&dataset_id=atlantis&sort=-lost,year&columns=name,year,missing&parameters=few&rows=7"
    )
    notice = page.locator(".sn-notice").inner_text()
    for words in ("gone", "atlantis", "lost", "missing", "few", "“7” is no number of rows"):
        assert words in notice
    assert count_line(page) == "5,000 of 5,000 models"
    assert header(page, "year").get_attribute("aria-sort") == "ascending"
    assert page.locator(".sn-grid thead th").count() == 2


def test_two_tables_of_a_page_keep_their_views_apart(open_page: OpenPage, harness_folder: Path) -> None:
    content = {**synthetic.table(), "name": "other", "title": "Other models"}
    (harness_folder / "tables" / "other.js").write_text(synthetic.script(content), "utf-8")
    text = (harness_folder / "index.html").read_text("utf-8")
    place = (
        '<div class="sn-table" data-src="tables/other.js" data-name="other" data-root="./"></div></article>'
    )
    pair = harness_folder / "pair.html"
    pair.write_text(text.replace("</article>", place), "utf-8")
    page = open_page(f"{pair.as_uri()}?other.q=cifar100&synthetic.dataset_id=svhn&q=ignored")
    tables = page.locator(".sn-table")
    for table in tables.all():
        table.scroll_into_view_if_needed()
        expect(table).to_have_class(re.compile("sn-live"))
    words = [table.locator(".sn-status").inner_text() for table in tables.all()]
    for line, name in zip(words, ("svhn", "cifar100"), strict=True):
        count = content["data"]["dataset_id"].count(name)
        assert line == f"{count:,} of 5,000 models"
    tables.nth(1).get_by_role("searchbox").fill("mnist")
    page.wait_for_url(re.compile(r"other\.q=mnist"))
    assert "synthetic.dataset_id=svhn" in page.url
