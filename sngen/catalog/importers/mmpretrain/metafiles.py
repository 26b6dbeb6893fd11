"""The metafiles as they are: every entry with its collection, checked for its form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from sngen.catalog.upstream import Upstream, UpstreamFile
from sngen.validation import show

SOURCE_ID = "mmpretrain"
COLLECTIONS, MODEL_LIST = "Collections", "Models"
NAME, METADATA, RESULTS, WEIGHTS, CONFIG = "Name", "Metadata", "Results", "Weights", "Config"
IN_COLLECTION, CONVERTED, DOWNSTREAM, PRETRAIN = "In Collection", "Converted From", "Downstream", "Pretrain"
PAPER, CODE, FLOPS, PARAMETERS, TRAINING_DATA = "Paper", "Code", "FLOPs", "Parameters", "Training Data"
TECHNIQUES, ARCHITECTURE = "Training Techniques", "Architecture"
TASK, DATASET, METRICS = "Task", "Dataset", "Metrics"

_NOTHING, _NUMBER = type(None), (int, float)
#: What may stand under a key, and whether it must be there.
_MODEL_KEYS: Mapping[str, tuple[tuple[type, ...], bool]] = {
    NAME: ((str,), True), METADATA: ((dict,), True), IN_COLLECTION: ((str,), True),
    CONFIG: ((str,), True), WEIGHTS: ((str, _NOTHING), False), RESULTS: ((list, _NOTHING), False),
    CONVERTED: ((dict,), False), DOWNSTREAM: ((list,), False), PRETRAIN: ((str,), False),
}  # fmt: skip
_METADATA_KEYS: Mapping[str, tuple[tuple[type, ...], bool]] = {
    FLOPS: ((int, _NOTHING), True), PARAMETERS: ((int,), True), TRAINING_DATA: ((str, list), False),
    TECHNIQUES: ((str, list), False), "Training Resources": ((str,), False), "Epochs": ((int,), False),
    "Batch Size": ((int,), False), ARCHITECTURE: ((str, list), False),
}  # fmt: skip
_RESULT_KEYS: Mapping[str, tuple[tuple[type, ...], bool]] = {
    TASK: ((str,), True), DATASET: ((str,), True), METRICS: ((dict, _NOTHING), True),
}  # fmt: skip
_CONVERTED_KEYS: Mapping[str, tuple[tuple[type, ...], bool]] = {
    WEIGHTS: ((str, _NOTHING), False), CODE: ((str, _NOTHING), False),
}  # fmt: skip


@dataclass(frozen=True)
class MetafileEntry:
    """``number`` counts from 1 in the file's list; ``collection`` is None if the file does not have it."""

    path: str
    number: int
    model: Mapping[str, Any]
    collection: Mapping[str, Any] | None

    @property
    def place(self) -> str:
        return f"{self.path}, model {self.number} ({self.model[NAME]})"

    @property
    def metadata(self) -> Mapping[str, Any]:
        metadata: Mapping[str, Any] = self.model[METADATA]
        return metadata

    @property
    def common(self) -> Mapping[str, Any]:
        """Metadata of the collection."""
        return (self.collection or {}).get(METADATA) or {}

    @property
    def results(self) -> list[Mapping[str, Any]]:
        return self.model.get(RESULTS) or []


def texts(value: Any) -> list[str]:
    """A list of texts from one text, a list or nothing."""
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def read_metafiles(upstream: Upstream, problems: list[str]) -> list[MetafileEntry]:
    """Every entry of every file, in order. What is not as expected goes to ``problems``."""
    return [entry for file in upstream.files.values() for entry in _entries(file, problems)]


def _entries(file: UpstreamFile, problems: list[str]) -> Iterator[MetafileEntry]:
    try:
        content = yaml.load(file.text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        problems.append(f"{file.path}: found no YAML ({' '.join(str(error).split())})")
        return
    if not isinstance(content, dict) or not all(
        isinstance(content.get(key), list) and all(isinstance(one, dict) for one in content[key])
        for key in (COLLECTIONS, MODEL_LIST)
    ):
        problems.append(
            f"{file.path}: expected the keys {COLLECTIONS} and {MODEL_LIST}, each a list of mappings"
        )
        return
    collections = {str(one.get(NAME)): one for one in content[COLLECTIONS]}
    for number, model in enumerate(content[MODEL_LIST], start=1):
        wrong = list(_malformed(model, f"{file.path}, model {number} ({model.get(NAME)})"))
        problems += wrong
        if not wrong:
            yield MetafileEntry(file.path, number, model, collections.get(model[IN_COLLECTION]))


def _malformed(model: Mapping[str, Any], place: str) -> Iterator[str]:
    yield from _keys(model, _MODEL_KEYS, place)
    if isinstance(model.get(METADATA), dict):
        yield from _keys(model[METADATA], _METADATA_KEYS, f"{place}, {METADATA}")
    if isinstance(model.get(CONVERTED), dict):
        yield from _keys(model[CONVERTED], _CONVERTED_KEYS, f"{place}, {CONVERTED}")
    results = model.get(RESULTS)
    for result in results if isinstance(results, list) else ():
        if isinstance(result, dict):
            yield from _keys(result, _RESULT_KEYS, f"{place}, {RESULTS}")
        else:
            yield f"{place}, {RESULTS}: found {show(result)}, expected a mapping"


def _keys(
    found: Mapping[str, Any], expected: Mapping[str, tuple[tuple[type, ...], bool]], place: str
) -> Iterator[str]:
    for key in found:
        if key not in expected:
            yield f"{place}: found the key {show(key)}, expected one of {', '.join(expected)}"
    for key, (kinds, required) in expected.items():
        if key not in found:
            if required:
                yield f"{place}: found no key {key!r}, expected it"
        elif not isinstance(found[key], kinds) or isinstance(found[key], bool):
            names = " or ".join("nothing" if kind is _NOTHING else kind.__name__ for kind in kinds)
            yield f"{place}, {key}: found {show(found[key])}, expected {names}"
