"""How well the networks transfer, from an HTML table: per dataset, architecture and kind of transfer, the
best hyper-parameters, the bound of the ImageNet network that transferred best, and the accuracy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from sngen.catalog.identifiers import dotted_slug, model_id
from sngen.catalog.importers.robust_models_transfer.html_tables import HtmlRow, read_rows
from sngen.catalog.importers.robust_models_transfer.models import SOURCE_ID
from sngen.catalog.reported import fraction_of_percent, reported_score
from sngen.catalog.rules import Flag, SourceRow, flag
from sngen.catalog.upstream import UpstreamFile
from sngen.catalog.vocabulary import Lookup
from sngen.schema import DATASETS, SCORES
from sngen.validation import show

BEST = "best_params_per_dataset_per_arch.md"
DATASET, ARCHITECTURE, FREEZE_LEVEL = "dataset", "arch", "freeze_level"
LEARNING_RATE, EPS, ACCURACY = "lr", "eps", "nat_prec1"
KEYS = (DATASET, ARCHITECTURE, FREEZE_LEVEL)
COLUMNS = (LEARNING_RATE, EPS, "weight_decay", "batch_size", "epochs", "step_lr", ACCURACY)
#: "-1: full-network transfer | 4: fixed-feature transfer"
TRANSFERS = {"-1": "full-network", "4": "fixed-feature"}
_NUMBER = re.compile(r"\d+(\.\d+)?")


def read_transfers(file: UpstreamFile, models: set[str], lookup: Lookup) -> list[SourceRow]:
    """One row per accuracy; problems, also an ImageNet network that is not among ``models``, go to
    ``lookup``."""
    head, body = read_rows(file.text, file.path)
    names = tuple(text for row in head for text in row.headers if text)
    if sorted(names) != sorted((*COLUMNS, *KEYS)):
        expected = ", ".join((*KEYS, *COLUMNS))
        lookup.problems.append(f"{file.path}: found the columns {', '.join(names)}, expected {expected}")
        return []
    order = [text for text in names if text in COLUMNS]
    rows = []
    for found in body:
        place = f"{file.path}, line {found.line}"
        row = _row(found, order, place, lookup)
        if row is None:
            continue
        if row[SCORES.c.model_id] not in models:
            lookup.problems.append(
                f"{place}: found arch {show(row[ARCHITECTURE])} and eps {show(row[EPS])}, expected those of "
                f"a network of the README; there is no {row[SCORES.c.model_id]}"
            )
        rows.append(row)
    return rows


def _row(found: HtmlRow, order: Sequence[str], place: str, lookup: Lookup) -> SourceRow | None:
    if len(found.headers) != len(KEYS) or len(found.cells) != len(order):
        counts = f"{len(found.headers)} header cells and {len(found.cells)} cells"
        lookup.problems.append(f"{place}: found {counts}, expected {len(KEYS)} and {len(order)}")
        return None
    values: dict[str, Any] = dict(zip((*KEYS, *order), (*found.headers, *found.cells), strict=True))
    wrong = [column for column in order if not _NUMBER.fullmatch(values[column])]
    lookup.problems += [
        f"{place}, column {column!r}: found {show(values[column])}, expected a number" for column in wrong
    ]
    if values[FREEZE_LEVEL] not in TRANSFERS:
        found_level = f"found {show(values[FREEZE_LEVEL])}, expected one of {', '.join(TRANSFERS)}"
        lookup.problems.append(f"{place}, column {FREEZE_LEVEL!r}: {found_level}")
        return None
    if wrong:
        return None
    values[DATASETS.c.dataset_id] = lookup.dataset(values[DATASET], f"{place}, column {DATASET!r}")
    name = f"{values[ARCHITECTURE]}_l2_eps{_plain(values[EPS])}"
    values[SCORES.c.model_id] = model_id(SOURCE_ID, dotted_slug(name))
    row = SourceRow(place, found.line, values)
    row.row_id = transfer_score(row)[SCORES.c.score_id]
    return row


def _plain(number: str) -> str:
    """``0.00`` is 0, ``0.50`` is 0.5, ``10`` stays: as the checkpoints' names have it."""
    return f"{Decimal(number).normalize():f}"


@flag("best-over-hyperparameters", (ACCURACY,))
def best_over_hyperparameters(rows: Sequence[SourceRow]) -> Iterator[tuple[SourceRow, str]]:
    """The accuracy is the best over hyper-parameters and over the bounds of the ImageNet network; the source
    does not say on which images they were chosen. It stands with the network that was best."""
    for row in rows:
        yield row, ACCURACY


@flag("weights-not-published", (ACCURACY,))
def weights_not_published(rows: Sequence[SourceRow]) -> Iterator[tuple[SourceRow, str]]:
    """The network that was trained further and has this accuracy is not published; the one that it was
    trained from is."""
    for row in rows:
        yield row, ACCURACY


TRANSFER_FLAGS: tuple[Flag, ...] = (best_over_hyperparameters, weights_not_published)


def transfer_score(row: SourceRow) -> dict[str, Any]:
    settings = ", ".join(f"{column} {row[column]}" for column in COLUMNS if column not in (EPS, ACCURACY))
    note = f"accuracy after further training on the dataset ({settings}); those weights are not published"
    return reported_score(
        SOURCE_ID, row[SCORES.c.model_id], row[DATASETS.c.dataset_id],
        ("utility", "transfer", TRANSFERS[row[FREEZE_LEVEL]], "accuracy"),
        fraction_of_percent(row[ACCURACY]), source_file=BEST, source_row=row.number, source_column=ACCURACY,
        flags=row.cell_flags.get(ACCURACY), note=note,
    )  # fmt: skip
