"""What is flagged in PULC's rows, and how the two lists compare."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from sngen.catalog.audit import Audit, touched
from sngen.catalog.importers.paddleclas_pulc.listing import METRICS, NAME
from sngen.catalog.importers.paddleclas_pulc.pages import CHINESE_DATA, DATA
from sngen.catalog.rules import Change, Flag, Rule, SourceRow, flag, rule
from sngen.schema import MODELS

Odd = Iterator[tuple[SourceRow, str]]
_INTERNAL = re.compile(r"\binternal data\b")
_ADDRESS = re.compile(r"\]\(https?://(?P<address>[^()\s?]+)")


@rule("data-from-the-chinese-page")
def data_from_the_chinese_page(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """Where the English and the Chinese page of a model name different data, the Chinese one counts: the
    English page of the vehicle attributes repeats the section of the pedestrian attributes (PA-100K), and
    that of the traffic signs begins with the section of another model. 2 models, flagged
    english-page-names-other-data."""
    for row in rows:
        if _differ(row):
            yield Change(row, DATA, row[CHINESE_DATA])


RULES: tuple[Rule, ...] = (data_from_the_chinese_page,)


@flag("english-page-names-other-data", whole_row=True)
def english_page_names_other_data(rows: Sequence[SourceRow]) -> Odd:
    """The model's English page names other data than its Chinese page; see data-from-the-chinese-page."""
    for row in rows:
        if "data-from-the-chinese-page" in row.rules:
            yield row, DATA


@flag("internal-data", whole_row=True)
def internal_data(rows: Sequence[SourceRow]) -> Odd:
    """The model was trained on data that the publisher did not publish; nobody else can repeat the reported
    number. 3 models. The pages name open data to try the program with; the model was not made from those."""
    for row in rows:
        if _INTERNAL.search(row[DATA]):
            yield row, DATA


FLAGS: tuple[Flag, ...] = (english_page_names_other_data, internal_data)


def compare_lists(rows: Sequence[SourceRow], chinese: Mapping[str, str], audit: Audit) -> None:
    words = "The English and the Chinese list give the same number for each model. Rows that do not."
    found = audit.open("lists-agree", "check", words, MODELS.name, METRICS)
    for row in rows:
        other = chinese.get(row[NAME])
        if other is None or Decimal(other) != Decimal(row[METRICS]):
            found.append(touched(row.row_id, row[METRICS], other))
    names = sorted(set(chinese) - {row[NAME] for row in rows})
    words = (
        f"Models that only the Chinese list has are left out, {len(names)}: {', '.join(names) or 'none'}. "
        f"File sizes and times of both lists are not taken."
    )
    audit.open("only-in-the-chinese-list", "cleaning", words, MODELS.name, NAME)


def _differ(row: SourceRow) -> bool:
    english, chinese = (
        {address.rstrip("/") for address in _ADDRESS.findall(row[column])} for column in (DATA, CHINESE_DATA)
    )
    return english != chinese
