"""From the source's names to identifiers: ``securitynet/<dataset>/<name>``, for ever."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from sngen.catalog.importers.securitynet.columns import (
    DATA_CATEGORY,
    DATA_NAME,
    MODEL_NAME,
)
from sngen.catalog.rules import Change, Rule, SourceRow, rule
from sngen.catalog.vocabulary import CATEGORIES, DATASET_NAMES, Vocabulary
from sngen.schema import DATASETS, MODELS
from sngen.validation import show

SOURCE_ID = "securitynet"
_FILE_ENDING = re.compile(r"\.(pth|ckpt)$")


def slug(text: str) -> str:
    """Lower case, and every run of other characters than letters and digits as one hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def bare_name(name: str, dataset_id: str) -> str:
    """The name without the ending of a checkpoint file and without a last part that repeats the dataset:
    ``resnet20_cifar10`` is ``resnet20``, ``resnet10_cub`` on cub-200-2011 is ``resnet10``."""
    bare = _FILE_ENDING.sub("", name)
    head, _, last = bare.rpartition("_")
    return head if head and last in (dataset_id, dataset_id.partition("-")[0]) else bare


def unknown_spellings(rows: Sequence[SourceRow], vocabulary: Vocabulary) -> list[str]:
    """A problem for every dataset name and category that the vocabulary does not have."""
    problems = []
    for row in rows:
        for column, table, known in (
            (DATA_NAME, DATASET_NAMES, vocabulary.datasets),
            (DATA_CATEGORY, CATEGORIES, vocabulary.categories),
        ):
            if row[column] not in known:
                expected = vocabulary.unknown(table, row[column])
                problems.append(
                    f"{row.place}, column {column!r}: found {show(row[column])}, expected {expected}"
                )
    return problems


def name_models(
    benchmark: Sequence[SourceRow], security: Sequence[SourceRow], vocabulary: Vocabulary
) -> list[str]:
    """Give every row its id. Returns a problem for every id that two rows would have."""
    rows = [*benchmark, *security]
    for row in rows:
        dataset_id = vocabulary.datasets[row[DATA_NAME]].id
        row.row_id = f"{SOURCE_ID}/{dataset_id}/{slug(bare_name(row[MODEL_NAME], dataset_id))}"
        row.values[DATASETS.c.dataset_id] = dataset_id
        row.values[MODELS.c.model_id] = row.row_id
    for repeated in _by_id(security).values():
        for run, row in enumerate(repeated, start=1):
            row.row_id += f"-run{run}" if len(repeated) > 1 else ""
    return repeated_ids(rows, MODEL_NAME)


@rule("dataset-name-normalised")
def dataset_name_normalised(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The source's spelling of a dataset is replaced by the dataset's identifier, as the vocabulary has it
    (for instance "ImageNet1k" by "imagenet-1k"), so that all sources say the same thing the same way."""
    for row in rows:
        yield Change(row, DATA_NAME, row[DATASETS.c.dataset_id])


@rule("repeated-name-numbered")
def repeated_name_numbered(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """24 names of the table of security research models occur three times each on the same dataset (72
    rows). They are the runs of one recipe: the linked repository, IVRL/AdversaryLossLandscape, says "All
    experiments are run for three times" and has a folder for each run. Their ids end in -run1, -run2 and
    -run3, in the order of the source. That this order is the order of the folders is an inference."""
    groups = defaultdict(list)
    for row in rows:
        groups[row[MODEL_NAME], row[DATA_NAME]].append(row)
    for repeated in groups.values():
        if len(repeated) > 1:
            for row in repeated:
                yield Change(row, MODELS.c.model_id, row.row_id)


#: Applied to both tables of models, after ``name_models``.
IDENTITY_RULES: tuple[Rule, ...] = (dataset_name_normalised, repeated_name_numbered)


def _by_id(rows: Sequence[SourceRow]) -> dict[str, list[SourceRow]]:
    groups: dict[str, list[SourceRow]] = defaultdict(list)
    for row in rows:
        groups[row.row_id].append(row)
    return groups


def repeated_ids(rows: Sequence[SourceRow], column: str) -> list[str]:
    """A problem for every row whose id an earlier one has; ``column`` is where the id comes from."""
    return [
        f"{row.place}, column {column!r}: found {show(row[column])}, which would be {row_id} a second time "
        f"(first: {same[0].place}), expected another id for each row"
        for row_id, same in _by_id(rows).items()
        for row in same[1:]
    ]
