"""What is cleaned, inferred and flagged in PaddleClas's rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from sngen.catalog.audit import Audit, touched
from sngen.catalog.importers.paddleclas.listing import (
    BARE_NAME,
    FLOPS_G,
    FLOPS_M,
    FOOTNOTE,
    MODEL,
    PARAMS,
    TOP1,
    TOP5,
    Listing,
)
from sngen.catalog.importers.paddleclas.merging import LISTED, fullest
from sngen.catalog.rules import Change, Flag, Rule, SourceRow, flag, rule
from sngen.schema import MODELS

#: A footnote with this word says that the network was trained on ImageNet-22k before.
IMAGENET_22K = "ImageNet22k"
DISTILLED = "_ssld"

Odd = Iterator[tuple[SourceRow, str]]


@rule("percent-becomes-fraction")
def percent_becomes_fraction(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The list gives accuracies as fractions. A number above 1 can only be a percentage; it is divided by
    100. One model, PPLCNetV2_base, with 77.04 and 93.27."""
    for row in rows:
        for column in (TOP1, TOP5):
            if row[column] is not None and Decimal(row[column]) > 1:
                yield Change(row, column, str(Decimal(row[column]) / 100))


@rule("architecture-from-name", "derivation")
def architecture_from_name(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The architecture is the name without the mark of a footnote ("[1]") and without "_ssld", which names
    the publisher's method of distillation."""
    for row in rows:
        yield Change(row, MODELS.c.architecture, row[BARE_NAME].removesuffix(DISTILLED))


@rule("distilled-by-ssld", "derivation")
def distilled_by_ssld(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """A name that ends in "_ssld" says that the network was distilled by the publisher's method SSLD."""
    for row in rows:
        if row[BARE_NAME].endswith(DISTILLED):
            yield Change(row, MODELS.c.training_method, "SSLD distillation")


@rule("pretrained-on-from-footnote", "derivation")
def pretrained_on_from_footnote(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """A name refers to the footnote that says, in Chinese, that the network was pre-trained on ImageNet22k
    and then trained on ImageNet1k. 7 models."""
    for row in rows:
        if row[FOOTNOTE] is not None and IMAGENET_22K in row[FOOTNOTE]:
            yield Change(row, MODELS.c.pretrained_on, "imagenet-22k")


FRACTION_RULES: tuple[Rule, ...] = (percent_becomes_fraction,)
RULES: tuple[Rule, ...] = (architecture_from_name, distilled_by_ssld, pretrained_on_from_footnote)


@flag("listed-twice", whole_row=True)
def listed_twice(rows: Sequence[SourceRow]) -> Odd:
    """The list names the model twice with the same files, under SSLD and under its series. It is one row;
    the numbers are those of the series, which have more digits and the top-5 accuracy. 15 models."""
    for row in rows:
        if len(row[LISTED]) > 1:
            yield row, MODEL


@flag("percent-in-source", whole_row=True)
def percent_in_source(rows: Sequence[SourceRow]) -> Odd:
    """The list gives the model's accuracies in percent, where all others are fractions. One model."""
    for row in rows:
        if "percent-becomes-fraction" in row.rules:
            yield row, TOP1


FLAGS: tuple[Flag, ...] = (listed_twice, percent_in_source)


def check_repeated(rows: Sequence[SourceRow], audit: Audit) -> None:
    """Two entries of one model must say the same, up to the digits that they give."""
    words = (
        "Where a model is listed twice, both rows give the same numbers, up to one unit in the last digit of "
        "the one with fewer digits. Rows that do not."
    )
    for column in (TOP1, TOP5, PARAMS, FLOPS_G, FLOPS_M):
        found = audit.open("repeated-rows-agree", "check", words, MODELS.name, column)
        for row in rows:
            best = fullest(row[LISTED])
            found += [
                touched(row.row_id, other[column], best[column])
                for other in row[LISTED]
                if not _agree(other[column], best[column])
            ]


def _agree(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return True
    numbers = Decimal(one), Decimal(other)
    unit = max(Decimal(1).scaleb(int(number.as_tuple().exponent)) for number in numbers)
    return abs(numbers[0] - numbers[1]) <= unit


def report_columns(listing: Listing, rows: Sequence[SourceRow], audit: Audit) -> None:
    words = (
        f"Columns that are not taken: {', '.join(listing.left_out)}. They hold times on the publisher's "
        f"machines, sizes of files, and the accuracy of the same network without distillation, which is "
        f"listed as a model of its own."
    )
    audit.open("columns-left-out", "cleaning", words, MODELS.name, MODEL)
    words = (
        f"The columns {FLOPS_G} and {FLOPS_M} are taken as multiply-accumulate operations as they stand, in "
        f"10^9 and 10^6, {len(rows)} models. The list says that they were computed by paddle.flops(), which "
        f"counts a multiplication and an addition as one: a ResNet-50 has 4.11 * 10^9."
    )
    audit.open("macs-as-stated", "check", words, MODELS.name, FLOPS_G)
