"""Flags of the models, and relations between rows that are checked. Nothing is altered because of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sngen.catalog.audit import Audit, touched
from sngen.catalog.importers.robustbench.cleaning import CHECKPOINT
from sngen.catalog.importers.robustbench.columns import (
    AUTOATTACK,
    CLAIM,
    CLEAN,
    EPS,
    FOOTNOTE,
    FORWARD_PASSES,
    UNRELIABLE,
)
from sngen.catalog.importers.robustbench.entries import KEY, SOURCE_ID, THREAT
from sngen.catalog.importers.robustbench.licenses import Licenses
from sngen.catalog.importers.robustbench.zoo import Checkpoint, ZooKey
from sngen.catalog.rules import Flag, SourceRow, flag
from sngen.catalog.vocabulary import Vocabulary
from sngen.schema import MODELS, SOURCES

#: Percentage points from which on a claim is far above what AutoAttack found.
FAR = 10
IN_ZOO = "whether the model zoo has it"
SEVERAL_FILES = "number of files of the checkpoint"

Odd = Iterator[tuple[SourceRow, str]]


@flag("unreliable", (AUTOATTACK,), whole_row=True)
def unreliable(rows: Sequence[SourceRow]) -> Odd:
    """The source itself marks AutoAttack's figure as one that is potentially unreliable. Two models."""
    for row in rows:
        if row[UNRELIABLE] is True:
            yield row, UNRELIABLE


@flag("has-footnote", whole_row=True)
def has_footnote(rows: Sequence[SourceRow]) -> Odd:
    """The source's leaderboard has a footnote on the model; it is the model's note."""
    for row in rows:
        if row[FOOTNOTE]:
            yield row, FOOTNOTE


@flag("eps-written-as-0.031", whole_row=True)
def eps_written_as_0_031(rows: Sequence[SourceRow]) -> Odd:
    """The bound is 0.031 where the others of the list have 8/255 = 0.03137. It stays as it is: the footnotes
    say that the models use 0.031 instead. Six models; their figures are not those at 8/255."""
    for row in rows:
        if row[EPS] == "0.031":
            yield row, EPS


@flag("several-forward-passes", whole_row=True)
def several_forward_passes(rows: Sequence[SourceRow]) -> Odd:
    """One answer of the model takes more than one forward pass: an ensemble, or a defence at test time."""
    for row in rows:
        if row[FORWARD_PASSES] > 1:
            yield row, FORWARD_PASSES


@flag("accuracy-0-measured", (AUTOATTACK,))
def accuracy_0_measured(rows: Sequence[SourceRow]) -> Odd:
    """The accuracy under AutoAttack is exactly 0. It was measured and is no missing value: three standardly
    trained models, and one defence that does not hold."""
    for row in rows:
        if row[AUTOATTACK] is not None and float(row[AUTOATTACK]) == 0:
            yield row, AUTOATTACK


@flag("claim-far-above-autoattack", (CLAIM,))
def claim_far_above_autoattack(rows: Sequence[SourceRow]) -> Odd:
    """The accuracy that the authors claim is more than ten points above that under AutoAttack."""
    for row in rows:
        if row[CLAIM] and row[AUTOATTACK] and float(row[CLAIM]) - float(row[AUTOATTACK]) > FAR:
            yield row, CLAIM


@flag("not-in-model-zoo", whole_row=True)
def not_in_model_zoo(rows: Sequence[SourceRow]) -> Odd:
    """The source's model zoo has no checkpoint of the model. Whether its authors publish one the source does
    not say, so where the weights are is left open, and their licence too. 30 models."""
    for row in rows:
        if not row[IN_ZOO]:
            yield row, IN_ZOO


@flag("weights-in-several-files", whole_row=True)
def weights_in_several_files(rows: Sequence[SourceRow]) -> Odd:
    """The model is an ensemble of which the model zoo downloads several files; no single link leads to it.
    The files are named among the source's words."""
    for row in rows:
        if (row[SEVERAL_FILES] or 0) > 1:
            yield row, SEVERAL_FILES


FLAGS: tuple[Flag, ...] = (
    unreliable, has_footnote, eps_written_as_0_031, several_forward_passes, accuracy_0_measured,
    claim_far_above_autoattack, not_in_model_zoo, weights_in_several_files,
)  # fmt: skip


def check_same_checkpoint(rows: Sequence[SourceRow], audit: Audit) -> None:
    """Listings of one file on one dataset ought to have one clean accuracy."""
    found = audit.open(
        "same-checkpoint-same-accuracy", "check",
        "Entries whose checkpoint is one and the same file, on one dataset, ought to have one clean "
        "accuracy. The rows are those whose figure differs from the first entry's: the lists of "
        "corruptions and of norms need not use the same images.",
        MODELS.name, CLEAN,
    )  # fmt: skip
    groups: dict[tuple[str, str], list[SourceRow]] = defaultdict(list)
    for row in rows:
        if row[CHECKPOINT]:
            groups[row[CHECKPOINT], row[MODELS.c.dataset_id]].append(row)
    for first, *others in groups.values():
        for other in others:
            if float(other[CLEAN]) != float(first[CLEAN]):
                found.append(touched(other.row_id, f"{first[CLEAN]} in {first.row_id}", other[CLEAN]))


def check_zoo(
    rows: Sequence[SourceRow], zoo: Mapping[ZooKey, Checkpoint], licenses: Licenses,
    vocabulary: Vocabulary, audit: Audit,
) -> None:  # fmt: skip
    """What the zoo and the list of licences name, there ought to be."""
    used = {(row[MODELS.c.dataset_id], row[THREAT], row[KEY]) for row in rows}
    missing = audit.open(
        "zoo-model-without-facts", "check",
        "Models of the model zoo that model_info has no file of. They are not imported: no accuracy, "
        "publication or architecture of theirs is stated.",
        SOURCES.name, SOURCES.c.file,
    )  # fmt: skip
    keys = [(vocabulary.dataset(dataset) or dataset, threat, name) for dataset, threat, name in zoo]
    missing += [touched(SOURCE_ID, "/".join(key), None) for key in keys if key not in used]
    unused = audit.open(
        "license-exception-without-model", "check",
        "Models that the list of licences names for a dataset and threat model, and that the model zoo does "
        "not have there.",
        SOURCES.name, SOURCES.c.license,
    )  # fmt: skip
    unused += [
        touched(SOURCE_ID, f"LICENSE, line {one.line}: {dataset}, {threat}, {one.name}", None)
        for one in licenses.exceptions
        for dataset in one.datasets
        for threat in one.threats
        if not any(one.covers(*key) for key in keys if key[:2] == (dataset, threat))
    ]
