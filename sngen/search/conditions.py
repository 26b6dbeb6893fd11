"""Which rows of a table fulfil a query."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from sngen.search.fields import FIELDS, IN_WORDS, Field
from sngen.search.names import wildcard
from sngen.search.query import Query, Term
from sngen.search.table import SearchTable
from sngen.search.values import Known, Number, Range, Truth, Value, Word

Test = Callable[[Any], bool]
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip


def matching(table: SearchTable, query: Query) -> list[int]:
    """Rows that fulfil every term, in the table's order."""
    rows = list(range(len(table))) if query.every_dataset else table.main_rows
    for term in query.terms:
        if term.field is None:
            columns = [table.column(name) for name in FIELDS if name in IN_WORDS]
            holds = _contains(term.values[0])
            rows = [row for row in rows if any(holds(column[row]) for column in columns)]
        else:
            values, holds = table.column(term.field.name), _test(term, term.field)
            rows = [row for row in rows if holds(values[row])]
    return rows


def _test(term: Term, field: Field) -> Test:
    one = _any([_element_test(term.operator, value) for value in term.values])
    if field.column.is_list:
        of_one = one
        one = lambda value: any(map(of_one, value)) if value else of_one(None)  # noqa: E731
    if term.operator == "!=":
        return lambda value: not one(value)
    return one


def _any(tests: list[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)


def _element_test(sign: str, wanted: Value) -> Test:
    """Whether one value, or None for unknown, is what is wanted; for ``!=`` whether it is equal."""
    match wanted:
        case Known(value=known):
            return lambda value: (value is not None) == known
        case Truth(value=truth):
            return lambda value: value is truth
        case Range(low=low, high=high):
            return lambda value: (
                value is not None and (low is None or value >= low) and (high is None or value <= high)
            )
        case Number(value=number):
            compare = _COMPARE.get(sign, operator.eq)
            return lambda value: value is not None and compare(value, number)
    return _contains(wanted) if sign == "~" else _equals(wanted)


def _equals(word: Word) -> Test:
    if "*" in word.text:
        matches = wildcard(word.text).fullmatch
        return lambda value: value is not None and matches(value) is not None
    text = word.text.lower()
    return lambda value: value is not None and value.lower() == text


def _contains(word: Value) -> Test:
    assert isinstance(word, Word)
    if "*" in word.text:
        search = re.compile(wildcard(word.text).pattern, re.IGNORECASE | re.DOTALL).search
        return lambda value: value is not None and search(value) is not None
    text = word.text.lower()
    return lambda value: value is not None and text in value.lower()
