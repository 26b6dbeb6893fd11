"""What is read into an entry of the registry, by named rules, and what is odd about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from sngen.catalog.identifiers import model_id, slug
from sngen.catalog.importers.timm.registry import Entry
from sngen.catalog.importers.timm.tags import Chain, read_chain
from sngen.catalog.rules import Change, SourceRow, flag, rule
from sngen.catalog.vocabulary import Lookup
from sngen.schema import MODELS

SOURCE_ID = "timm"
#: Keys of a row beside timm's own names and the contract's.
NAME, CHAIN, OWNER, PUBLISHER, PUBLISHER_TYPE, LICENSE_WORD = (
    "name", "chain", "owner", "publisher as named", "publisher's type", "licence as written",
)  # fmt: skip
#: Outputs of classifiers: ImageNet-1k, -12k, -21k without rare classes, -21k and -22k, of the winter 2021
#: edition without rare classes, and Bamboo's.
LABEL_SPACES = (1000, 11821, 11221, 21841, 21842, 21843, 19168, 115217)
_IMAGENET_1K, _IMAGENET_1K_OUTPUTS = "imagenet-1k", 1000
#: No embedding is wider; a larger number of outputs is a label space that is missing above.
_WIDEST_EMBEDDING = 2048
_ARXIV = re.compile(r"arXiv:(?P<id>(?P<year>\d{2})\d{2}\.\d{4,5}(v\d+)?)")
_PAGES = ("github.com", "huggingface.co")
_UNKNOWN = "unknown"
_ADVERSARIAL = "adv"


def source_rows_of(
    registry: Sequence[Entry], parameters: Mapping[str, int], lookup: Lookup
) -> list[SourceRow]:
    """A row per entry, with its words looked up; what is unknown is added to ``lookup.problems``."""
    rows = [_row(number, entry, lookup) for number, entry in enumerate(registry, start=1)]
    for row, entry in zip(rows, registry, strict=True):
        row.values[MODELS.c.parameters] = parameters[entry.name]
    first: dict[str, SourceRow] = {}
    for row in rows:
        other = first.setdefault(row.row_id, row)
        if other is not row:
            lookup.problems.append(
                f"{row.place}: found the id {row.row_id} of {other.place}, expected another"
            )
    return rows


def _row(number: int, entry: Entry, lookup: Lookup) -> SourceRow:
    place = f"{entry.source_file}, entry {entry.name!r}"
    row = SourceRow(
        place, number, dict(vars(entry)), model_id(SOURCE_ID, slug(entry.architecture), slug(entry.tag))
    )
    values = row.values
    values[NAME] = entry.name
    values[CHAIN] = read_chain(entry.tag, lookup.vocabulary)
    values[MODELS.c.crop_fraction] = entry.crop_pct
    values[MODELS.c.task] = _task(entry, place, lookup)
    values[LICENSE_WORD] = entry.license
    if entry.license not in (None, _UNKNOWN):
        values[MODELS.c.license] = lookup.license(entry.license, f"{place}, license")
    values[OWNER] = owner = _owner(entry)
    if owner is not None:
        values[PUBLISHER], values[PUBLISHER_TYPE] = lookup.publisher(
            owner, f"{place}, origin_url or hf_hub_id"
        )
    if entry.paper_ids is not None and not _ARXIV.fullmatch(entry.paper_ids):
        expected = "one arXiv identifier such as arXiv:2110.00476"
        lookup.problems.append(f"{place}, paper_ids: found {entry.paper_ids!r}, expected {expected}")
    return row


def _task(entry: Entry, place: str, lookup: Lookup) -> str | None:
    """None for an embedding, which is a reading: a rule's matter."""
    if entry.num_classes == 0:
        return "features"
    if entry.num_classes in LABEL_SPACES:
        return "classification"
    if entry.num_classes > _WIDEST_EMBEDDING:
        lookup.problems.append(
            f"{place}, num_classes: found {entry.num_classes}, expected one of the label spaces "
            f"{', '.join(map(str, LABEL_SPACES))}, or at most {_WIDEST_EMBEDDING} (an embedding); add the "
            f"label space to the importer if it is a new one"
        )
    return None


def _owner(entry: Entry) -> str | None:
    """Owner of the repository that the weights come from, or its host where there is no owner; else that of
    the hub's repository, if it is not the project's own collection of everybody's weights."""
    if entry.origin_url is not None:
        parts = urlsplit(entry.origin_url)
        return parts.path.split("/")[1] if parts.netloc in _PAGES else parts.netloc
    owner = (entry.hf_hub_id or SOURCE_ID).split("/")[0]
    return None if owner == SOURCE_ID else owner


def arxiv(paper_ids: str) -> tuple[str, int]:
    """Address and year of a paper; new identifiers begin with two digits of the year."""
    match = _ARXIV.fullmatch(paper_ids)
    if match is None:
        raise ValueError(paper_ids)
    return f"https://arxiv.org/abs/{match['id']}", 2000 + int(match["year"])


# --- Rules ----------------------------------------------------------------------------------------------


@rule("outputs-are-an-embedding", "derivation")
def outputs_are_an_embedding(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The registry calls the number of outputs num_classes also for networks that map an image to a vector
    (CLIP and the like). A number that is no known label space (384 to 1280) is the vector's length."""
    for row in rows:
        if row[MODELS.c.task] is None:
            yield Change(row, MODELS.c.task, "embedding")


@rule("thousand-outputs-are-imagenet-1k", "derivation")
def thousand_outputs_are_imagenet_1k(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The registry names no label space. A classifier with 1000 outputs classifies ImageNet-1k: the project
    evaluates all of them on its validation set without a mapping of labels."""
    for row in rows:
        if row["num_classes"] == _IMAGENET_1K_OUTPUTS:
            yield Change(row, MODELS.c.dataset_id, _IMAGENET_1K)


@rule("training-chain-from-tag", "derivation")
def training_chain_from_tag(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The datasets that the tag names, in order: fb_in22k_ft_in1k was trained on ImageNet-22k before
    ImageNet-1k. The last one is left out where it is the dataset that the network classifies."""
    for row in rows:
        chain: Chain = row[CHAIN]
        last_is_own = chain.datasets[-1:] == (row[MODELS.c.dataset_id],)
        before = list(chain.datasets[:-1] if last_is_own else chain.datasets)
        if before:
            yield Change(row, MODELS.c.pretrained_on, before)


@rule("adversarial-from-tag", "derivation")
def adversarial_from_tag(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The tag has the word adv: the two Inception networks of Kurakin et al. and Tramer et al. that were
    trained on adversarial examples."""
    for row in rows:
        if _ADVERSARIAL in row["tag"].split("_"):
            yield Change(row, MODELS.c.training_kind, "adversarial")


@rule("publisher-from-repository", "derivation")
def publisher_from_repository(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The owner of the repository that origin_url names, or of the hub's repository where there is no
    origin_url and it is not among the project's own copies."""
    for row in rows:
        if row[PUBLISHER]:
            yield Change(row, MODELS.c.publisher, row[PUBLISHER])


@rule("year-from-arxiv", "derivation")
def year_from_arxiv(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The registry gives the paper's arXiv identifier, which begins with year and month."""
    for row in rows:
        if row["paper_ids"] is not None:
            yield Change(row, MODELS.c.year, arxiv(row["paper_ids"])[1])


@rule("crop-above-one")
def crop_above_one(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """A share of the image above 1 cannot be cropped: with crop_pct 1.15 the image is made smaller than the
    network's input and padded. The source's number is kept among its own words."""
    for row in rows:
        if row[MODELS.c.crop_fraction] > 1:
            yield Change(row, MODELS.c.crop_fraction, None)


@rule("unknown-license")
def unknown_license(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The registry says "unknown", which is not a licence."""
    for row in rows:
        if row["license"] == _UNKNOWN:
            yield Change(row, MODELS.c.license, None)


RULES = (
    outputs_are_an_embedding, thousand_outputs_are_imagenet_1k, training_chain_from_tag, adversarial_from_tag,
    publisher_from_repository, year_from_arxiv, crop_above_one, unknown_license,
)  # fmt: skip


@flag("trained-before-on-unnamed-data", whole_row=True)
def trained_before_on_unnamed_data(rows: Sequence[SourceRow]) -> Iterator[tuple[SourceRow, str]]:
    """The tag says that the weights were fine-tuned (ft) and not what they were trained on before that."""
    for row in rows:
        if row[CHAIN].from_unnamed:
            yield row, "tag"


@flag("outputs-not-named-by-tag", whole_row=True)
def outputs_not_named_by_tag(rows: Sequence[SourceRow]) -> Iterator[tuple[SourceRow, str]]:
    """The entry has 1000 outputs and its tag does not name ImageNet-1k as the last training data: the two
    ResMLP that are tagged as self-supervised (fb_dino). Nothing says that their outputs were trained."""
    for row in rows:
        dataset_id = row[MODELS.c.dataset_id]
        if dataset_id is not None and row[CHAIN].datasets[-1:] != (dataset_id,):
            yield row, "num_classes"


FLAGS = (trained_before_on_unnamed_data, outputs_not_named_by_tag)
