"""What a selection looks like in every format."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from search_examples import COPY, FIVE, ONE, THREE, TWO

from sngen.search.formats import FORMATS, formatted
from sngen.search.formats.bibtex import escaped
from sngen.search.formats.table import printable
from sngen.search.library import CatalogLibrary
from sngen.search.select import select


def test_table(library: CatalogLibrary) -> None:
    found = select(library, "accuracy>=0.9", columns=["id,accuracy,parameters,year"], sort=["id"])
    assert formatted(found, "table").splitlines() == [
        "model_id         accuracy  accuracy_origin  parameters  year",
        "---------------  --------  ---------------  ----------  ----",
        "hub/five           0.9500  reported                     2019",
        "lab/cifar10/one    0.9000  reported         11,173,962  2018",
        "",
        "2 models found.",
    ]


def test_a_table_says_what_it_does_not_show(library: CatalogLibrary) -> None:
    some = formatted(select(library, "dataset=cifar10", limit=1), "table")
    assert some.endswith("\n4 models found, 1 shown; --limit 0 shows all.\n")
    assert formatted(select(library, "nothing-like-it"), "table") == "No model found.\n"
    assert (
        formatted(select(library, "evaluated_on=svhn", limit=2), "table")
        .splitlines()[-1]
        .startswith("3 rows")
    )


@pytest.mark.parametrize("width", [30, 60, 80, 120])
def test_a_table_fits_the_width_and_never_cuts_an_id(library: CatalogLibrary, width: int) -> None:
    found = select(library, "dataset=cifar10", columns=["+paper_title,paper_url,venue"])
    text = formatted(found, "table", width)
    lines = text.splitlines()
    table = lines[: lines.index("")]
    assert max(map(len, table)) <= width
    assert [line.split()[0] for line in table[2:]] == [COPY, ONE, THREE, TWO]
    shown = table[0].split()
    hidden = re.findall(r"Not shown for lack of room: (.*)\.", text)
    assert len(shown) + sum(len(names.split(", ")) for names in hidden) == len(found.columns)


def test_a_terminal_is_not_steered_by_a_name() -> None:
    assert printable("a\x1b[2Jb\nc\u202ed") == "a\ufffd[2Jb\ufffdc\ufffdd"


def test_csv_and_json_hold_the_same(library: CatalogLibrary) -> None:
    found = select(library, "year=known", columns=["id,name,year,accuracy,country,parameters"], sort=["id"])
    rows = list(csv.DictReader(io.StringIO(formatted(found, "csv"))))
    objects = json.loads(formatted(found, "json"))
    assert [row["model_id"] for row in rows] == [row["model_id"] for row in objects]
    five = next(row for row in rows if row["model_id"] == FIVE)
    assert five["name"] == "'=five"  # no formula in a spreadsheet
    assert five["country"] == "France; Italy"
    assert five["parameters"] == ""
    assert next(row for row in objects if row["model_id"] == FIVE) == {
        "model_id": FIVE, "name": "=five", "year": 2019, "accuracy": 0.95, "accuracy_origin": "reported",
        "country": ["France", "Italy"], "parameters": None,
    }  # fmt: skip
    assert json.loads(formatted(select(library, "nothing-like-it"), "json")) == []


def test_ids_are_given_once(library: CatalogLibrary) -> None:
    assert formatted(select(library, "evaluated_on=known id=lab/cifar10/one"), "ids") == f"{ONE}\n"


def test_bibtex_has_one_entry_a_paper(library: CatalogLibrary) -> None:
    text = formatted(select(library, "dataset=cifar10"), "bibtex")
    assert text == (
        "@inproceedings{on-100-of-robust-2020,\n"
        "  title = {{On 100\\% of \\{Robust\\} Models}},\n"
        "  author = {A. One and B. Two},\n"
        "  year = {2020},\n"
        "  booktitle = {ICML},\n"
        "  url = {https://example.org/a_b?x=1},\n"
        "  note = {Models in SecurityNet: lab/cifar10/three, lab/cifar10/two}\n"
        "}\n"
        "\n"
        "% 2 models without a known paper have no entry.\n"
    )


def test_nothing_of_a_title_reaches_latex() -> None:
    assert escaped("a}\\input{x} 5 % & $_^~#") == (
        r"a\}\textbackslash{}input\{x\} 5 \% \& \$\_\textasciicircum{}\textasciitilde{}\#"
    )


def test_python_loads_exactly_these_models(
    library: CatalogLibrary, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    script = formatted(select(library, 'dataset=cifar10 year=unknown,2018 name!="a\\b"'), "python")
    monkeypatch.setenv("SECURITYNET_CATALOG", str(library.folder))
    names: dict[str, object] = {}
    exec(compile(script, "script.py", "exec"), names)
    assert names["IDS"] == [ONE, THREE]
    assert list(names["models"].index) == [ONE, THREE]  # type: ignore[attr-defined]
    assert "0.9" in capsys.readouterr().out


def test_every_format_takes_no_rows(library: CatalogLibrary) -> None:
    found = select(library, "nothing-like-it")
    assert all(isinstance(formatted(found, name), str) for name in FORMATS)
