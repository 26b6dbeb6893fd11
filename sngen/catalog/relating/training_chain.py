"""Which published weights others were trained further from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sngen.catalog.relating.facts import Facts, Model, unique
from sngen.catalog.relating.rules import Pair, relation_rule
from sngen.schema import MODELS

_M = MODELS.c
_SIZE = re.compile(r"_\d{3}$")
_DOWNSTREAM = re.compile(r"Downstream: (?P<names>[^.]+?)(?:\. |\.?$)")
_FUSION_BENCH = re.compile(r"clip-vit-(?P<size>base|large)-patch(?P<patch>\d+)_")


@relation_rule("tag-extends-tag", "fine-tuned-from")
def tag_extends_tag(facts: Facts) -> Iterator[Pair]:
    """timm's tags are chains of training: augreg_in21k_ft_in1k was trained further from augreg_in21k of the
    same architecture. The longest tag that the chain extends counts; where the same architecture has none,
    that of the same architecture for another image size, if there is exactly one."""
    by_name = {model[_M.name]: model for model in facts.of("timm")}
    by_size_free = unique(facts.of("timm"), lambda one: (_SIZE.sub("", _network(one)), _tag(one)))
    for model in facts.of("timm"):
        network, tag = _network(model), _tag(model)
        for shorter in _shorter(tag):
            base = by_name.get(f"{network}.{shorter}") or by_size_free.get((_SIZE.sub("", network), shorter))
            if base is not None and base is not model:
                ground = f"the tag {tag} extends {shorter}"
                if _network(base) != network:
                    ground += f" of {_network(base)}"
                yield Pair(model[_M.model_id], base[_M.model_id], ground)
                break


@relation_rule("named-as-downstream", "fine-tuned-from")
def named_as_downstream(facts: Facts) -> Iterator[Pair]:
    """mmpretrain's metafiles name, for a pre-trained model, the configurations of the models that were
    trained from it. An entry that has an accuracy of its own is no pre-trained model; what it names is left
    out."""
    by_name = {model[_M.name]: model for model in facts.of("mmpretrain")}
    for base in facts.of("mmpretrain"):
        if facts.clean_accuracy(base) is not None:
            continue
        found = _DOWNSTREAM.search(base[_M.note] or "")
        for name in re.split(r"[,;]\s*", found["names"]) if found else ():
            if name in by_name:
                ground = f"{base[_M.name]} names it as downstream"
                yield Pair(by_name[name][_M.model_id], base[_M.model_id], ground)


@relation_rule("fine-tuned-image-tower-of-openai-clip", "fine-tuned-from")
def fine_tuned_clip(facts: Facts) -> Iterator[Pair]:
    """fusion_bench publishes image towers of OpenAI's CLIP, trained further on one dataset each; their names
    begin with the tower's."""
    openai = {model[_M.name]: model[_M.model_id] for model in facts.of("openclip")}
    for model in facts.of("fusion-bench"):
        found = _FUSION_BENCH.match(model[_M.name])
        if found and model[_M.pretrained_on] == ["openai-clip"]:
            tower = f"ViT-{found['size'][0].upper()}-{found['patch']}"
            if theirs := openai.get(f"{tower}:openai"):
                yield Pair(model[_M.model_id], theirs, f"image tower of OpenAI's CLIP {tower}")


def _network(model: Model) -> str:
    return str(model[_M.name]).partition(".")[0]


def _tag(model: Model) -> str:
    return str(model[_M.name]).partition(".")[2]


def _shorter(tag: str) -> Iterator[str]:
    """Tags that a chain may extend, the longest first: only what stands before a later stage of training."""
    parts = tag.split("_")
    for end in range(len(parts) - 1, 0, -1):
        if "ft" in parts[: end + 1]:
            yield "_".join(parts[:end])
