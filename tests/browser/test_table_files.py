"""The files and the code that take the current selection along."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from on_page import OpenPage, OpenTable, Row, by, download, open_panel, where
from playwright.sync_api import expect
from synthetic import RELEASE_ENTRY


def test_csv_holds_exactly_the_selection(table: OpenTable, rows: list[Row]) -> None:
    page = table("?dataset_id=cifar10&sort=-accuracy&columns=name,accuracy,flags")
    open_panel(page, "Download")
    read = list(csv.DictReader(io.StringIO(download(page, "CSV"), newline="")))
    wanted = by(rows, where(rows, lambda row: row["dataset_id"] == "cifar10"), "accuracy", True)
    assert list(read[0]) == [
        "model_id", "name", "accuracy", "accuracy_low", "accuracy_high", "accuracy_n", "flags",
    ]  # fmt: skip
    assert [row["model_id"] for row in read] == [rows[i]["model_id"] for i in wanted]
    for line, i in zip(read, wanted, strict=True):
        accuracy = rows[i]["accuracy"]
        assert line["accuracy"] == ("" if accuracy is None else f"{accuracy:g}")
        assert line["flags"] == "; ".join(rows[i]["flags"])
        name = rows[i]["name"]
        assert line["name"] == (f"'{name}" if name.startswith("=") else name)


def test_csv_makes_no_formula_of_a_hostile_name(table: OpenTable) -> None:
    page = table("?q=hyperlink")
    open_panel(page, "Download")
    read = list(csv.DictReader(io.StringIO(download(page, "CSV"), newline="")))
    assert read
    assert all(row["name"].startswith("'=") for row in read if "HYPERLINK" in row["name"])


def test_json_is_exact(table: OpenTable, rows: list[Row]) -> None:
    page = table("?q=hostile&columns=name,year,flags")
    open_panel(page, "Download")
    read = json.loads(download(page, "JSON"))
    wanted = where(rows, lambda row: "hostile" in f"{row['name']} {row['note']} {row['paper_url']}")
    names = ("model_id", "name", "year", "flags")
    assert read == [{name: rows[i][name] for name in names} for i in wanted]


def test_python_loads_exactly_the_selection(table: OpenTable, rows: list[Row]) -> None:
    page = table("?dataset_id=svhn&accuracy=0.98..")
    open_panel(page, "Download")
    page.get_by_role("button", name="Python", exact=True).click()
    code = page.get_by_label("Python code that loads").input_value()

    class Dataset:
        def filter(self, keep: Callable[[Row], bool]) -> list[Row]:
            return [row for row in rows if keep(row)]

    asked: list[Any] = []

    def load_dataset(*names: str, **options: str) -> Dataset:
        asked.append((names, options))
        return Dataset()

    space: dict[str, Any] = {"load_dataset": load_dataset}
    exec(code.replace("from datasets import load_dataset", ""), space)
    assert asked == [(("securitynet", "leaderboard"), {"split": "train"})]
    wanted = where(rows, lambda row: row["dataset_id"] == "svhn" and (row["accuracy"] or 0) >= 0.98)
    assert wanted
    assert space["rows"] == [rows[i] for i in wanted]


def test_bibtex_has_the_release_and_one_entry_a_model(table: OpenTable, rows: list[Row]) -> None:
    page = table("?q=hostile&sort=-year")
    open_panel(page, "Download")
    release, *entries = download(page, "BibTeX").strip().split("\n\n")
    assert release == RELEASE_ENTRY.strip()
    wanted = where(rows, lambda row: "hostile" in f"{row['name']} {row['note']} {row['paper_url']}")
    ids = [rows[i]["model_id"] for i in by(rows, wanted, "year", True)]
    assert entries == [f"@misc{{{one.replace('/', '-')},\n  title = {{of {one}}}\n}}" for one in ids]


def test_bibtex_of_a_site_is_that_of_the_data_page_and_the_models_pages(
    open_page: OpenPage, site_folder: Path
) -> None:
    index = json.loads((site_folder / "models/index.json").read_text("utf-8"))
    named = (site_folder / "models" / one["json"] for one in index["models"])
    model = next(m for m in (json.loads(f.read_text("utf-8"))["model"] for f in named) if "authors" in m)
    page = open_page(f"{site_folder.as_uri()}/models.html?q=model_id%3D{model['model_id']}")
    expect(page.locator(".sn-table.sn-live")).to_be_attached()
    address = page.locator(".sn-grid tbody a").first.get_attribute("href")
    open_panel(page, "Download")
    saved = download(page, "BibTeX")
    page.goto(f"{site_folder.as_uri()}/{address}")
    own = page.locator("pre", has_text="@misc").inner_text()
    page.goto(f"{site_folder.as_uri()}/data.html")
    release = page.locator("pre", has_text="@misc").inner_text()
    assert saved.split("\n\n") == [*release.strip().split("\n\n"), f"{own.strip()}\n"]
    assert "  author = {" in own
    fingerprint = index["release"]["fingerprint"]
    assert saved.count(f"sha256:{fingerprint}") == 2 and index["release"]["version"] in saved
