"""The query language, on the cases that every implementation is tested with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sngen.search.conditions import matching
from sngen.search.fields import FIELDS, find_field
from sngen.search.query import QueryProblem, parse
from sngen.search.table import SearchTable

CASES = json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))
FOUND = [case for case in CASES if "rows" in case]
REFUSED = [case for case in CASES if "problem" in case]


def test_there_are_cases_of_both_kinds() -> None:
    assert len(FOUND) > 90
    assert len(REFUSED) > 30
    assert len(FOUND) + len(REFUSED) == len(CASES)


@pytest.mark.parametrize("case", FOUND, ids=lambda case: case["query"])
def test_rows_and_normal_form(
    case: dict[str, Any], shared_table: SearchTable, shared_rows: dict[str, Any]
) -> None:
    query = parse(case["query"], shared_table.names)
    assert query.text == case["normal"]
    found = [shared_rows["rows"][row]["row"] for row in matching(shared_table, query)]
    assert found == case["rows"]
    again = parse(query.text, shared_table.names)
    assert again.text == query.text
    assert matching(shared_table, again) == matching(shared_table, query)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["query"])
def test_mistakes_are_explained(case: dict[str, Any], shared_table: SearchTable) -> None:
    with pytest.raises(QueryProblem) as refused:
        parse(case["query"], shared_table.names)
    for words in case["problem"]:
        assert words in str(refused.value)
    assert refused.value.exit_code == 2


def test_all_mistakes_are_said_at_once(shared_table: SearchTable) -> None:
    with pytest.raises(QueryProblem) as refused:
        parse("accurracy>1 purpose=sekurity year=20 good OR bad", shared_table.names)
    assert len(refused.value.problems) == 4


def test_shared_rows_define_fields_as_the_contract_does(shared_rows: dict[str, Any]) -> None:
    for definition in shared_rows["fields"]:
        assert definition == FIELDS[definition["name"]].as_json()
    known = {definition["name"] for definition in shared_rows["fields"]} | {"row"}
    assert all(set(row) <= known for row in shared_rows["rows"])


@pytest.mark.parametrize(
    "name", ["accuracy", "accuracy_origin", "robust_accuracy", "robust_accuracy_setting", "size"]
)
def test_derived_fields_of_the_shared_rows(
    name: str, shared_table: SearchTable, shared_rows: dict[str, Any]
) -> None:
    assert list(shared_table.column(name)) == [row.get(name) for row in shared_rows["rows"]]


def test_every_name_of_a_field_is_its_own() -> None:
    names = [name for field in FIELDS.values() for name in (field.name, *field.aliases)]
    assert len(names) == len(set(names))
    for field in FIELDS.values():
        assert find_field(field.name.upper().replace("_", "-")) is field


@pytest.mark.parametrize(
    "text", ["a" * 10_000, '"' * 999, "x=" * 500, "," * 99, "=..=", "\x00 year=\x00", "~"]
)
def test_any_text_gives_a_query_or_a_problem(text: str, shared_table: SearchTable) -> None:
    try:
        query = parse(text, shared_table.names)
    except QueryProblem as problem:
        assert problem.problems
    else:
        assert parse(query.text, shared_table.names).text == query.text
