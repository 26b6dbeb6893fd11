"""Flags of the two tables of models. Nothing is altered because of a flag.

Accuracies and AUCs that were not measured are None by the time these are looked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sngen.catalog.importers.securitynet.columns import (
    CORRECTNESS_AUC,
    DATA_NAME,
    ENTROPY_AUC,
    OVERFIT_GAP,
    SCORE_COLUMNS,
    STEALING_ACCURACY,
    STEALING_AGREEMENT,
    TEST_ACCURACY,
    TRAIN_ACCURACY,
)
from sngen.catalog.rules import Flag, SourceRow, flag

#: How far the AUC of the correctness attack may lie from its identity before the row is flagged.
IDENTITY_TOLERANCE = 0.005
#: A constant or an outlier of a dataset means something from this many models on.
MINIMUM_MODELS = 3
#: A stealing accuracy is an outlier if it is below this share of the next lowest one.
OUTLIER_SHARE = 0.25

Odd = Iterator[tuple[SourceRow, str]]


@flag("accuracy-equals-single-class-share", tuple(SCORE_COLUMNS), whole_row=True)
def accuracy_equals_single_class_share(rows: Sequence[SourceRow]) -> Odd:
    """The model answers one class to every test image, so its accuracy is that class's share and attacks on
    it measure nothing. Found by agreement: the surrogate of some model of the dataset gives the same answer
    on every test image (agreement exactly 1), and this model has the same test accuracy to the digit. That
    is 21 models of three MedMNIST-3D sets; the accuracies 0.269886 and 0.730114 on synapsemnist3d (95/352
    and 257/352) add up to 1, as the shares of two classes do."""
    constant = {(row[DATA_NAME], row[TEST_ACCURACY]) for row in rows if row[STEALING_AGREEMENT] == 1}
    for row in rows:
        if (row[DATA_NAME], row[TEST_ACCURACY]) in constant:
            yield row, TEST_ACCURACY


@flag("agreement-is-1", (STEALING_AGREEMENT, STEALING_ACCURACY))
def agreement_is_1(rows: Sequence[SourceRow]) -> Odd:
    """The surrogate gives the same answer as the model on every test image. A trained surrogate never does
    that to a model that discriminates; all 20 are constant answers."""
    for row in rows:
        if row[STEALING_AGREEMENT] == 1:
            yield row, STEALING_AGREEMENT


@flag("stealing-above-target", (STEALING_ACCURACY,))
def stealing_above_target(rows: Sequence[SourceRow]) -> Odd:
    """The surrogate is more accurate than the model that it was stolen from. All 45 are MedMNIST models."""
    for row in rows:
        if row[STEALING_ACCURACY] is not None and row[STEALING_ACCURACY] > row[TEST_ACCURACY]:
            yield row, STEALING_ACCURACY


@flag("stealing-outlier-low", (STEALING_ACCURACY, STEALING_AGREEMENT))
def stealing_outlier_low(rows: Sequence[SourceRow]) -> Odd:
    """Stealing accuracy is below a quarter of the next lowest of the same dataset: probably a failed run.
    One model: resnesta152 on ImageNet with 0.0173; the next lowest is 0.140."""
    for group in _by_dataset(rows, STEALING_ACCURACY):
        lowest, following = sorted(group, key=lambda row: row[STEALING_ACCURACY])[:2]
        if lowest[STEALING_ACCURACY] < OUTLIER_SHARE * following[STEALING_ACCURACY]:
            yield lowest, STEALING_ACCURACY


@flag("train-accuracy-is-1")
def train_accuracy_is_1(rows: Sequence[SourceRow]) -> Odd:
    """Train accuracy is exactly 1. Plausible for these networks on CIFAR-10 (18 models), and then the
    overfitting level is 1 minus test accuracy and says nothing more."""
    for row in rows:
        if row[TRAIN_ACCURACY] == 1:
            yield row, TRAIN_ACCURACY


@flag("train-accuracy-constant-in-dataset", (TRAIN_ACCURACY, OVERFIT_GAP))
def train_accuracy_constant_in_dataset(rows: Sequence[SourceRow]) -> Odd:
    """All models of the dataset are given one and the same train accuracy: 0.999 for all 40 of SVHN, also
    where test accuracies differ. It is not a measurement of each, and the overfitting level is just that
    number minus test accuracy; correlations with it say nothing."""
    for group in _by_dataset(rows, TRAIN_ACCURACY):
        if len({row[TRAIN_ACCURACY] for row in group}) == 1:
            for row in group:
                yield row, TRAIN_ACCURACY


@flag("correctness-auc-off-identity")
def correctness_auc_off_identity(rows: Sequence[SourceRow]) -> Odd:
    """The attack that calls exactly the correctly classified images members has AUC 1/2 + (train accuracy -
    test accuracy) / 2. The reported AUC is more than 0.005 away from that, so the two accuracies and the AUC
    were computed on different images. 27 models, at most 0.0106 off."""
    for row in rows:
        auc, gap = row[CORRECTNESS_AUC], row[OVERFIT_GAP]
        if auc is not None and gap is not None and abs(auc - (0.5 + gap / 2)) > IDENTITY_TOLERANCE:
            yield row, CORRECTNESS_AUC


@flag("mia-auc-below-half")
def mia_auc_below_half(rows: Sequence[SourceRow]) -> Odd:
    """The AUC of a membership attack is below 1/2: worse than guessing. Three SVHN models, by the modified
    entropy attack."""
    for row in rows:
        for column in (CORRECTNESS_AUC, ENTROPY_AUC):
            if row[column] is not None and row[column] < 0.5:
                yield row, column


#: Looked for in each table of models by itself.
MODEL_FLAGS: tuple[Flag, ...] = (
    accuracy_equals_single_class_share, agreement_is_1, stealing_above_target, stealing_outlier_low,
    train_accuracy_is_1, train_accuracy_constant_in_dataset, correctness_auc_off_identity, mia_auc_below_half,
)  # fmt: skip


def _by_dataset(rows: Sequence[SourceRow], column: str) -> Iterator[list[SourceRow]]:
    """Rows that have a value in the column, per dataset, where there are enough of them."""
    groups: dict[str, list[SourceRow]] = defaultdict(list)
    for row in rows:
        if row[column] is not None:
            groups[row[DATA_NAME]].append(row)
    yield from (group for group in groups.values() if len(group) >= MINIMUM_MODELS)
