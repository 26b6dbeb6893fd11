"""Equal architectures, trained independently as far as the sources say."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from sngen.catalog.relating.distinct import standing_order
from sngen.catalog.relating.facts import Facts, Model, grouped, ids
from sngen.catalog.relating.rules import Pair, relation_rule, star
from sngen.schema import MODELS

_M = MODELS.c
_BEFORE_THREAT = re.compile(r"(?P<network>[a-z0-9_]+)_(l2|linf)_eps")


@relation_rule("same-named-architecture-and-parameter-count", "same-architecture")
def same_named_architecture(facts: Facts) -> Iterator[Pair]:
    """Entries of different sources with the same name of the architecture (letters and digits only) and
    exactly the same number of parameters. Names that mean something else at one source, or are spelled
    otherwise, stand in architectures.csv with the reason. Each entry is linked to one of the group, so that
    connected components are right and the number of pairs stays small."""
    for (_, parameters), group in grouped(facts.models, _named_and_counted):
        if len({model[_M.source_id] for model in group}) > 1:
            centre = _centre(group)
            ground = f"{centre[_M.architecture]} with {parameters:,} parameters in both"
            yield from star(ids(group), centre[_M.model_id], ground)


@relation_rule("same-builder-in-one-library", "same-architecture")
def same_builder(facts: Facts) -> Iterator[Pair]:
    """Entries of timm, or of torchvision, that one and the same function of the library builds. The last
    layer may differ where the number of classes does. Each is linked to one of the group."""
    for source in ("timm", "torchvision"):
        for architecture, group in grouped(facts.of(source), lambda model: model[_M.architecture]):
            centre = _centre(group)[_M.model_id]
            yield from star(ids(group), centre, f"both are built by {source}'s {architecture}")


@relation_rule("architecture-in-file-name", "same-architecture")
def architecture_in_file_name(facts: Facts) -> Iterator[Pair]:
    """The names of robust-models-transfer's checkpoints begin with the name of torchvision's function that
    builds the network. Where that name does not say which depth (densenet, mobilenet, shufflenet) nothing
    is said."""
    builders = dict(grouped_by_builder(facts))
    for model in facts.of("robust-models-transfer"):
        found = _BEFORE_THREAT.match(model[_M.name])
        if found and (theirs := builders.get(found["network"])):
            yield Pair(model[_M.model_id], theirs, f"torchvision's {found['network']} in the file's name")


def grouped_by_builder(facts: Facts) -> Iterator[tuple[str, str]]:
    """torchvision's functions, each with the entry that the others of it are linked to."""
    builders = {model[_M.architecture] for model in facts.of("torchvision")}
    for builder in sorted(builders):
        built = [model for model in facts.of("torchvision") if model[_M.architecture] == builder]
        yield builder, _centre(built)[_M.model_id]


def _centre(group: list[Model]) -> Model:
    """An entry that classifies ImageNet-1k where there is one: what others of its name mostly are."""
    return min(
        group,
        key=lambda one: (
            bool(one[_M.copy_kind]), one[_M.dataset_id] != "imagenet-1k", standing_order(one[_M.model_id])
        ),
    )  # fmt: skip


def _named_and_counted(model: Model) -> tuple[str, int] | None:
    name, parameters = model[_M.architecture], model[_M.parameters]
    if not name or not parameters:
        return None
    plain = _otherwise().get((model[_M.source_id], name), str(name))
    return re.sub(r"[^a-z0-9]", "", plain.lower()), parameters


@cache
def _otherwise() -> dict[tuple[str, str], str]:
    """By source and its name of an architecture: what timm and torchvision call it."""
    text = files("sngen.catalog.relating").joinpath("architectures.csv").read_text("utf-8")
    return {
        (row["source_id"], row["architecture"]): row["same_as"] for row in csv.DictReader(text.splitlines())
    }
