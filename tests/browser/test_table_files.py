"""The files and the code that take the current selection along."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

from on_page import OpenTable, Row, by, download, open_panel, where


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


def test_bibtex_has_one_well_formed_entry_a_model(table: OpenTable, rows: list[Row]) -> None:
    page = table("?q=hostile")
    open_panel(page, "Download")
    entries = download(page, "BibTeX").strip().split("\n\n")
    wanted = where(rows, lambda row: "hostile" in f"{row['name']} {row['note']} {row['paper_url']}")
    assert len(entries) == len(wanted)
    for entry, i in zip(entries, wanted, strict=True):
        first, *fields, last = entry.split("\n")
        assert first == f"@misc{{{rows[i]['model_id'].replace('/', '-')},"
        assert last == "}"
        assert all(re.fullmatch(r"  [a-z]+ = \{[^{}]*\},?", line) for line in fields), entry
        assert "javascript:" not in entry.replace(rows[i]["name"], "")
