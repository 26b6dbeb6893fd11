"""What is inferred and flagged in MMPreTrain's rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from sngen.catalog.audit import Audit
from sngen.catalog.identifiers import dotted_slug
from sngen.catalog.importers.mmpretrain.metafiles import (
    CONVERTED,
    FLOPS,
    IN_COLLECTION,
    NAME,
    PARAMETERS,
    TRAINING_DATA,
    WEIGHTS,
    texts,
)
from sngen.catalog.importers.mmpretrain.selection import ENTRY, RESULT_METRICS
from sngen.catalog.rules import Change, Flag, Rule, SourceRow, flag, rule
from sngen.schema import MODELS

#: Between the datasets of a chain, while it is one text.
SEPARATOR = " > "
#: Counts that are multiples of this are taken as rounded; an exact one is so by chance once in a thousand.
ROUNDED_TO = 1000
ZERO_SHOT = "_zeroshot-cls_"
#: The second part of a name where the first is the architecture: how it was trained, or on what before.
_TRAINING = re.compile(r"\d+xb\d+.*|3rdparty.*|in1k.*|in21k.*|eva02|.*-pre(-.*)?")

Odd = Iterator[tuple[SourceRow, str]]


@rule("zero-shot-from-name", "derivation")
def zero_shot_from_name(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The task is given as "Image Classification", and the name says "zeroshot-cls": the model compares an
    image with texts and was not trained on the dataset that it is evaluated on. Four Chinese-CLIP models."""
    for row in rows:
        if ZERO_SHOT in row[NAME]:
            yield Change(row, MODELS.c.task, "zero-shot")
            yield Change(row, MODELS.c.dataset_id, None)


@rule("architecture-from-name", "derivation")
def architecture_from_name(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The architecture is the first part of the name ("resnet50" of "resnet50_8xb32_in1k"). In the names of
    checkpoints of pre-training the method stands before it ("mae" of "mae_vit-base-p16_8xb512-..."): where
    the second part is neither the batch nor "3rdparty" nor a data set nor a pre-training ("...-pre"), that
    part is the architecture."""
    for row in rows:
        first, *rest = row[NAME].split("_")
        method_first = bool(rest) and not _TRAINING.fullmatch(rest[0])
        yield Change(row, MODELS.c.architecture, rest[0] if method_first else first)


@rule("rounded-parameters", "derivation")
def rounded_parameters(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The number of parameters is a multiple of 1,000 (mostly of 10,000: "25560000"): the source has rounded
    it. It is given in millions as rounded, and the exact number is left open."""
    for row in rows:
        if row[PARAMETERS] % ROUNDED_TO == 0:
            yield Change(row, MODELS.c.parameters_rounded, row[PARAMETERS] / 10**6)
            yield Change(row, PARAMETERS, None)


@rule("pretrained-on-from-training-data", "derivation")
def pretrained_on_from_training_data(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The training data that an entry itself names, in order, without the dataset that the model classifies:
    "ImageNet-21k, ImageNet-1k" on ImageNet-1k says that it was trained on ImageNet-21k before. Training data
    that only the collection names are kept as the source's words: some of its entries used others."""
    for row in rows:
        data = [dotted_slug(one) for one in texts(row[TRAINING_DATA])]
        before = data[:-1] if data[-1:] == [row[MODELS.c.dataset_id]] else data
        if before:
            yield Change(row, MODELS.c.pretrained_on, SEPARATOR.join(before))


@rule("copy-from-converted-from", "derivation")
def copy_from_converted_from(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """An entry with "Converted From" holds weights that somebody else published, in this project's form."""
    for row in rows:
        if row[CONVERTED] is not None:
            yield Change(row, MODELS.c.copy_kind, "converted")


RULES: tuple[Rule, ...] = (
    zero_shot_from_name, architecture_from_name, rounded_parameters, pretrained_on_from_training_data,
    copy_from_converted_from,
)  # fmt: skip


@flag("no-result-in-source", whole_row=True)
def no_result_in_source(rows: Sequence[SourceRow]) -> Odd:
    """The entry has no result. Most of these are checkpoints of pre-training, from which classifiers listed
    beside them were made; a few end in a classifier of ImageNet-21k. All are listed as networks to be
    trained further, because the source does not say what they would classify. 77 entries."""
    for row in rows:
        if not row[ENTRY].results:
            yield row, NAME


@flag("no-weights", whole_row=True)
def no_weights(rows: Sequence[SourceRow]) -> Odd:
    """The entry gives no address of weights. 21 entries."""
    for row in rows:
        if not row[WEIGHTS]:
            yield row, WEIGHTS


@flag("result-without-number", whole_row=True)
def result_without_number(rows: Sequence[SourceRow]) -> Odd:
    """The entry names a result and leaves its number empty. Two entries, HiViT-Small and HiViT-Base."""
    for row in rows:
        if row[ENTRY].results and all(value is None for value in row[RESULT_METRICS].values()):
            yield row, NAME


@flag("weights-url-shared", whole_row=True)
def weights_url_shared(rows: Sequence[SourceRow]) -> Odd:
    """Two entries give one and the same address of weights, and their reported accuracies differ, so that at
    most one of them can be right: two Vision Transformers pre-trained by MFF, 83.0 % and 68.3 %."""
    times = Counter(row[WEIGHTS] for row in rows if row[WEIGHTS])
    for row in rows:
        if times[row[WEIGHTS]] > 1:
            yield row, WEIGHTS


@flag("collection-not-in-file", whole_row=True)
def collection_not_in_file(rows: Sequence[SourceRow]) -> Odd:
    """The entry names a collection that its file does not have, so that paper and training data are not
    known. Three entries of MFF, which name MaskFeat."""
    for row in rows:
        if row[ENTRY].collection is None:
            yield row, NAME


FLAGS: tuple[Flag, ...] = (
    no_result_in_source, no_weights, result_without_number, weights_url_shared, collection_not_in_file,
)  # fmt: skip


def report_numbers(rows: Sequence[SourceRow], audit: Audit) -> None:
    known = sum(row[FLOPS] is not None for row in rows)
    words = (
        f"The key FLOPs is taken as multiply-accumulate operations as it stands, {known} entries: a "
        "ResNet-50 is given as 4.12 * 10^9, which is how many of these it needs for an image of 224 x 224 "
        "pixels."
    )
    audit.open("macs-as-stated", "check", words, MODELS.name, FLOPS)
    unknown = [str(row[ENTRY].model[IN_COLLECTION]) for row in rows if row[FLOPS] is None]
    words = f"Entries without FLOPs, {len(unknown)}, of {', '.join(sorted(set(unknown))) or 'no collection'}."
    audit.open("macs-not-stated", "check", words, MODELS.name, FLOPS)
