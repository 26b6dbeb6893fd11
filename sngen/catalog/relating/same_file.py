"""The same published file, under whatever names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from sngen.catalog.relating.distinct import standing_order
from sngen.catalog.relating.facts import Facts, Model, addresses, file_name, grouped, ids
from sngen.catalog.relating.rules import Pair, relation_rule, star
from sngen.schema import MODELS

_M = MODELS.c
_FILES = frozenset({"file", "archive"})
#: A file's name that carries the beginning of its hash, as torch.hub writes it: resnet50-0676ba61.pth.
_PREFIX = "sha256-prefix:"
#: Two evaluations of one file differ by less, for instance on 5,000 and on 50,000 images.
ACCURACY_TOLERANCE = 0.01


@relation_rule("same-checksum", "same-weights")
def same_checksum(facts: Facts) -> Iterator[Pair]:
    """Two entries state the same checksum of the published file. A shortened checksum counts only together
    with the file's name."""
    for model_key in (_sha256, _checksum):
        for value, group in grouped(facts.models, model_key):
            words = value if isinstance(value, str) else f"{value[0]} ({value[1]})"
            yield from star(ids(group), _first(group), f"both state the checksum {words}")


@relation_rule("same-file-address", "same-weights")
def same_file_address(facts: Facts) -> Iterator[Pair]:
    """Two entries link to the same file, or to the same file within the same archive. Addresses that one
    source gives for entries of different datasets or architecture families, or of accuracies more than a
    percentage point apart, are left out: the link leads to more than one model, or is a slip."""
    for (url, _), group in grouped(facts.models, _address):
        if _one_model(facts, group):
            yield from star(ids(group), _first(group), f"both are the file {url}")


@relation_rule("converted-from-named-file", "same-weights")
def converted_from_named_file(facts: Facts) -> Iterator[Pair]:
    """A converted entry names the address of the file that it was converted from, and that file is an entry
    of its own."""
    owners = {
        model[_M.weights_url]: model[_M.model_id]
        for model in sorted(facts.models, key=lambda one: standing_order(one[_M.model_id]), reverse=True)
        if model[_M.weights_kind] in _FILES and not model[_M.copy_kind]
    }
    for model in facts.models:
        if model[_M.copy_kind] != "converted":
            continue
        for url in addresses(model[_M.note], model[_M.source_words]):
            if url in owners and owners[url] != model[_M.model_id]:
                yield Pair(model[_M.model_id], owners[url], f"converted from {url}")


@relation_rule("same-hub-repository", "same-weights")
def same_hub_repository(facts: Facts) -> Iterator[Pair]:
    """Two entries are the same repository of a model hub, and it holds one model: it is left out where one
    source gives it for entries of different datasets or families. An entry that links to a file of its own,
    while another entry of its source names the same repository with another file, counts only if its file's
    name holds the end of the repository's name: a repository that is named for a file it does not hold is a
    slip of the source."""
    for hub_id, group in grouped(facts.models, _hub):
        if not _one_model(facts, group):
            continue
        kept = [model for model in group if not _slip(model, group)]
        centre = _first(kept or group)
        classifying = {model[_M.task] for model in kept}
        towers = " (the one uses the image tower only)" if len(classifying) > 1 else ""
        yield from star(ids(kept), centre, f"both are the hub repository {hub_id}{towers}")


@relation_rule("later-epoch-of-one-training", "fine-tuned-from")
def later_epoch(facts: Facts) -> Iterator[Pair]:
    """Two published files of one training, as their names end in _e and the number of the epoch: the later
    one was trained further from the earlier one."""
    for (_, stem), group in grouped(facts.of("openclip"), _epoch_stem):
        ordered = sorted(group, key=lambda model: (_epoch(model), model[_M.model_id]))
        for earlier, later in pairwise(ordered):
            if _epoch(earlier) != _epoch(later):
                ground = f"epochs {_epoch(earlier)} and {_epoch(later)} of one training, {stem}"
                yield Pair(later[_M.model_id], earlier[_M.model_id], ground)


def slips(facts: Facts) -> list[Model]:
    """Entries that ``same_hub_repository`` leaves out: their file is not the repository's."""
    return [
        model
        for _, group in grouped(facts.models, _hub)
        if _one_model(facts, group)
        for model in group
        if _slip(model, group)
    ]


def shared_addresses(facts: Facts) -> list[Model]:
    """Entries whose file or repository is left out because it is given for different models."""
    return [
        model
        for key in (_address, _hub)
        for _, group in grouped(facts.models, key)
        if not _one_model(facts, group)
        for model in group
    ]


def _one_model(facts: Facts, group: Sequence[Model]) -> bool:
    """Whether every source of the group says the same of its entries."""
    for source in {model[_M.source_id] for model in group}:
        own = [model for model in group if model[_M.source_id] == source]
        if len({(model[_M.dataset_id], model[_M.model_type]) for model in own}) > 1:
            return False
        known = [accuracy for model in own if (accuracy := facts.clean_accuracy(model)) is not None]
        if known and max(known) - min(known) > ACCURACY_TOLERANCE:
            return False
    return True


def _first(group: Sequence[Model]) -> str:
    chosen = min(group, key=lambda one: standing_order(one[_M.model_id], bool(one[_M.copy_kind])))
    return str(chosen[_M.model_id])


def _sha256(model: Model) -> str | None:
    return f"sha256:{model[_M.weights_sha256]}" if model[_M.weights_sha256] else None


def _checksum(model: Model) -> str | tuple[str, str] | None:
    checksum: str | None = model[_M.weights_checksum]
    if checksum is None or not checksum.startswith(_PREFIX):
        return checksum
    name = file_name(model[_M.weights_url])
    return (checksum, name) if name else None


def _address(model: Model) -> tuple[str, str | None] | None:
    url = model[_M.weights_url]
    inner = model[_M.weights_file] if model[_M.weights_kind] == "archive" else None
    unknown = model[_M.weights_kind] == "archive" and inner is None
    return None if url is None or unknown or model[_M.weights_kind] not in _FILES else (url, inner)


def _hub(model: Model) -> str | None:
    """An entry that says which of a repository's files it is, is another rule's business."""
    one_of_several = model[_M.weights_file] or "/resolve/" in (model[_M.weights_url] or "")
    return None if one_of_several else model[_M.weights_hub_id]


def _slip(model: Model, group: Sequence[Model]) -> bool:
    name = file_name(model[_M.weights_url])
    others = {file_name(one[_M.weights_url]) for one in group if one[_M.source_id] == model[_M.source_id]} - {
        None
    }
    end = str(model[_M.weights_hub_id]).rpartition(".")[2]
    return name is not None and len(others) > 1 and end not in name


def _epoch(model: Model) -> int:
    return int(str(model[_M.model_id]).rpartition("-e")[2])


def _epoch_stem(model: Model) -> tuple[str, str] | None:
    stem, _, epoch = str(model[_M.model_id]).rpartition("-e")
    return (model[_M.source_id], stem) if stem and epoch.isdigit() else None
