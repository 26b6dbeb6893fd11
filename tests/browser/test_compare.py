"""Models side by side: the page, the way to it from a table, and its JSON beside a model's page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from on_page import OpenPage
from playwright.sync_api import Locator, Page, expect

MOST = 6


@pytest.fixture(scope="session")
def index(site_folder: Path) -> list[dict[str, Any]]:
    models: list[dict[str, Any]] = json.loads((site_folder / "models/index.json").read_text("utf-8"))[
        "models"
    ]
    return models


@pytest.fixture(scope="session")
def measured(site_folder: Path, index: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """JSON of three models that this project measured, of one dataset."""
    own = [model for model in index if model["model_id"].startswith("reference/digits/")][:3]
    return [json.loads((site_folder / "models" / model["json"]).read_text("utf-8")) for model in own]


@pytest.fixture(scope="session")
def reported(site_folder: Path, index: list[dict[str, Any]]) -> str:
    """Id of a model on another dataset, with a reported test accuracy."""
    return next(m["model_id"] for m in index if m["model_id"].startswith("securitynet/cifar10/"))


def _ids(models: list[dict[str, Any]]) -> list[str]:
    return [one["model"]["model_id"] for one in models]


def _address(root: str, ids: list[str]) -> str:
    return f"{root}compare.html?models={','.join(ids)}"


def _columns(page: Page) -> list[str]:
    expect(page.locator(".sn-compare.sn-live")).to_be_attached()
    return page.locator(".sn-versus thead th").evaluate_all("cells => cells.map((c) => c.dataset.model)")


def _note(page: Page) -> str:
    return page.locator(".sn-compare > .sn-note").inner_text()


def _named(page: Page) -> list[str]:
    return parse_qs(urlparse(page.url).query).get("models", [""])[0].split(",")


def _row(page: Page, group: str, title: str) -> Locator:
    body = page.locator(".sn-versus tbody").filter(has=page.locator("th[scope=rowgroup]", has_text=group))
    return body.locator("tr").filter(has=page.locator("th[scope=row]", has_text=re.compile(f"^{title}")))


@pytest.mark.parametrize("where", ["server", "disk"])
def test_numbers_stand_in_their_models_columns(
    open_page: OpenPage, site_server: str, site_folder: Path, measured: list[dict[str, Any]], where: str
) -> None:
    root = site_server if where == "server" else f"{site_folder.as_uri()}/"
    page = open_page(_address(root, _ids(measured)))
    assert _columns(page) == _ids(measured)
    dataset = measured[0]["dataset"]["name"]
    cells = _row(page, f"Utility on {dataset}", "Test accuracy").locator("td").all_inner_texts()
    for cell, model in zip(cells, measured, strict=True):
        (score,) = [
            s for s in model["scores"]
            if s["origin"] == "measured" and s["score_id"].endswith(":clean:test:accuracy")
        ]  # fmt: skip
        ends = f"[{score['ci_low']:.4f}, {score['ci_high']:.4f}]"
        assert cell.split("\n")[0] == f"{score['value']:.4f}"
        assert ends in cell
        assert f"n = {score['n']:,}, {score['protocol']}, {score['tier']}" in cell


def test_what_cannot_be_compared_is_said(
    open_page: OpenPage, site_folder: Path, index: list[dict[str, Any]], measured: list[dict[str, Any]]
) -> None:
    page = open_page(_address(f"{site_folder.as_uri()}/", _ids(measured)))
    _columns(page)
    rows = page.locator(".sn-caution")
    assert rows.count() == 0  # one protocol, one tier, the same images
    page.evaluate(
        """() => {
          const { compared } = window.SecurityNet;
          const ids = Object.keys(compared);
          window.told = window.SecurityNet.comparing.scoreRows(
            [{ name: "A", scores: { 0: [["d", 0.9, null, null, 10, null, [], "utility/1", "cpu", "a"]] } },
             { name: "B", scores: { 0: [["d", 0.8, null, null, 20, null, [], "utility/2", "cpu", "b"]] } }],
          ).map(window.SecurityNet.comparing.incomparable);
          const reported = window.SecurityNet.compare.quantities.findIndex(
            ({ origin }) => origin === "reported");
          window.three = window.SecurityNet.comparing.scoreRows(
            ["timm", "timm", "torchvision"].map((source, i) => (
              { name: "ABC"[i], scores: { [reported]: [["d", 0.9, null, null, 10, source, []]] } })),
          ).map(window.SecurityNet.comparing.incomparable);
        }"""
    )
    assert page.evaluate("window.told") == [
        "different protocols (utility/1, utility/2); different images; different n (10, 20)"
    ]
    assert page.evaluate("window.three") == ["different sources (timm: A, B; torchvision: C)"]


def test_all_scores_of_every_family_are_there_and_the_address_keeps_it(
    open_page: OpenPage, site_folder: Path, measured: list[dict[str, Any]]
) -> None:
    page = open_page(_address(f"{site_folder.as_uri()}/", _ids(measured)))
    _columns(page)
    few = page.locator(".sn-score").count()
    page.get_by_label("All scores").check()
    scores = [score for model in measured for score in model["scores"] if not score.get("withdrawn")]
    expect(page.locator(".sn-score")).to_have_count(len(scores))
    assert few < len(scores)
    assert parse_qs(urlparse(page.url).query)["scores"] == ["all"]
    titles = page.locator(".sn-versus tbody").evaluate_all(
        """bodies => bodies.map(body => [...body.querySelectorAll("th[scope=row]")]
          .map(cell => cell.firstChild.data))"""
    )
    assert all(len(set(group)) == len(group) for group in titles)  # no two rows of a group with one title
    page.reload()
    _columns(page)
    assert page.get_by_label("All scores").is_checked()
    expect(page.locator(".sn-score")).to_have_count(len(scores))


def test_the_page_says_how_many_rows_can_be_compared(
    open_page: OpenPage, site_folder: Path, index: list[dict[str, Any]], measured: list[dict[str, Any]]
) -> None:
    page = open_page(_address(f"{site_folder.as_uri()}/", _ids(measured)))
    _columns(page)
    note = page.locator(".sn-compare > .sn-note")
    expect(note).to_contain_text("and in all of them the numbers can be compared")
    ids = [m["model_id"] for m in index if m["dataset_id"] == "imagenet-1k"]
    pair = [next(i for i in ids if i.startswith(f"{source}/")) for source in ("timm", "torchvision")]
    page = open_page(_address(f"{site_folder.as_uri()}/", pair))
    _columns(page)
    cautions = page.locator(".sn-caution")
    assert cautions.count() > 0
    said = re.search(r"in ([\d,]+) rows? not, and each of those says why", _note(page))
    assert said is not None and int(said[1].replace(",", "")) == cautions.count()


def test_only_what_differs(open_page: OpenPage, site_folder: Path, measured: list[dict[str, Any]]) -> None:
    page = open_page(_address(f"{site_folder.as_uri()}/", _ids(measured)[:2]))
    _columns(page)
    every = page.locator(".sn-versus tbody th[scope=row]").all_inner_texts()
    page.get_by_label("Only what differs").check()
    fewer = page.locator(".sn-versus tbody tr").filter(has=page.locator("td"))
    assert 0 < fewer.count() < len(every)
    for row in fewer.all():
        first, second = row.locator("td").all_inner_texts()
        assert first != second
    assert "Dataset" in every
    assert _row(page, "What they are", "Dataset").count() == 0


def test_adding_by_keyboard_and_removing_change_the_address(
    open_page: OpenPage, site_server: str, measured: list[dict[str, Any]], reported: str
) -> None:
    one = _ids(measured)[0]
    page = open_page(_address(site_server, [one]))
    assert _columns(page) == [one]
    page.get_by_label("Add a model").fill(f"model_id={reported}")
    found = page.locator(".sn-found")
    expect(found).to_have_count(1)
    page.keyboard.press("Tab")
    expect(found).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".sn-versus thead th")).to_have_count(2)
    assert _columns(page) == [one, reported] == _named(page)
    expect(page.locator(".sn-compare .sn-line .sn-status")).to_have_text(re.compile("added. 2 models chosen"))
    expect(page.get_by_label("Add a model")).to_be_focused()
    origins = page.locator(".sn-versus [scope=rowgroup] .sn-badge").all_inner_texts()
    assert {"measured", "reported"} == set(origins)
    page.get_by_role("button", name=re.compile("^Remove")).first.press("Enter")
    expect(page.locator(".sn-versus thead th")).to_have_count(1)
    assert _columns(page) == [reported] == _named(page)
    expect(page.get_by_role("button", name=re.compile("^Remove"))).to_be_focused()


def test_a_query_with_a_mistake_says_so(open_page: OpenPage, site_folder: Path) -> None:
    page = open_page(f"{site_folder.as_uri()}/compare.html")
    _columns(page)
    page.get_by_label("Add a model").fill("year=nonsense")
    expect(page.locator(".sn-finder .sn-status")).to_contain_text("year is a whole number")


def test_rubbish_in_the_address_is_said_and_stays_text(
    open_page: OpenPage, site_folder: Path, index: list[dict[str, Any]]
) -> None:
    ids = [model["model_id"] for model in index[: MOST + 1]]
    page = open_page(f"{site_folder.as_uri()}/compare.html?models=%3Cimg src=x%3E,../../x,{','.join(ids)}")
    assert _columns(page) == ids[: MOST - 2]
    notice = page.locator(".sn-compare .sn-notice")
    expect(notice).to_contain_text("no model is called “<img src=x>”; no model is called “../../x”")
    expect(notice).to_contain_text("3 are left out")


def test_a_table_leads_to_the_comparison(open_page: OpenPage, site_server: str) -> None:
    page = open_page(f"{site_server}models.html")
    expect(page.locator(".sn-table.sn-live")).to_be_attached()
    assert page.locator(".sn-pick").count() == 0
    page.get_by_role("button", name="Compare", exact=True).click()
    boxes = page.locator("tbody .sn-pick input")
    link = page.get_by_role("link", name="Put them side by side")
    boxes.nth(0).check()
    expect(link).to_be_hidden()
    boxes.nth(2).check()
    page.locator("th[data-column=name] button").click()  # choices last when the rows change
    page.locator("th[data-column=name] button").click()
    page.locator("th[data-column=name] button").click()
    assert boxes.nth(0).is_checked() and boxes.nth(2).is_checked()
    names = page.locator("tbody th").all_inner_texts()
    link.click()
    expect(page.locator(".sn-versus thead th")).to_have_count(2)
    assert page.locator(".sn-versus thead a").all_inner_texts() == [names[0], names[2]]


def test_no_more_than_fit_can_be_ticked(open_page: OpenPage, site_folder: Path) -> None:
    page = open_page(f"{site_folder.as_uri()}/models.html")
    page.get_by_role("button", name="Compare", exact=True).click()
    boxes = page.locator("tbody .sn-pick input")
    for place in range(MOST):
        boxes.nth(place).check()
    expect(boxes.nth(MOST)).to_be_disabled()
    boxes.nth(0).uncheck()
    expect(boxes.nth(MOST)).to_be_enabled()


@pytest.mark.parametrize("width, dark", [(1440, False), (390, True)], ids=["desktop, light", "phone, dark"])
def test_axe_finds_nothing_and_nothing_overflows(
    open_page: OpenPage,
    site_server: str,
    measured: list[dict[str, Any]],
    reported: str,
    width: int,
    dark: bool,
) -> None:
    page = open_page(_address(site_server, [*_ids(measured), reported]), width=width, dark=dark)
    _columns(page)
    page.get_by_label("Add a model").fill("resnet")
    expect(page.locator(".sn-found").first).to_be_visible()
    wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide[0] <= wide[1]
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], one["impact"], [n["target"] for n in one["nodes"][:3]]) for one in found] == []


def test_without_javascript_it_says_what_it_needs(open_page: OpenPage, site_folder: Path) -> None:
    page = open_page(f"{site_folder.as_uri()}/compare.html", java_script_enabled=False)
    expect(page.locator(".sn-compare")).to_contain_text("needs JavaScript")


def test_a_model_page_leads_to_its_json_and_to_the_comparison(
    open_page: OpenPage, site_server: str, measured: list[dict[str, Any]]
) -> None:
    (one, *_) = _ids(measured)
    page = open_page(f"{site_server}models/{one}.html")
    address = page.get_by_role("link", name="This page as JSON").get_attribute("href")
    answer = page.request.get(f"{site_server}models/{one}.json")
    assert answer.json() == measured[0]
    assert address is not None and address.endswith(f"models/{one}.json")
    page.get_by_role("link", name="Compare with other models").click()
    expect(page.locator(".sn-versus thead th")).to_have_count(1)
    assert _columns(page) == [one]


def test_hostile_data_stay_text(
    open_page: OpenPage, site_folder: Path, measured: list[dict[str, Any]]
) -> None:
    page = open_page(_address(f"{site_folder.as_uri()}/", _ids(measured)[:1]))
    _columns(page)
    attack = '<img src=x onerror="window.hostile=1"></td><script>window.hostile=1</script>'
    page.evaluate(
        """(attack) => {
          const score = ["digits", 0.5, 0.4, 0.6, 10, attack, [attack], attack, attack, attack, attack];
          const facts = Object.fromEntries(window.SecurityNet.compare.facts.map(
            ({ name, kind }) => [name, name === "flags" ? [attack] : kind === "number" ? 1 : attack]));
          const model = { id: "a/b", name: attack, facts, scores: { 0: [score] } };
          document.querySelector(".sn-scroll").replaceChildren(
            window.SecurityNet.comparing.sheet([model, { ...model, id: "a/c" }], {}, () => {}).table);
        }""",
        attack,
    )
    table = page.locator(".sn-versus")
    assert table.locator("img, script").count() == 0
    assert table.get_by_text(attack).count() > 10
    assert page.evaluate("window.hostile") is None
