"""From the source's names to identifiers: ``securitynet/<dataset>/<name>``, for ever."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from sngen.catalog.identifiers import slug
from sngen.catalog.importers.securitynet.columns import (
    CONFERENCE,
    COUNTRY,
    DATA_NAME,
    MODEL_NAME,
)
from sngen.catalog.rules import Change, Rule, SourceRow, rule
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.schema import DATASETS, MODELS
from sngen.validation import show

SOURCE_ID = "securitynet"
#: Where a row keeps the source's word when the identifier takes its place.
DATASET_AS_SPELLED = "Data Name, as spelled"
_FILE_ENDING = re.compile(r"\.(pth|ckpt)$")


def bare_name(name: str, dataset_id: str) -> str:
    """The name without the ending of a checkpoint file and without a last part that repeats the dataset:
    ``resnet20_cifar10`` is ``resnet20``, ``resnet10_cub`` on cub-200-2011 is ``resnet10``."""
    bare = _FILE_ENDING.sub("", name)
    head, _, last = bare.rpartition("_")
    return head if head and last in (dataset_id, dataset_id.partition("-")[0]) else bare


def unknown_spellings(
    models: Sequence[SourceRow], projects: Sequence[SourceRow], vocabulary: Vocabulary
) -> list[str]:
    """A problem for every dataset, country and venue that the vocabulary does not have."""
    lookup = Lookup(vocabulary, [])
    for row in models:
        lookup.dataset(row[DATA_NAME], f"{row.place}, column {DATA_NAME!r}")
        lookup.countries(row[COUNTRY], f"{row.place}, column {COUNTRY!r}")
    for row in (*models, *projects):
        lookup.venue(row[CONFERENCE], f"{row.place}, column {CONFERENCE!r}")
    return lookup.problems


def name_models(
    benchmark: Sequence[SourceRow], security: Sequence[SourceRow], vocabulary: Vocabulary
) -> list[str]:
    """Give every row its id. Returns a problem for every id that two rows would have."""
    rows = [*benchmark, *security]
    for row in rows:
        dataset_id = vocabulary.dataset(row[DATA_NAME]) or ""
        row.row_id = f"{SOURCE_ID}/{dataset_id}/{slug(bare_name(row[MODEL_NAME], dataset_id))}"
        row.values[DATASETS.c.dataset_id] = dataset_id
        row.values[DATASET_AS_SPELLED] = row[DATA_NAME]
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
