"""What is left out of pytorchcv, and relations between its numbers that are checked."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sngen.catalog.audit import Audit, touched
from sngen.catalog.importers.pytorchcv.readme import ERROR, FLOPS, STORE_ENTRY, TOP5, Listing
from sngen.catalog.importers.pytorchcv.store import StoreEntry
from sngen.catalog.rules import SourceRow
from sngen.schema import MODELS

_DIGITS = (
    "Four digits in a checkpoint's name are its error in hundredths of a percent: the top-5 error on "
    "ImageNet, the error elsewhere. Rows whose README says something else."
)
_FLOPS = (
    "The README says that its column is the number of floating-point operations divided by two, to be like "
    "the number of multiply-accumulate operations. It is taken as that. {count} rows in millions."
)


def report_left_out(listing: Listing, audit: Audit) -> None:
    """What the source has beside classifiers, by name."""
    total = sum(len(names) for names in listing.others.values())
    tables = " ".join(f"{heading}: {', '.join(names)}." for heading, names in listing.others.items())
    words = f"Models that do not classify images are left out, {total} rows of the README. {tables}"
    audit.open("not-a-classifier", "cleaning", words, MODELS.name, MODELS.c.task)
    words = (
        f"Files of the model store that no table of the README lists have no reported accuracy and are left "
        f"out, {len(listing.unlisted)}: {', '.join(listing.unlisted) or 'none'}."
    )
    audit.open("not-in-the-readme", "cleaning", words, MODELS.name, MODELS.c.name)


def check_numbers(rows: Sequence[SourceRow], audit: Audit) -> None:
    column = MODELS.c.weights_file
    found = audit.open("error-of-file-name", "check", _DIGITS, MODELS.name, column)
    found += [touched(row.row_id, digits, digits) for row in rows if (digits := _other_digits(row))]
    audit.open("macs-as-stated", "check", _FLOPS.format(count=len(rows)), MODELS.name, FLOPS)


def _other_digits(row: SourceRow) -> str | None:
    """The digits in the file's name, if they are not the row's error."""
    entry: StoreEntry = row[STORE_ENTRY]
    stated = Decimal(row[TOP5] or row[ERROR])
    return entry.error if stated * 100 != int(entry.error) else None
