"""Tasks as somebody does them who sees the site for the first time, step by step."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from on_page import OpenPage
from playwright.sync_api import expect

ROBUST = "measured_autoattack_linf_8_255"


@pytest.mark.parametrize("width, dark", [(1440, False), (390, True)], ids=["desktop, light", "phone, dark"])
def test_the_most_robust_small_model_with_a_licence_and_its_code_in_four_steps(
    open_page: OpenPage, site_folder: Path, width: int, dark: bool
) -> None:
    page = open_page(f"{site_folder.as_uri()}/index.html", width=width, dark=dark)
    box = page.locator(".sn-search input").first
    box.fill("dataset=cifar10 parameters<5e6 license=MIT")  # 1: a search on the first page
    box.press("Enter")
    expect(page.locator(".sn-table.sn-live")).to_be_attached()
    head = page.locator(f"th[data-column={ROBUST}]")
    if head.count() == 0:
        pytest.skip("the site has no robust accuracy of that budget")
    for column in ("parameters", "license"):  # what was asked for can be seen
        expect(page.locator(f"th[data-column={column}]")).to_be_attached()
    head.get_by_role("button").click()  # 2: the most robust first
    expect(head).to_have_attribute("aria-sort", "descending")
    page.locator(".sn-grid tbody a").first.click()  # 3: its page
    expect(page.locator("h1")).to_be_visible()
    model = json.loads(Path(page.url.removeprefix("file://")).with_suffix(".json").read_text("utf-8"))
    assert model["model"]["license"] == "MIT" and model["model"]["parameters"] < 5e6
    code = page.locator("pre", has_text="load_dataset")
    assert model["model"]["model_id"] in code.inner_text()
    code.scroll_into_view_if_needed()
    button = page.locator("pre", has_text="load_dataset").locator("button, .md-clipboard").first
    expect(button).to_be_visible()  # 4: the theme's button, which copies


def test_models_by_accuracy_and_age_in_three_steps(open_page: OpenPage, site_folder: Path) -> None:
    page = open_page(f"{site_folder.as_uri()}/models.html?q=dataset%3Dcifar10", width=1440)
    expect(page.locator(".sn-table.sn-live")).to_be_attached()
    page.locator("th[data-column=reported_test_accuracy] button").click()
    page.locator("th[data-column=year] button").click(modifiers=["Shift"])
    expect(page.locator(".sn-status").first).to_have_text(re.compile(r"^\d+ of [\d,]+ models$"))
    expect(page).to_have_url(re.compile("sort=-reported_test_accuracy,-year"))
    assert page.locator(".sn-grid tbody tr").count() >= 40
