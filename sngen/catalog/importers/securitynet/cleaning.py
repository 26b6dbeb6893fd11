"""What is cleaned and inferred in the two tables of models."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qs, urlsplit

from sngen.catalog.importers.securitynet.columns import (
    CORRECTNESS_AUC,
    DATA_NAME,
    ENTROPY_AUC,
    IMAGENET_ACCURACY,
    IMAGENET_AGREEMENT,
    MODEL_NAME,
    OVERFIT_GAP,
    PAPER_LINK,
    PURPOSE,
    STEALING_ACCURACY,
    STEALING_AGREEMENT,
    TRAIN_ACCURACY,
    WEIGHTS,
    WRN_ACCURACY,
    WRN_AGREEMENT,
)
from sngen.catalog.importers.securitynet.identity import bare_name
from sngen.catalog.rules import Change, Rule, SourceRow, rule
from sngen.schema import DATASETS, MODELS

#: Columns of the benchmark table in which 0 stands for "not measured".
ZERO_MEANS_MISSING = (
    TRAIN_ACCURACY, CORRECTNESS_AUC, ENTROPY_AUC, WRN_ACCURACY, WRN_AGREEMENT, IMAGENET_ACCURACY,
    IMAGENET_AGREEMENT,
)  # fmt: skip
IVRL = "https://github.com/IVRL/AdversaryLossLandscape"
IVRL_COMMIT = "73456788b38bebeac40b833f2ac5d6cb2f1530ea"
ROBUST_TRANSFER = "https://github.com/Microsoft/robust-models-transfer"
_IVRL_NAME = re.compile(r"(?P<network>[a-z]+)_(?P<budget>[a-z]+)_(?P<schedule>[a-z]+)_(?P<rest>eps\d+_.+)")
_IVRL_RUN = re.compile(r"-run(\d+)$")
_L2_BUDGET = re.compile(r"_l2_eps(?P<eps>\d+(\.\d+)?)\.ckpt$")
_GITHUB = re.compile(r"https?://(?:www\.)?github\.com/(?P<owner>[^/]+)/(?P<repository>[^/?#]+)")


@rule("zero-means-not-measured")
def zero_means_not_measured(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """In seven columns of the benchmark table 0 stands for "not measured" and is emptied. Train accuracy is
    0 in exactly the 174 MedMNIST rows, whose test accuracy goes up to 0.96. Both AUCs are 0 together, in
    those rows and in 13 of ImageNet (CondenseNet, DLA, FishNet); all others are at least 0.449, and an AUC
    of 0 would be a perfect inverted attack. The Wrn and the ImgNet pair are 0 together for whole datasets;
    the smallest other values are 0.143 and 0.171. No other column has a 0, so elsewhere 0 would be kept."""
    for row in rows:
        for column in ZERO_MEANS_MISSING:
            if row[column] == 0:
                yield Change(row, column, None)


@rule("overfit-gap-without-train-accuracy")
def overfit_gap_without_train_accuracy(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """Where train accuracy was not measured, the overfit gap is emptied: the source computed it with 0, so
    that it is minus the test accuracy. Exactly these 174 rows have a negative gap."""
    for row in rows:
        if row[TRAIN_ACCURACY] is None and row[OVERFIT_GAP] is not None:
            yield Change(row, OVERFIT_GAP, None)


@rule("nan-means-not-measured")
def nan_means_not_measured(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """In the table of security research models the 20 ImageNet rows say "nan" for both stealing columns:
    not measured, emptied. The table has no zeros; the source has two conventions for missing."""
    for row in rows:
        for column in (STEALING_ACCURACY, STEALING_AGREEMENT):
            value = row[column]
            if isinstance(value, float) and math.isnan(value):
                yield Change(row, column, None)


@rule("paper-url-tracking-removed")
def paper_url_tracking_removed(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """A query that only says from which listing the reader came ("?context=cs" on arxiv.org) is removed
    from the paper's address. Queries that select the paper (openreview.net) stay."""
    for row in rows:
        parts = urlsplit(row[PAPER_LINK])
        if parts.netloc == "arxiv.org" and set(parse_qs(parts.query)) == {"context"}:
            yield Change(row, PAPER_LINK, parts._replace(query="").geturl())


@rule("architecture-from-name", "derivation")
def architecture_from_name(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """Models published as benchmarks are named by their architecture, with the dataset at the end outside
    ImageNet: "resnet20_cifar10" is a resnet20. Other names hold more than an architecture and are left."""
    for row in rows:
        if row[PURPOSE] == "benchmark":
            yield Change(row, MODELS.c.architecture, bare_name(row[MODEL_NAME], row[DATASETS.c.dataset_id]))


@rule("publisher-from-weights-url", "derivation")
def publisher_from_weights_url(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The publisher of the weights is the owner of the GitHub repository that the weights link names. The
    source states no publisher; for weights that are elsewhere it is left open."""
    for row in rows:
        match = _GITHUB.match(row[WEIGHTS])
        if match is not None:
            yield Change(row, MODELS.c.publisher, match["owner"])


@rule("training-kind-from-name", "derivation")
def training_kind_from_name(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """How the security research models were trained, from their names. IVRL/AdversaryLossLandscape holds
    the adversarially trained networks of one table of its paper; "eps8" is the budget 8/255. The names of
    robust-models-transfer end in the L2 budget of adversarial training, and eps0 is its standard training.
    For all other models the source does not say, and neither do we."""
    for row in rows:
        match = _L2_BUDGET.search(row[MODEL_NAME])
        if row[WEIGHTS].startswith(IVRL) and _IVRL_NAME.fullmatch(row[MODEL_NAME]):
            yield Change(row, MODELS.c.training_kind, "adversarial")
        elif row[WEIGHTS].startswith(ROBUST_TRANSFER) and match:
            kind = "adversarial" if float(match["eps"]) > 0 else "standard"
            yield Change(row, MODELS.c.training_kind, kind)


@rule("weights-file-inferred", "derivation")
def weights_file_inferred(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """No row links to a checkpoint. For the 72 of IVRL/AdversaryLossLandscape, name and run give the path of
    one; the 72 paths are exactly the 72 CIFAR-10 checkpoints of that repository at commit 7345678. Which
    row is which run is an inference from the order, not verified by loading the weights."""
    for row in rows:
        name, run = _IVRL_NAME.fullmatch(row[MODEL_NAME]), _IVRL_RUN.search(row.row_id)
        if name and run and row[WEIGHTS].startswith(IVRL) and row[DATA_NAME] == "cifar10":
            folder = f"models/{name['network']}_cifar10/{name['budget']}_{name['schedule']}/{run[1]}"
            yield Change(row, MODELS.c.weights_file, f"{folder}/{name['network']}_8_{name['rest']}.ckpt")
            yield Change(row, MODELS.c.weights_revision, IVRL_COMMIT)
            yield Change(row, MODELS.c.weights_inferred, True)


BENCHMARK_RULES: tuple[Rule, ...] = (zero_means_not_measured, overfit_gap_without_train_accuracy)
SECURITY_RULES: tuple[Rule, ...] = (nan_means_not_measured,)
#: Applied to both tables of models, after those of each.
MODEL_RULES: tuple[Rule, ...] = (
    paper_url_tracking_removed, architecture_from_name, publisher_from_weights_url, training_kind_from_name,
    weights_file_inferred,
)  # fmt: skip
