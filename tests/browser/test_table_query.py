"""The search box speaks the language of the command: the shared cases, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from on_page import count_line
from playwright.sync_api import Page, expect

#: Fields that the browser makes of others, as the page's data tell it to.
DERIVED = {
    "first": [
        {
            "value": "accuracy", "word": "accuracy_origin",
            "of": [["measured_test_accuracy", "measured"], ["reported_test_accuracy", "reported"]],
        },
        {
            "value": "robust_accuracy", "word": "robust_accuracy_setting",
            "of": [
                ["reported_autoattack_linf_8_255", "linf-8-255"],
                ["reported_autoattack_linf_4_255", "linf-4-255"], ["reported_autoattack_l2_0_5", "l2-0.5"],
            ],
        },
    ],
    "size": {"name": "size", "exact": "parameters", "rounded": "parameters_rounded", "times": 1e6},
}  # fmt: skip

_PARSE = """([definition, columns, length, queries]) => {
  const { Search } = window.SecurityNet.grid.query;
  const search = new Search(definition, (name) => columns[name] ?? null, length);
  return queries.map((text) => {
    const query = search.parse(text);
    const tests = query.problems.length ? [] : search.tests(query);
    const rows = [];
    for (let row = 0; row < length; row += 1) if (tests.every((test) => test(row))) rows.push(row);
    return { normal: query.text, problems: query.problems, rows };
  });
}"""


@pytest.fixture(scope="module")
def shared(repository: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    folder = repository / "tests" / "search"
    return tuple(json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("rows", "cases"))  # type: ignore[return-value]


@pytest.fixture(scope="module")
def answers(
    shared: tuple[dict[str, Any], list[dict[str, Any]]], harness_window: Any, harness: str
) -> Iterator[list[dict[str, Any]]]:
    """What the browser makes of every case."""
    table, cases = shared
    rows, stored = table["rows"], {field["name"] for field in table["fields"]}
    made = {"accuracy", "accuracy_origin", "robust_accuracy", "robust_accuracy_setting", "size"}
    columns = {name: [row.get(name) for row in rows] for name in stored - made}
    definition = {"fields": table["fields"], "spellings": table["spellings"], **DERIVED}
    page = harness_window.page
    page.goto(harness)
    page.wait_for_selector(".sn-table.sn-live")
    yield page.evaluate(_PARSE, [definition, columns, len(rows), [case["query"] for case in cases]])
    harness_window.check()


def test_every_shared_case_is_understood_alike(
    shared: tuple[dict[str, Any], list[dict[str, Any]]], answers: list[dict[str, Any]]
) -> None:
    table, cases = shared
    assert len(cases) > 100
    numbers = [row["row"] for row in table["rows"]]
    main = {row["row"] for row in table["rows"] if row.get("own_dataset") or row.get("evaluated_on") is None}
    wrong = []
    for case, answer in zip(cases, answers, strict=True):
        if "problem" in case:
            words = "\n".join(answer["problems"])
            if not all(part in words for part in case["problem"]):
                wrong.append((case["query"], case["problem"], words))
            continue
        found = [numbers[row] for row in answer["rows"]]
        if "evaluated_on" not in case["normal"]:
            found = [row for row in found if row in main]  # the table of a page has no other rows
        if (answer["problems"], answer["normal"], found) != ([], case["normal"], case["rows"]):
            wrong.append((case["query"], case["normal"], case["rows"], answer))
    assert wrong == []


def test_problems_are_those_of_the_command(
    shared: tuple[dict[str, Any], list[dict[str, Any]]], answers: list[dict[str, Any]]
) -> None:
    """Word for word where no command is spoken of, the nearest names included."""
    from sngen.search.fields import nearest  # noqa: PLC0415

    _, cases = shared
    by_query = {case["query"]: answer for case, answer in zip(cases, answers, strict=True)}
    names = [name for field in shared[0]["fields"] for name in (field["name"], *field["aliases"])]
    (words,) = by_query["accurracy>0.9"]["problems"]
    assert words == f"unknown field 'accurracy'; nearest: {', '.join(nearest('accurracy', names))}"
    assert len(by_query["accurracy>0.9 purpose=sekurity resnet"]["problems"]) == 2


# --- On the page of models ------------------------------------------------------------------------------


def _models(open_page: Any, site_folder: Path, **parameters: str) -> Page:
    page: Page = open_page(f"{site_folder.as_uri()}/models.html?{urlencode(parameters)}")
    expect(page.locator(".sn-table.sn-live")).to_be_attached()
    return page


def _command(page: Page) -> str:
    return page.locator(".sn-command code").inner_text()


def test_a_query_stands_in_the_address_and_as_a_command(open_page: Any, site_folder: Path) -> None:
    page = _models(open_page, site_folder)
    everything = count_line(page)
    page.get_by_role("searchbox", name="Search Models").fill("dataset=CIFAR-10 accuracy>=90% resnet")
    page.wait_for_url("**q=dataset*")
    expect(page.locator(".sn-status")).not_to_have_text(everything)
    assert _command(page) == "sngen models dataset=cifar10 'accuracy>=0.9' resnet"
    cells = page.locator(".sn-grid tbody tr").evaluate_all(
        "rows => rows.map((row) => row.cells[1].textContent)"
    )
    assert cells and set(cells) == {"cifar10"}
    again = _models(open_page, site_folder, q="dataset=CIFAR-10 accuracy>=90% resnet")
    assert count_line(again) == count_line(page)


def test_facets_and_ranges_narrow_a_query_and_stand_in_the_command(open_page: Any, site_folder: Path) -> None:
    page = _models(
        open_page, site_folder, q="dataset=cifar10", purpose="benchmark", num_classes="..10", sort="-year"
    )
    narrow = count_line(page)
    assert _command(page) == "sngen models dataset=cifar10 purpose=benchmark num_classes=..10 --sort=-year"
    asked = _models(open_page, site_folder, q="dataset=cifar10 purpose=benchmark num_classes=..10")
    assert count_line(asked) == narrow


def test_a_filter_that_no_command_knows_is_said(open_page: Any, site_folder: Path) -> None:
    page = _models(open_page, site_folder, origin="reported")
    assert _command(page) == "sngen models"
    assert "(without the filter Numbers)" in page.locator(".sn-command").inner_text()


def test_a_mistake_is_shown_beside_the_box_and_narrows_nothing(open_page: Any, site_folder: Path) -> None:
    everything = count_line(_models(open_page, site_folder))
    page = _models(open_page, site_folder, q="accurracy>0.9 <img src=x onerror=alert(1)>")
    wrong = page.locator(".sn-wrong")
    expect(wrong).to_be_visible()
    assert "unknown field 'accurracy'; nearest: accuracy" in wrong.inner_text()
    assert wrong.locator("img").count() == 0
    assert count_line(page) == everything
    box = page.get_by_role("searchbox", name="Search Models")
    assert box.get_attribute("aria-invalid") == "true"
    assert wrong.get_attribute("id") == box.get_attribute("aria-describedby")
    expect(page.locator(".sn-command")).to_be_hidden()
    box.fill("accuracy>0.9")
    expect(wrong).to_be_hidden()
    assert count_line(page) != everything


def test_other_datasets_are_left_to_the_command(open_page: Any, site_folder: Path) -> None:
    page = _models(open_page, site_folder, q="evaluated_on=cifar10")
    assert "the command has them" in page.locator(".sn-wrong").inner_text()
