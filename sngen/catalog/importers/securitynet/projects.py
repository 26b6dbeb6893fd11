"""The source's third table: publications with public weights that are not split into models yet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from sngen.catalog.identifiers import slug
from sngen.catalog.importers.securitynet.columns import (
    CONFERENCE,
    NOTE,
    PAPER_LINK,
    TITLE,
    WEIGHTS,
    YEAR,
)
from sngen.catalog.importers.securitynet.identity import SOURCE_ID, repeated_ids
from sngen.catalog.rules import Change, Flag, Rule, SourceRow, flag, rule
from sngen.catalog.vocabulary import Vocabulary
from sngen.schema import PROJECTS

_VENUE_REMARK = re.compile(r"\s*\([A-Za-z]+ 20\d\d\b[^()]*\)$")
_CODE_PREFIX = re.compile(r"^Official Code of\s+", re.IGNORECASE)
_SAYS_NO_WEIGHTS = ("no model", "no weights")


def name_projects(rows: Sequence[SourceRow]) -> list[str]:
    """Ids from the address of the code: owner and repository on GitHub, host and path elsewhere. Returns a
    problem for every id that two rows would have."""
    for row in rows:
        address = re.sub(r"^https?://", "", plain_address(row[WEIGHTS])).removeprefix("github.com/")
        row.row_id = f"{SOURCE_ID}-project/{slug(address)}"
    return repeated_ids(rows, WEIGHTS)


def plain_address(url: str) -> str:
    """A GitHub repository's address in its usual form; any other address as it is."""
    parts = urlsplit(url)
    if parts.netloc.removeprefix("www.") != "github.com":
        return url
    query = "" if parts.query == "tab=readme-ov-file" else parts.query
    path = parts.path.removesuffix(".git")
    return parts._replace(scheme="https", netloc="github.com", path=path, query=query).geturl()


@rule("weights-url-normalised")
def weights_url_normalised(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """GitHub addresses are put in their usual form: https, no "www.", no ".git" at the end, no
    "?tab=readme-ov-file". 10 rows; they lead to the same pages."""
    for row in rows:
        yield Change(row, WEIGHTS, plain_address(row[WEIGHTS]))


@rule("title-suffix-removed")
def title_suffix_removed(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """What is not part of the title is removed: a venue and year in parentheses at the end ("(NeurIPS 2022
    Accepted)"), "Official Code of" at the start, a full stop at the end. 8 rows. Misspelt titles stay."""
    for row in rows:
        yield Change(row, TITLE, _CODE_PREFIX.sub("", _VENUE_REMARK.sub("", row[TITLE])).rstrip("."))


@rule("paper-link-is-not-a-url")
def paper_link_is_not_a_url(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The paper link holds text in place of an address, and is emptied. One row, the 18th."""
    for row in rows:
        if not re.match(r"https?://", row[PAPER_LINK] or "http://"):
            yield Change(row, PAPER_LINK, None)


@rule("paper-link-is-code")
def paper_link_is_code(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The paper link leads to a repository on GitHub, in 48 rows to the very one of the weights. It is no
    paper, and is emptied; the repository stays in the weights link."""
    for row in rows:
        if row[PAPER_LINK] and urlsplit(row[PAPER_LINK]).netloc.removeprefix("www.") == "github.com":
            yield Change(row, PAPER_LINK, None)


@flag("weights-link-is-not-github")
def weights_link_is_not_github(rows: Sequence[SourceRow]) -> Iterator[tuple[SourceRow, str]]:
    """The weights link leads to a page outside GitHub. Two rows: a dataset's page and a project's page."""
    for row in rows:
        if urlsplit(row[WEIGHTS]).netloc != "github.com":
            yield row, WEIGHTS


@flag("source-says-no-weights")
def source_says_no_weights(rows: Sequence[SourceRow]) -> Iterator[tuple[SourceRow, str]]:
    """The source's own remark says that there is no model or that there are no weights. 5 rows."""
    for row in rows:
        if row[NOTE] in _SAYS_NO_WEIGHTS:
            yield row, NOTE


PROJECT_RULES: tuple[Rule, ...] = (
    weights_url_normalised, title_suffix_removed, paper_link_is_not_a_url, paper_link_is_code,
)  # fmt: skip
PROJECT_FLAGS: tuple[Flag, ...] = (weights_link_is_not_github, source_says_no_weights)


def project_rows(rows: Sequence[SourceRow], vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """The table projects."""
    return [_project(row, vocabulary) for row in rows]


def _project(row: SourceRow, vocabulary: Vocabulary) -> dict[str, Any]:
    """A row's flags name the rules that changed it, and what is odd about it."""
    venue, venue_type = vocabulary.venue(row[CONFERENCE]) or (None, None)
    flags = [*row.rules, *(name for names in row.cell_flags.values() for name in names)]
    return PROJECTS.row(
        project_id=row.row_id, kind="publication", title=row[TITLE], venue=venue, venue_type=venue_type,
        year=row[YEAR], paper_url=row[PAPER_LINK], weights_url=row[WEIGHTS], note=row[NOTE],
        source_id=SOURCE_ID, source_row=row.number, flags=flags,
    )  # fmt: skip
