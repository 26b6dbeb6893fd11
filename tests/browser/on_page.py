"""What the tests do on a page with tables and read from it, and the answers that Python computes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import FloatRect, Locator, Page

Row = dict[str, Any]
OpenPage = Callable[..., Page]
OpenTable = Callable[..., Page]

_SHOWN = "[...document.querySelectorAll('.sn-grid tbody tr[data-row]')].map((row) => +row.dataset.row)"


def shown(page: Page) -> list[int]:
    """Positions, in the data, of the rows on the page, top to bottom, once all of them are there."""
    page.wait_for_selector('.sn-grid[aria-busy="false"]', timeout=20_000)
    positions: list[int] = page.evaluate(_SHOWN)
    return positions


def count_line(page: Page) -> str:
    return page.locator(".sn-status").inner_text()


def open_panel(page: Page, words: str) -> None:
    page.get_by_role("button", name=re.compile(f"^{words}")).click()


def header(page: Page, column: str) -> Locator:
    return page.locator(f'th[data-column="{column}"]')


def frame(place: Locator) -> FloatRect:
    """Where something is in the window, in CSS pixels."""
    rectangle = place.bounding_box()
    assert rectangle is not None, f"{place} is not visible"
    return rectangle


def download(page: Page, words: str) -> str:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=words, exact=True).click()
    return Path(waiting.value.path()).read_bytes().decode("utf-8")


def where(rows: list[Row], passes: Callable[[Row], bool]) -> list[int]:
    return [i for i, row in enumerate(rows) if passes(row)]


def by(rows: list[Row], indices: list[int], name: str, descending: bool) -> list[int]:
    """Stable order by one column, nulls last in both directions."""
    known = [i for i in indices if rows[i][name] is not None]
    unknown = [i for i in indices if rows[i][name] is None]
    sign = -1 if descending else 1
    return sorted(known, key=lambda i: sign * rows[i][name]) + unknown
