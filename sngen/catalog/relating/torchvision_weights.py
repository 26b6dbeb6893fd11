"""Weights of torchvision, as other collections have them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sngen.catalog.relating.facts import Facts, Model, unique
from sngen.catalog.relating.rules import Pair, relation_rule
from sngen.schema import MODELS

_M = MODELS.c
#: timm's tag for each of torchvision's sets of weights, which stand at the end of the name.
_TAGS = {
    "tv_in1k": "IMAGENET1K_V1", "tv2_in1k": "IMAGENET1K_V2", "tv_swag_in1k": "IMAGENET1K_SWAG_E2E_V1",
    "swag_ft_in1k": "IMAGENET1K_SWAG_E2E_V1", "swag_lc_in1k": "IMAGENET1K_SWAG_LINEAR_V1",
}  # fmt: skip
#: How RobustBench's zoo imports torchvision's models.
_ZOO_IMPORT = "pt_models."


@relation_rule("torchvision-tag-and-parameter-count", "same-weights")
def torchvision_tag(facts: Facts) -> Iterator[Pair]:
    """timm's tag says which of torchvision's sets of weights a model has (tv_in1k, tv2_in1k, swag_ft_in1k,
    swag_lc_in1k), and exactly one torchvision network with such weights has that number of parameters."""
    theirs = unique(facts.of("torchvision"), _torchvision_key)
    for model in facts.of("timm"):
        key = _timm_key(model)
        if key is not None and key in theirs:
            ground = f"tag {_tag(model)} and {key[1]:,} parameters, as {theirs[key][_M.name]}"
            yield Pair(model[_M.model_id], theirs[key][_M.model_id], ground)


@relation_rule("loads-torchvision-default-weights", "same-weights")
def loads_torchvision_weights(facts: Facts) -> Iterator[Pair]:
    """RobustBench's zoo has no file for the model, but calls torchvision's builder with pretrained=True,
    which gives the weights that torchvision calls IMAGENET1K_V1."""
    ours = {
        model[_M.architecture]: model[_M.model_id]
        for model in facts.of("torchvision")
        if model[_M.name].endswith("IMAGENET1K_V1") and not model[_M.copy_kind]
    }
    for model in facts.of("robustbench"):
        loader = json.loads(model[_M.source_words] or "{}").get(_M.weights_url, "")
        builder = loader.removeprefix(_ZOO_IMPORT)
        if loader.startswith(_ZOO_IMPORT) and builder in ours:
            yield Pair(model[_M.model_id], ours[builder], f"the model zoo calls {loader}(pretrained=True)")


def _tag(model: Model) -> str:
    return str(model[_M.name]).partition(".")[2]


def _timm_key(model: Model) -> tuple[str, int] | None:
    weights = _TAGS.get(_tag(model))
    return (weights, model[_M.parameters]) if weights and model[_M.parameters] else None


def _torchvision_key(model: Model) -> tuple[str, int] | None:
    weights = str(model[_M.name]).rpartition(".")[2]
    if model[_M.copy_kind] or not model[_M.parameters]:
        return None
    return weights, model[_M.parameters]
