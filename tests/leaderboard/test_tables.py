"""The interface to the table script, and the table without it."""

from __future__ import annotations

import json

import pytest
from reading import read_html, script_value, unpacked

from sngen.leaderboard.board_table import board_table
from sngen.leaderboard.context import Context
from sngen.leaderboard.pages.models import models_table
from sngen.leaderboard.reported_table import reported_table
from sngen.leaderboard.tables import DataColumn, DataTable, packed

HEADER = {
    "name", "title", "kind", "description", "unit", "facet", "visible", "digits", "origin", "low",
    "high", "n",
}  # fmt: skip


def _table(rows: int = 30) -> DataTable:
    return DataTable(
        "some-table", "Some table", "model_id",
        (
            DataColumn("name", "Model", "text", [f"<b>{i}</b>" for i in range(rows)]),
            DataColumn("model_id", "Id", "text", [f"a/m_{i}" for i in range(rows)], visible=False),
            DataColumn("value", "Value", "number", [None, *[0.5] * (rows - 1)], unit="fraction", low="lo",
                high="hi", origin="measured"),
            DataColumn("lo", "Low", "number", [None, *[0.4] * (rows - 1)], visible=False),
            DataColumn("hi", "High", "number", [None, *[0.6] * (rows - 1)], visible=False),
            DataColumn("tags", "Tags", "tags", [["x", "y"]] * rows),
            DataColumn("site", "Site", "url", ["javascript:x", *["https://host/?a&b"] * (rows - 1)]),
        ),
        ("name", "models/", "model_id"),
    )  # fmt: skip


def test_the_script_holds_what_the_front_end_expects() -> None:
    script = _table().script()
    assert script.startswith("window.SecurityNet=window.SecurityNet||{tables:{},charts:{}};")
    content = script_value(script)
    assert {"name", "title", "idColumn", "columns", "data", "links", "noun"} == set(content)
    assert all(set(column) == HEADER for column in content["columns"])
    assert {column["name"] for column in content["columns"]} == set(content["data"])
    assert {len(unpacked(values)) for values in content["data"].values()} == {30}
    assert content["links"] == {"column": "name", "prefix": "models/", "suffix": ".html", "from": "model_id"}


def test_the_plain_table_has_the_first_rows_as_text() -> None:
    found = read_html(_table().html("../"))
    tags = [tag for tag, _ in found.elements]
    assert tags.count("tr") == 1 + 25
    assert "b" not in tags
    assert "first 25 of 30 rows" in found.text
    assert found.attributes("data-src") == ["../tables/some-table.js"]
    assert found.attributes("scope").count("col") == 4
    assert found.attributes("href")[0] == "../models/a/m_0.html"
    assert "https://host/?a&b" in found.attributes("href")
    assert not [address for address in found.attributes("href") if "javascript" in address]
    assert "0.5000 [0.4000, 0.6000]" in found.text


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        DataTable("t", "T", "a", (DataColumn("a", "A", "text", ["x"]), DataColumn("b", "B", "text", [])))


def test_tables_of_pages_are_sound(context: Context) -> None:
    tables = [models_table(context), *(board_table(board, context, "title") for board in context.boards)]
    tables += [
        reported_table([board], context, "t") for board in context.boards if board.origin == "reported"
    ]
    assert len(tables) > 5
    for table in tables:
        assert table.id_column in table.by_name
        for column in table.columns:
            for other in (column.low, column.high, column.n):
                assert other is None or other in table.by_name, (table.name, column.name)
        origins = {column.origin for column in table.columns} - {None}
        assert table.name == "models" or len(origins) == 1, "measured and reported share a table"


def test_the_catalogue_has_every_model_with_its_scores(context: Context) -> None:
    table = models_table(context)
    assert list(table.by_name["model_id"].values) == sorted(context.snapshot.models)
    row = list(table.by_name["model_id"].values).index("reference/digits/net-0")
    assert table.by_name["measured_test_accuracy"].values[row] is not None
    assert table.by_name["measured_test_accuracy_n"].values[row] == 400
    assert table.by_name["origin"].values[row] == ["measured"]
    assert {column.name for column in table.columns if column.facet} >= {
        "dataset_id", "model_type", "purpose", "venue", "year", "training_kind", "source_id", "origin",
    }  # fmt: skip


@pytest.mark.parametrize(
    "values",
    [
        [], [None] * 40, [1, 1.0, True, "1", None, 0, False] * 9, [["a", "b"], [], None, ["a"]] * 20,
        ["long words that repeat"] * 50, [None] * 60 + [0.123456] + [None] * 60, list(range(50)),
    ],
)  # fmt: skip
def test_packing_loses_nothing_and_never_costs(values: list[object]) -> None:
    form = json.loads(json.dumps(packed(values)))
    again = unpacked(form)
    assert again == json.loads(json.dumps(values))
    assert [type(value) for value in again] == [type(value) for value in values]
    assert len(json.dumps(form)) <= len(json.dumps(values))


def test_a_sparse_and_a_repetitive_column_shrink() -> None:
    assert len(json.dumps(packed([None] * 1000 + [0.5]))) < 60
    assert len(json.dumps(packed(["the same long name of a thing"] * 1000))) < 3100
