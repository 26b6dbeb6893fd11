"""Entries that name a file of another entry's publisher: SecurityNet links to whole repositories."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sngen.catalog.relating.facts import Facts, Model
from sngen.catalog.relating.rules import Pair, relation_rule
from sngen.schema import MODELS

_M = MODELS.c
_CHECKPOINT_ENDING = re.compile(r"\.(ckpt|pth|pt)(\.zip)?$")
#: "vgg16b_bn" is "bn_vgg16b" at its publisher's.
_BN_LAST = re.compile(r"(?P<network>vgg\d+b?)_bn")


@relation_rule("name-and-dataset-at-the-named-publisher", "same-weights")
def name_and_dataset(facts: Facts) -> Iterator[Pair]:
    """SecurityNet links to the repository imgclsmob, and pytorchcv's list is that repository's: the entry of
    the same name on the same dataset. That a weight file was replaced later under its name cannot be
    excluded. Names of VGG networks with batch normalisation are written the other way round."""
    published = {_key(model): model for model in facts.of("pytorchcv")}
    for model in facts.of("securitynet"):
        if "osmr/imgclsmob" in (model[_M.weights_url] or "") and (twin := published.get(_key(model))):
            yield Pair(model[_M.model_id], twin[_M.model_id], _ground(facts, model, twin))


@relation_rule("checkpoint-file-name-at-the-named-publisher", "same-weights")
def checkpoint_file_name(facts: Facts) -> Iterator[Pair]:
    """SecurityNet links to the repository robust-models-transfer and names a checkpoint file of its list."""
    published = {_stem(model[_M.name]): model for model in facts.of("robust-models-transfer")}
    for model in facts.of("securitynet"):
        here = "robust-models-transfer" in (model[_M.weights_url] or "").lower()
        if here and (twin := published.get(_stem(model[_M.name]))):
            yield Pair(model[_M.model_id], twin[_M.model_id], _ground(facts, model, twin))


def _key(model: Model) -> tuple[str, Any]:
    """Network and dataset. A dataset's name at the end of a model's is no part of the network's."""
    name = _stem(model[_M.name])
    name = re.sub(r"_(cifar10|cifar100|svhn|cub)$", "", name)
    return _BN_LAST.sub(r"bn_\g<network>", name), model[_M.dataset_id]


def _stem(name: str) -> str:
    return _CHECKPOINT_ENDING.sub("", name.lower())


def _ground(facts: Facts, model: Model, twin: Model) -> str:
    ours, theirs = facts.clean_accuracy(model), facts.clean_accuracy(twin)
    words = f"{model[_M.name]} on {model[_M.dataset_id]} in both"
    if ours is None or theirs is None:
        return words
    return f"{words}; accuracy {ours:.4f} at SecurityNet, {theirs:.4f} at the publisher"
