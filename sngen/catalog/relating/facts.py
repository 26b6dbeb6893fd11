"""The merged catalogue as the rules look at it: models by source, scores by what they measure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sngen.schema import MODELS, SCORES

Model = Mapping[str, Any]
Item = TypeVar("Item")
CLEAN = ("utility", "clean", "test", "accuracy")
AUTOATTACK = ("adversarial", "autoattack", "robust_accuracy")
#: The same bound is written 8/255 or 0.031, 0.5 or 128/255.
EPS_TOLERANCE = 0.02
_URL = re.compile(r"https?://[^\s<>\"'\\;,)]+")
_ARXIV = re.compile(r"arxiv\.org/(?:abs|pdf)/(\d{4}\.\d{4,5})")


class Facts:
    """``models`` and ``scores`` are complete rows of the tables of these names."""

    def __init__(self, models: Sequence[Model], scores: Sequence[Mapping[str, Any]]) -> None:
        self.models = models
        self.scores = scores
        self._by_source: dict[str, list[Model]] = defaultdict(list)
        for model in models:
            self._by_source[model[MODELS.c.source_id]].append(model)

    def of(self, source_id: str) -> Sequence[Model]:
        """The models of one source; none where the catalogue does not have it."""
        return self._by_source.get(source_id, ())

    def clean_accuracy(self, model: Model) -> float | None:
        """On the model's own dataset, as its own source reports it."""
        return self._clean.get((model[MODELS.c.model_id], model[MODELS.c.dataset_id]))

    def autoattack(self, model: Model) -> Sequence[Mapping[str, Any]]:
        """Scores of AutoAttack on the model's own dataset by its own source."""
        return self._autoattack.get((model[MODELS.c.model_id], model[MODELS.c.dataset_id]), ())

    @cached_property
    def _source_of(self) -> dict[str, str]:
        return {model[MODELS.c.model_id]: model[MODELS.c.source_id] for model in self.models}

    @cached_property
    def _clean(self) -> dict[tuple[str, str], float]:
        c = SCORES.c
        return {
            (row[c.model_id], row[c.dataset_id]): row[c.value]
            for row in self.scores
            if (row[c.family], row[c.method], row[c.setting], row[c.metric]) == CLEAN and self._own(row)
        }

    @cached_property
    def _autoattack(self) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
        c = SCORES.c
        found: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
        for row in self.scores:
            if (row[c.family], row[c.method], row[c.metric]) == AUTOATTACK and self._own(row):
                found[row[c.model_id], row[c.dataset_id]].append(row)
        return found

    def _own(self, score: Mapping[str, Any]) -> bool:
        return bool(score[SCORES.c.source_id] == self._source_of.get(score[SCORES.c.model_id]))


def grouped(items: Iterable[Item], key: Callable[[Item], Any]) -> Iterator[tuple[Any, list[Item]]]:
    """Groups of two and more by key, in order; an item whose key is None belongs to none."""
    groups: dict[Any, list[Item]] = defaultdict(list)
    for item in items:
        value = key(item)
        if value is not None:
            groups[value].append(item)
    yield from ((value, group) for value, group in groups.items() if len(group) > 1)


def unique(models: Iterable[Model], key: Callable[[Model], Any]) -> dict[Any, Model]:
    """By key, the models that are the only ones with theirs."""
    groups: dict[Any, list[Model]] = defaultdict(list)
    for model in models:
        groups[key(model)].append(model)
    return {value: group[0] for value, group in groups.items() if len(group) == 1 and value is not None}


def runs(items: Iterable[Item], number: Callable[[Item], float]) -> Iterator[list[Item]]:
    """Items in order of a number, cut where it grows by more than ``EPS_TOLERANCE`` of itself."""
    run: list[Item] = []
    for item in sorted(items, key=number):
        if run and number(item) > number(run[-1]) * (1 + EPS_TOLERANCE):
            yield run
            run = []
        run.append(item)
    if run:
        yield run


def ids(models: Iterable[Model]) -> list[str]:
    return [model[MODELS.c.model_id] for model in models]


def paper(model: Model) -> str | None:
    """The paper's number on arXiv, otherwise its address or that of the page that stands for it."""
    url = model[MODELS.c.paper_url]
    found = _ARXIV.search(url or "")
    return f"arXiv {found[1]}" if found else url


def addresses(*texts: str | None) -> list[str]:
    """Web addresses within texts, in order, without a full stop at their end."""
    return [found.rstrip(".") for text in texts for found in _URL.findall(text or "")]


def file_name(url: str | None) -> str | None:
    """The last part of an address's path; None where there is none with an ending."""
    name = urlsplit(url or "").path.rpartition("/")[2]
    return name if "." in name else None
