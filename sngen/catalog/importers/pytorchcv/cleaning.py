"""What is cleaned, inferred and flagged in pytorchcv's rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sngen.catalog.importers.pytorchcv.preprocessing import STAR, STARRED, size_of_the_evaluation
from sngen.catalog.importers.pytorchcv.readme import (
    IMG_SIZE,
    LOG,
    MODEL,
    ORIGIN,
    SCALE,
    STORE_ENTRY,
    log_parts,
)
from sngen.catalog.rules import Change, Flag, Rule, SourceRow, flag, rule
from sngen.schema import MODELS

DOWNLOADS = "https://github.com/osmr/imgclsmob/releases/download"

Odd = Iterator[tuple[SourceRow, str]]


@rule("zero-means-not-stated")
def zero_means_not_stated(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """In the model store's list the input size and the crop of a model are 0 where they are not given: in
    all rows outside ImageNet and in 9 of ImageNet. They are emptied; no network has an input of size 0."""
    for row in rows:
        for column in (IMG_SIZE, SCALE):
            if row[column] == 0:
                yield Change(row, column, None)


@rule("star-removed-from-name")
def star_removed_from_name(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """A star at the end of a caption is the README's mark for non-standard preprocessing, not part of the
    caption. It is removed, and the model is flagged non-standard-preprocessing. 12 rows."""
    for row in rows:
        yield Change(row, MODEL, row[MODEL].removesuffix(STAR))


@rule("architecture-from-name", "derivation")
def architecture_from_name(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """Outside ImageNet a model's name is its architecture and its dataset: "resnet20_cifar10" is a resnet20,
    "resnet10_cub" on cub-200-2011 a resnet10. On ImageNet the name is the architecture already."""
    for row in rows:
        dataset = row[MODELS.c.dataset_id].partition("-")[0]
        yield Change(row, MODELS.c.architecture, row[MODELS.c.name].removesuffix(f"_{dataset}"))


@rule("weights-url-by-the-stores-rule", "derivation")
def weights_url_by_the_stores_rule(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """No address of a checkpoint is written in the source; its function get_model_file puts it together from
    the release, the name, the error and the first eight digits of the file's SHA-1. The same is done here.
    The address leads to a zip archive that holds the checkpoint; the SHA-1 is that of the checkpoint."""
    for row in rows:
        release = row[STORE_ENTRY].release
        yield Change(row, MODELS.c.weights_url, f"{DOWNLOADS}/{release}/{weights_file(row)}.zip")


def weights_file(row: SourceRow) -> str:
    """Name of the checkpoint within its archive."""
    entry = row[STORE_ENTRY]
    return f"{entry.name}-{entry.error}-{entry.sha1[:8]}.pth"


@rule("copy-from-remark", "derivation")
def copy_from_remark(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """A remark "From [repository]" says that the weights were trained by somebody else and brought into this
    project's form: they are copies (51 rows). "Converted from GL model" says that the publisher trained the
    model in MXNet Gluon and converted it himself: those are originals (488 rows)."""
    for row in rows:
        if row[ORIGIN] is not None:
            yield Change(row, MODELS.c.copy_kind, "converted")


RULES: tuple[Rule, ...] = (
    zero_means_not_stated, size_of_the_evaluation, architecture_from_name,
    weights_url_by_the_stores_rule, copy_from_remark,
)  # fmt: skip


@flag(STARRED, whole_row=True)
def non_standard_preprocessing(rows: Sequence[SourceRow]) -> Odd:
    """The README marks the model with a star: its images are preprocessed in another way than the others'
    (12 models converted from TensorFlow by others). Measuring it with the usual preprocessing gives a lower
    accuracy than the one reported."""
    for row in rows:
        if row[MODEL].endswith(STAR):
            yield row, MODEL


@flag("log-link-is-npz", whole_row=True)
def log_link_is_npz(rows: Sequence[SourceRow]) -> Odd:
    """The link to the training log names the log of an .npz file, where all others name that of the .pth
    file. One row, pyramidnet200_a240_bn on CIFAR-100. The address of the weights does not depend on it."""
    for row in rows:
        if log_parts(row)["form"] != "pth":
            yield row, LOG


@flag("log-hash-differs-from-model-store", whole_row=True)
def log_hash_differs_from_model_store(rows: Sequence[SourceRow]) -> Odd:
    """The eight digits of a checksum in the name of the training log are not the first of the checksum in
    the model store: the log is that of another file. The same row as log-link-is-npz."""
    for row in rows:
        if not row[STORE_ENTRY].sha1.startswith(log_parts(row)["hash"]):
            yield row, LOG


@flag("log-release-differs-from-model-store", whole_row=True)
def log_release_differs_from_model_store(rows: Sequence[SourceRow]) -> Odd:
    """The training log is linked in another release than the one that the model store downloads the weights
    from: four DIA-ResNets on SVHN, v0.0.340 and v0.0.342. Name and checksum agree."""
    for row in rows:
        if row[STORE_ENTRY].release != log_parts(row)["release"]:
            yield row, LOG


FLAGS: tuple[Flag, ...] = (
    non_standard_preprocessing, log_link_is_npz, log_hash_differs_from_model_store,
    log_release_differs_from_model_store,
)  # fmt: skip
#: After the flags: the star is what one of them looks for.
LAST_RULES: tuple[Rule, ...] = (star_removed_from_name,)
