"""From cleaned rows of models to the catalogue's tables."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any
from urllib.parse import urlsplit

from sngen.catalog.importers.securitynet.columns import (
    CONFERENCE,
    COUNTRY,
    DATA_CATEGORY,
    DATA_NAME,
    MODEL_NAME,
    MODEL_TYPE,
    NUM_AUTHORS,
    NUM_CLASS,
    PAPER_LINK,
    PURPOSE,
    SCORE_COLUMNS,
    TRAINING_SIZE,
    WEIGHTS,
    YEAR,
)
from sngen.catalog.importers.securitynet.identity import DATASET_AS_SPELLED, SOURCE_ID
from sngen.catalog.reported import reported_score, source_row, with_source_words
from sngen.catalog.rules import SourceRow
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Vocabulary
from sngen.schema import DATASETS, HEADLINES, MODELS, RELATIVES
from sngen.validation import show

REPOSITORY = "https://github.com/TrustAIRLab/SecurityNet"
TITLE = "SecurityNet: Assessing Machine Learning Vulnerabilities on Public Models"
CITATION = (
    "Boyang Zhang, Zheng Li, Ziqing Yang, Xinlei He, Michael Backes, Mario Fritz, Yang Zhang. "
    f"{TITLE}. USENIX Security Symposium, 2024."
)

Rows = list[dict[str, Any]]
_HEADLINES = {headline.column: headline for headline in HEADLINES}
_RUN_OF_THREE = re.compile(r"(?P<recipe>.+)_(?P<run>[123])(\.pth)?$")
#: The contract's columns that rules have already filled in under their own names.
_DERIVED = (
    MODELS.c.dataset_id, MODELS.c.architecture, MODELS.c.training_kind,
    MODELS.c.weights_file, MODELS.c.weights_revision, MODELS.c.weights_inferred,
)  # fmt: skip
_TAKEN = {
    MODELS.c.name: MODEL_NAME, MODELS.c.training_size: TRAINING_SIZE, MODELS.c.num_outputs: NUM_CLASS,
    MODELS.c.purpose: PURPOSE, MODELS.c.num_authors: NUM_AUTHORS, MODELS.c.year: YEAR,
    MODELS.c.paper_url: PAPER_LINK, MODELS.c.weights_url: WEIGHTS,
}  # fmt: skip
#: No row links to a checkpoint.
_WEIGHTS_KINDS = {"github.com": "repository", "zenodo.org": "page"}
_ROLES = {"adversarial": "adversarially-trained", "standard": "standard-reference"}


def source_rows(upstream: Upstream) -> Rows:
    return [
        source_row(
            SOURCE_ID, upstream, upstream.only().path, title=TITLE, url=REPOSITORY, license="MIT",
            citation=CITATION,
        )
    ]  # fmt: skip


def model_rows(rows: Sequence[SourceRow], vocabulary: Vocabulary) -> Rows:
    return [_model(row, vocabulary) for row in rows]


def _model(row: SourceRow, vocabulary: Vocabulary) -> dict[str, Any]:
    venue, venue_type = vocabulary.venue(row[CONFERENCE]) or (None, None)
    publisher, publisher_type = row[MODELS.c.publisher], None
    if publisher is not None:
        publisher, publisher_type = vocabulary.publisher(publisher) or (publisher, None)
    model = MODELS.row(
        **{column: row[taken] for column, taken in _TAKEN.items()},
        **{column: row[column] for column in _DERIVED},
        model_id=row.row_id, source_id=SOURCE_ID, source_row=row.number, flags=row.flags or None,
        task="classification", model_type=vocabulary.model_type(row[MODEL_TYPE]),
        country=vocabulary.countries(row[COUNTRY]), venue=venue, venue_type=venue_type,
        publisher=publisher, publisher_type=publisher_type,
        weights_kind=_WEIGHTS_KINDS.get(urlsplit(row[WEIGHTS]).netloc),
        security_role=_ROLES.get(row[MODELS.c.training_kind]) if row[PURPOSE] == "security" else None,
    )  # fmt: skip
    return with_source_words(
        model, dataset_id=row[DATASET_AS_SPELLED], model_type=row[MODEL_TYPE],
        country=row[COUNTRY], data_category=row[DATA_CATEGORY],
    )  # fmt: skip


def score_rows(rows: Sequence[SourceRow]) -> Rows:
    """Every number that the source reports, one row each."""
    return [
        _score(row, column, headline)
        for row in rows
        for column, headline in SCORE_COLUMNS.items()
        if row[column] is not None
    ]


def _score(row: SourceRow, column: str, headline_column: str) -> dict[str, Any]:
    headline = _HEADLINES[headline_column]
    kind = (headline.family, headline.method, headline.setting, headline.metric)
    return reported_score(
        SOURCE_ID, row.row_id, row[DATASETS.c.dataset_id], kind, row[column],
        flags=row.cell_flags.get(column), source_row=row.number, source_column=column,
    )  # fmt: skip


def contradictions(rows: Sequence[SourceRow]) -> list[str]:
    """A problem for every row that contradicts an earlier one of the same dataset."""
    first: dict[str, SourceRow] = {}
    problems = []
    for row in rows:
        earlier = first.setdefault(row[DATASETS.c.dataset_id], row)
        problems += [
            f"{row.place}, column {column!r}: found {show(row[column])} for {row[DATASETS.c.dataset_id]}, "
            f"expected {show(earlier[column])} as in {earlier.place}"
            for column in (DATA_CATEGORY, NUM_CLASS, TRAINING_SIZE)
            if row[column] != earlier[column]
        ]
    return problems


def relative_rows(benchmark: Sequence[SourceRow], security: Sequence[SourceRow]) -> Rows:
    """All pairs of runs of one recipe."""
    numbered = "names that differ only in a final _1, _2, _3 on one dataset: three runs of one recipe"
    repeated = (
        "one name that occurs three times on one dataset; the repository that the weights link names says "
        "that all experiments are run three times"
    )
    pairs = [
        *((pair, numbered) for pair in _pairs_of_three(benchmark)),
        *((pair, repeated) for pair in _pairs_of_repeated(security)),
    ]
    return [
        RELATIVES.row(
            model_a=model_a, model_b=model_b, relation="same-recipe-other-seed", ground=ground,
            source_id=SOURCE_ID,
        )
        for (model_a, model_b), ground in pairs
    ]  # fmt: skip


def _pairs_of_three(rows: Sequence[SourceRow]) -> Iterator[tuple[str, str]]:
    """Only complete series count, so that a name which happens to end in _2 is no run."""
    recipes: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for row in rows:
        match = _RUN_OF_THREE.fullmatch(row[MODEL_NAME])
        if match:
            recipes[row[DATA_NAME], match["recipe"]][match["run"]] = row.row_id
    for runs in recipes.values():
        if len(runs) == 3:
            yield from combinations(sorted(runs.values()), 2)


def _pairs_of_repeated(rows: Sequence[SourceRow]) -> Iterator[tuple[str, str]]:
    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        names[row[DATA_NAME], row[MODEL_NAME]].append(row.row_id)
    for runs in names.values():
        yield from combinations(runs, 2)
