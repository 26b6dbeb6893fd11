"""The tables of AutoAttack's README: 72 evaluated defences on MNIST, CIFAR-10 and CIFAR-100.

F. Croce, M. Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free
attacks", ICML 2020. The rows name publications and say whether their weights can be had, without a link.
The tables on the CIFAR sets are no longer maintained; RobustBench continues them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sngen.catalog.audit import Audit
from sngen.catalog.identifiers import dotted_slug, model_id
from sngen.catalog.importers import Imported, Importer
from sngen.catalog.markdown_tables import MarkdownTable, link_target, read_tables
from sngen.catalog.reported import (
    eps_setting,
    eps_value,
    fraction_of_percent,
    reported_score,
    source_row,
    with_source_words,
)
from sngen.catalog.rules import Change, SourceRow, apply_flags, apply_rules, flag, rule
from sngen.catalog.upstream import Upstream, UpstreamFile
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.errors import DataProblem
from sngen.schema import MODELS, NORMS, SCORES, SOURCES
from sngen.validation import show

SOURCE_ID = "auto-attack"
REPOSITORY = "https://github.com/fra31/auto-attack"
TITLE = "AutoAttack: reliable evaluation of adversarial robustness"
CITATION = (
    "Francesco Croce, Matthias Hein. Reliable evaluation of adversarial robustness with an ensemble of "
    "diverse parameter-free attacks. ICML, 2020."
)
RANK, PAPER, MODEL, ARCHITECTURE, CLEAN, CLAIM, AUTOATTACK = (
    "#", "paper", "model", "architecture", "clean", "report.", "AA"
)  # fmt: skip
COLUMNS = (RANK, PAPER, MODEL, ARCHITECTURE, CLEAN, CLAIM, AUTOATTACK)
#: What is read out of a row's cells and out of the text above its table.
NORM, EPS, STARRED_EPS, STAR, EXTRA, CITED, LINK, WEIGHTS = (
    "norm", "eps", "eps of rows with *", "row with *", "row with ‡", "citation", "link", "link of the model"
)  # fmt: skip
ADDITIONAL_DATA, STARRED = "‡", "*"
#: "We report the source of the model, i.e. if it is publicly available, if we received it from the authors or
#: if we retrained it".
WEIGHTS_KINDS = {"available": "stated-available", "authors": "on-request", "retrained": "retrained"}
#: Percentage points from which on a claim is far above what AutoAttack found.
FAR = 10
CLAIM_NOTE = "as the authors report it: perhaps on part of the test set, or for another model of the defence"
ATTACK_NOTE = "standard version of AutoAttack, on the full test set"

_HEADING = re.compile(r"(?P<dataset>\S+) - (?P<norm>\S+)")
_PAPER = re.compile(
    r"\[\((?P<cited>[^\]]+?,? (?P<year>\d{4})[a-z]?)\)\]\((?P<url>\S+?)\)(?P<marks>(‡|\\?\*|\s)*)"
)
_BOUND = re.compile(r"`eps = (?P<eps>\d+(\.\d+)?(/\d+)?)`")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_GITHUB = re.compile(r"https?://github\.com/")


def convert(upstream: Upstream, vocabulary: Vocabulary) -> Imported:
    """Read, clean, flag. Raises ``DataProblem`` with everything that is not as expected."""
    file = upstream.only()
    lookup = Lookup(vocabulary, [])
    rows = [
        row
        for table in read_tables(file.text, file.path)
        if PAPER in table.header
        for row in _section(table, file, lookup)
    ]
    if not rows and not lookup.problems:
        raise DataProblem([f"{file.path}: found no table with a column {PAPER!r}, expected at least one"])
    lookup.refuse()
    _name_models(rows)

    audit = Audit()
    apply_rules((starred_bound, paper_link_is_code), rows, MODELS.name, audit)
    apply_flags((additional_data, evaluated_at_another_bound, claim_far_above), rows, MODELS.name, audit)
    source = source_row(
        SOURCE_ID, upstream, file.path, title=TITLE, url=REPOSITORY, license="MIT", citation=CITATION
    )
    tables = {
        SOURCES.name: [source],
        MODELS.name: [_model(row, vocabulary) for row in rows],
        SCORES.name: [score for row in rows for score in _scores(row)],
    }
    return Imported(tables, audit.entries)


# --- Reading --------------------------------------------------------------------------------------------


def _section(table: MarkdownTable, file: UpstreamFile, lookup: Lookup) -> Iterator[SourceRow]:
    """Rows of one dataset and norm; problems go to ``lookup``."""
    place = f"{file.path}, line {table.line}"
    heading = _HEADING.fullmatch(table.heading)
    bounds = _bounds(table, file.text)
    unknown = [column for column in table.header if column not in COLUMNS]
    missing = [column for column in COLUMNS if column not in (*table.header, ARCHITECTURE)]
    if heading is None or heading["norm"] not in NORMS:
        expected = f"DATASET - NORM, NORM one of {', '.join(NORMS)}"
        lookup.problems.append(f"{place}: found the heading {show(table.heading)}, expected {expected}")
    elif not bounds:
        lookup.problems.append(f"{place}: found no bound `eps = ...` between heading and table, expected one")
    elif unknown or missing:
        found = f"found the columns {', '.join(table.header)}"
        lookup.problems.append(f"{place}: {found}, expected {', '.join(COLUMNS)}, {ARCHITECTURE} optional")
    else:
        common = {
            MODELS.c.dataset_id: lookup.dataset(heading["dataset"], place), NORM: heading["norm"],
            EPS: bounds[0], STARRED_EPS: bounds[1] if len(bounds) > 1 else None,
            "heading": heading["dataset"], "legend": ADDITIONAL_DATA in _above(table, file.text),
        }  # fmt: skip
        for line, cells in table.rows:
            values = {**dict(zip(table.header, cells, strict=True)), **common}
            row = SourceRow(f"{file.path}, line {line}", line, values)
            problems = _parse_cells(row)
            lookup.problems += [f"{row.place}, {problem}" for problem in problems]
            if not problems:
                yield row


def _above(table: MarkdownTable, text: str) -> str:
    """The lines between the heading and the table."""
    lines = text.splitlines()[: table.line - 1]
    first = max(number for number, line in enumerate(lines) if line.startswith("#"))
    return "\n".join(lines[first + 1 :])


def _bounds(table: MarkdownTable, text: str) -> list[str]:
    return [match["eps"] for match in _BOUND.finditer(_above(table, text))]


def _parse_cells(row: SourceRow) -> list[str]:
    """Put what the cells say into the row. Returns all problems."""
    rank, paper = row[RANK].strip("*"), _PAPER.fullmatch(row[PAPER])
    link = link_target(row[MODEL])
    stated = (row[MODEL].partition("](")[0].lstrip("[") if link else row[MODEL]).strip("*")
    problems = []
    if not rank.isdecimal():
        problems.append(f"column {RANK!r}: found {show(row[RANK])}, expected a whole number")
    if paper is None:
        problems.append(f"column {PAPER!r}: found {show(row[PAPER])}, expected [(authors, year)](address)")
    if stated not in WEIGHTS_KINDS:
        problems.append(f"column {MODEL!r}: found {show(row[MODEL])}, expected {', '.join(WEIGHTS_KINDS)}")
    for column in (CLEAN, CLAIM, AUTOATTACK):
        number = _NUMBER.fullmatch(row[column])
        if not (number and float(row[column]) <= 100) and not (column == CLAIM and row[column] == "-"):
            problems.append(f"column {column!r}: found {show(row[column])}, expected a percentage")
    if paper is None or problems:
        return problems
    starred = STARRED in paper["marks"]
    if starred and row[STARRED_EPS] is None:
        return [f"column {PAPER!r}: found a row marked with *, expected a bound for it above the table"]
    row.values |= {
        CITED: paper["cited"], LINK: paper["url"], MODELS.c.year: int(paper["year"]), WEIGHTS: link,
        STAR: starred, EXTRA: ADDITIONAL_DATA in paper["marks"], MODELS.c.weights_kind: stated,
        CLAIM: None if row[CLAIM] == "-" else row[CLAIM],
        MODELS.c.name: f"{paper['cited']} ({row[ARCHITECTURE]})" if row[ARCHITECTURE] else paper["cited"],
    }  # fmt: skip
    return []


def _name_models(rows: Sequence[SourceRow]) -> None:
    """Ids from dataset, norm, publication, architecture and whether additional data were used, and from the
    clean accuracy where these are the same. The rank is no part of it: it changes with every new row."""
    for row in rows:
        extra = ("extra data",) if row[EXTRA] else ()
        parts = (row[MODELS.c.dataset_id], row[NORM], row[MODELS.c.name], *extra)
        row.row_id = model_id(SOURCE_ID, dotted_slug(" ".join(parts)))
    repeated = Counter(row.row_id for row in rows)
    for row in rows:
        if repeated[row.row_id] > 1:
            row.row_id += f"-clean-{row[CLEAN]}"


# --- Cleaning -------------------------------------------------------------------------------------------


@rule("starred-bound", "derivation")
def starred_bound(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """Above the tables stands that models marked with * are evaluated at 0.031 and not at 8/255, and, for
    CIFAR-10, that the bound is the one of their papers. So it is what they were defended against, and the
    bound of the accuracy that their authors report too. 9 models."""
    for row in rows:
        if row[STAR]:
            yield Change(row, EPS, row[STARRED_EPS])


@rule("paper-link-is-code")
def paper_link_is_code(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The link of a publication leads to GitHub: to the issue in which its evaluation was asked for, or to a
    library. It is no paper, and is emptied; the address is kept among the source's words."""
    for row in rows:
        if _GITHUB.match(row[LINK]):
            yield Change(row, LINK, None)


@flag("additional-data", whole_row=True)
def additional_data(rows: Sequence[SourceRow]) -> Iterator[tuple[SourceRow, str]]:
    """The row is marked with ‡: trained with additional data, for instance unlabelled, or pre-trained."""
    for row in rows:
        if row[EXTRA]:
            yield row, PAPER


@flag("evaluated-at-eps-0.031", whole_row=True)
def evaluated_at_another_bound(rows: Sequence[SourceRow]) -> Iterator[tuple[SourceRow, str]]:
    """The row is marked with *: evaluated at 0.031, not at the 8/255 of the rest of its table."""
    for row in rows:
        if row[STAR]:
            yield row, PAPER


@flag("claim-far-above-autoattack", (CLAIM,))
def claim_far_above(rows: Sequence[SourceRow]) -> Iterator[tuple[SourceRow, str]]:
    """The accuracy that the authors report is more than ten points above that under AutoAttack."""
    for row in rows:
        if row[CLAIM] is not None and float(row[CLAIM]) - float(row[AUTOATTACK]) > FAR:
            yield row, CLAIM


# --- Writing --------------------------------------------------------------------------------------------


def _model(row: SourceRow, vocabulary: Vocabulary) -> dict[str, Any]:
    role = "adversarially-trained"
    purpose, training_kind = vocabulary.role(role)
    architecture = row[ARCHITECTURE]
    model = MODELS.row(
        model_id=row.row_id, name=row[MODELS.c.name], source_id=SOURCE_ID, source_row=row.number,
        task="classification", architecture=architecture,
        model_type=vocabulary.model_type(architecture) if architecture else None,
        dataset_id=row[MODELS.c.dataset_id], purpose=purpose, training_kind=training_kind,
        security_role=role, threat_norm=row[NORM], threat_eps=row[EPS], threat_eps_value=eps_value(row[EPS]),
        extra_data=str(row[EXTRA]).lower() if row["legend"] else None, year=row[MODELS.c.year],
        paper_url=row[LINK], flags=row.flags or None, weights_url=row[WEIGHTS],
        weights_kind="file" if row[WEIGHTS] else WEIGHTS_KINDS[row[MODELS.c.weights_kind]],
    )  # fmt: skip
    paper = _PAPER.fullmatch(row[PAPER])
    return with_source_words(
        model, dataset_id=row["heading"], paper_url=paper["url"] if paper else None,
        weights_kind=row[MODELS.c.weights_kind],
    )  # fmt: skip


def _scores(row: SourceRow) -> Iterator[dict[str, Any]]:
    norm, eps = row[NORM], row[EPS]
    bound = {"norm": norm, "eps": eps, "eps_value": eps_value(eps)}
    kinds: tuple[tuple[str, tuple[str, str, str, str], dict[str, Any]], ...] = (
        (CLEAN, ("utility", "clean", "test", "accuracy"), {}),
        (
            CLAIM, ("adversarial", "authors-claim", eps_setting(norm, eps), "robust_accuracy"),
            {**bound, SCORES.c.note: CLAIM_NOTE},
        ),
        (
            AUTOATTACK, ("adversarial", "autoattack", eps_setting(norm, eps), "robust_accuracy"),
            {**bound, SCORES.c.note: ATTACK_NOTE},
        ),
    )  # fmt: skip
    for column, kind, columns in kinds:
        if row[column] is not None:
            yield reported_score(
                SOURCE_ID, row.row_id, row[MODELS.c.dataset_id], kind, fraction_of_percent(row[column]),
                source_row=row.number, source_column=column, flags=row.cell_flags.get(column), **columns,
            )  # fmt: skip


IMPORTER = Importer(TITLE, REPOSITORY, ("README.md",), convert)
