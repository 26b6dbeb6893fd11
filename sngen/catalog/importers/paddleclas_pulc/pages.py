"""The page of each PULC model: what data it was made from, and its false positive rate."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sngen.catalog.importers.paddleclas_pulc.listing import METRIC, NAME
from sngen.catalog.rules import SourceRow
from sngen.catalog.upstream import Upstream

PAGES = "docs/en/PULC/PULC_*_en.md"
CHINESE_PAGES = "docs/zh_CN/models/PULC/PULC_*.md"
#: Where a row keeps what its pages say.
DATA, CHINESE_DATA, RATE = "data", "data, in Chinese", "false positive rate"
WITH_RATE = "TprAtFpr"
_SECTION = re.compile(r"^#+ 3\.2\.1 [^\n]*\n(?P<text>.*?)^(?:<a |#)", re.MULTILINE | re.DOTALL)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_RATE = re.compile(r"\((?P<rate>1/\d+) used in this case\)")


def add_pages(rows: Sequence[SourceRow], upstream: Upstream) -> list[str]:
    """Put what the two pages say into each row. Returns what is missing in them."""
    return [problem for row in rows for problem in _add(row, upstream)]


def _add(row: SourceRow, upstream: Upstream) -> list[str]:
    problems = []
    for pattern, column in ((PAGES, DATA), (CHINESE_PAGES, CHINESE_DATA)):
        path = pattern.replace("*", row[NAME])
        file = upstream.files.get(path)
        section = _SECTION.search(file.text) if file else None
        if section is None:
            problems.append(f"{row.place}, column {NAME!r}: expected a section 3.2.1 of data in {path}")
        else:
            row.values[column] = " ".join(_IMAGE.sub("", section["text"]).split())
    page = upstream.files.get(PAGES.replace("*", row[NAME]))
    if row[METRIC] == WITH_RATE and page is not None:
        rate = _RATE.search(page.text)
        if rate is None:
            problems.append(f"{page.path}: expected the false positive rate, as '(1/1000 used in this case)'")
        else:
            row.values[RATE] = rate["rate"]
    return problems
