"""From OpenCLIP's results and registry to the catalogue's tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any
from urllib.parse import urlsplit

from sngen.catalog.identifiers import model_id, slug
from sngen.catalog.importers.openclip.registry import QUICK_GELU, Weights
from sngen.catalog.importers.openclip.results import RETRIEVAL, Result, Towers
from sngen.catalog.reported import reported_score, source_row, with_source_words
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Lookup
from sngen.schema import MODELS, RELATIVES

SOURCE_ID = "openclip"
REPOSITORY = "https://github.com/mlfoundations/open_clip"
TITLE = "OpenCLIP"
RESULTS, PROFILE = "docs/openclip_results.csv", "docs/model_profile.csv"
PRETRAINED, CONSTANTS = "src/open_clip/pretrained.py", "src/open_clip/constants.py"
CONFIGS = "src/open_clip/model_configs"
FILES = (RESULTS, PROFILE, PRETRAINED, CONSTANTS, f"{CONFIGS}/*.json")
CITATION = (
    "Gabriel Ilharco, Mitchell Wortsman, Ross Wightman, Cade Gordon, Nicholas Carlini, Rohan Taori, Achal "
    "Dave, Vaishaal Shankar, Hongseok Namkoong, John Miller, Hannaneh Hajishirzi, Ali Farhadi, Ludwig "
    "Schmidt. OpenCLIP. 2021. doi:10.5281/zenodo.5143773"
)
#: What a column's number is where it is not top-1 accuracy, by DataComp's list of tasks (tasklist.yml).
METRICS = {
    "Caltech-101": "mean_class_recall",
    "FGVC Aircraft": "mean_class_recall",
    "Oxford Flowers-102": "mean_class_recall",
    "Oxford-IIIT Pet": "mean_class_recall",
    "iWildCam": "macro_f1",
    "FMoW": "worst_region_accuracy",
    "GeoDE": "worst_group_accuracy",
    "Dollar Street": "worst_group_top5_accuracy",
}
ZERO_FLAG, CROPS_FLAG = "zero-is-measured", "objects-as-crops"
QUICK_GELU_FLAG = "weights-entry-from-non-quickgelu-name"
OTHER_TAG_FLAG = "hub-repository-of-another-tag"
CHANCE_FLAG = "near-chance"
IMAGENET, CROPPED = "ImageNet 1k", "Pascal VOC 2007"
#: Zero-shot accuracy on ImageNet-1k; guessing gives 0.001.
CHANCE_BELOW = Decimal("0.05")
#: Its repositories on the hub hold copies of others' weights.
COPYING_OWNER = "timm"

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Listed:
    """One row of the results with its weights, image size in pixels and sizes of its towers."""

    result: Result
    weights: Weights
    image_size: int | None
    towers: Towers | None

    @property
    def model_id(self) -> str:
        return model_id(SOURCE_ID, slug(self.result.name), slug(self.result.tag))

    @property
    def flags(self) -> list[str]:
        score = self.result.scores.get(IMAGENET)
        odd = {
            QUICK_GELU_FLAG: self.result.name.endswith(QUICK_GELU),
            OTHER_TAG_FLAG: self.hub_of_another_tag,
            CHANCE_FLAG: score is not None and score < CHANCE_BELOW,
        }
        return [flag for flag, applies in odd.items() if applies]

    @property
    def hub_of_another_tag(self) -> bool:
        """The hub repository is named by a tag of the form <data>_e<epochs>, but not by this one."""
        _, _, named = (self.weights.hub_id or "").partition(".")
        data, _, epochs = self.result.tag.rpartition("_e")
        return epochs.isdigit() and named.startswith(f"{data}_e") and named != self.result.tag


def config_path(name: str) -> str:
    return f"{CONFIGS}/{name}.json"


def source_rows(upstream: Upstream) -> Rows:
    """The repository's licence is that of the facts; the models' weights have others, which it does not
    state."""
    return [
        source_row(
            SOURCE_ID, upstream, ", ".join(FILES), title=TITLE, url=REPOSITORY, license="MIT",
            citation=CITATION,
        )
    ]  # fmt: skip


def model_row(one: Listed, lookup: Lookup) -> dict[str, Any]:
    result, weights = one.result, one.weights
    owner = _owner(weights)
    publisher, publisher_type = (None, None) if owner is None else lookup.publisher(owner, PRETRAINED)
    hub = f"https://huggingface.co/{weights.hub_id}" if weights.hub_id else None
    model = MODELS.row(
        model_id=one.model_id, name=f"{result.name}:{result.tag}", source_id=SOURCE_ID, source_file=RESULTS,
        source_row=result.line, task="zero-shot", architecture=result.name,
        model_type=lookup.vocabulary.model_type(result.name), purpose="benchmark",
        parameters_rounded=None if result.parameters is None else float(result.parameters),
        macs=macs(result), mean=_listed(weights.mean), std=_listed(weights.std),
        interpolation=weights.interpolation, publisher=publisher, publisher_type=publisher_type,
        input_size=None if one.image_size is None else f"3x{one.image_size}x{one.image_size}",
        weights_kind="file" if weights.url else "hub" if hub else None, weights_url=weights.url or hub,
        weights_hub_id=weights.hub_id, weights_file=weights.hub_file, flags=one.flags, note=_note(one),
    )  # fmt: skip
    return with_source_words(model, publisher=owner)


def macs(result: Result) -> float | None:
    """Multiply-accumulates of one image and one text: the source counts two operations for each."""
    return None if result.flops is None else float(result.flops * Decimal(10) ** 9 / 2)


def score_rows(one: Listed, lookup: Lookup) -> Rows:
    """Every number of the row but those of retrieval."""
    return [
        _score(one, column, value, lookup)
        for column, value in one.result.scores.items()
        if column not in RETRIEVAL
    ]


def relative_rows(listed: Sequence[Listed]) -> Rows:
    """Pairs of names that are registered with the same weights."""
    groups: dict[tuple[str | None, str | None], list[str]] = defaultdict(list)
    for one in listed:
        groups[one.weights.url, one.weights.hub_id].append(one.model_id)
    return [
        RELATIVES.row(
            model_a=a, model_b=b, relation="same-weights", source_id=SOURCE_ID, rule="one-registry-entry",
            ground=f"both names are registered with the same weights, {hub or url}",
        )
        for (url, hub), names in groups.items()
        for a, b in combinations(sorted(names), 2)
    ]  # fmt: skip


def _score(one: Listed, column: str, value: Decimal, lookup: Lookup) -> dict[str, Any]:
    dataset = lookup.dataset(column, f"{RESULTS}, line 1")
    kind = ("utility", "zero-shot", "test", METRICS.get(column, "accuracy"))
    flags = [flag for flag, applies in ((CROPS_FLAG, column == CROPPED), (ZERO_FLAG, value == 0)) if applies]
    return reported_score(
        SOURCE_ID, one.model_id, dataset, kind, float(value), source_file=RESULTS,
        source_row=one.result.line, source_column=column, flags=flags or None,
    )  # fmt: skip


def _note(one: Listed) -> str | None:
    sentences = []
    if one.result.average is not None:
        sentences.append(
            f"Average over 38 datasets, {len(RETRIEVAL)} of them of retrieval: {one.result.average}."
        )
    if one.towers is not None:
        sentences.append(
            f"Parameters of the image tower {one.towers.image} M, of the text tower {one.towers.text} M; "
            f"embedding of {one.towers.embedding} numbers."
        )
    return " ".join(sentences) or None


def _owner(weights: Weights) -> str | None:
    """Whose weights the link leads to: the owner of the repository, or the host of another address."""
    if weights.url:
        parts = urlsplit(weights.url)
        return parts.path.split("/")[1] if parts.netloc == "github.com" else parts.netloc
    owner = (weights.hub_id or "").split("/")[0]
    return None if owner in ("", COPYING_OWNER) else owner


def _listed(values: Iterable[float] | None) -> list[float] | None:
    return None if values is None else [float(value) for value in values]
