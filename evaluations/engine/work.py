"""What is to be done: pairs of a model and one method of a protocol, chosen from the catalogue."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from evaluations.method import Method
from evaluations.protocol import DataRole, Protocol
from sngen.errors import UsageError
from sngen.schema import DATASETS, MODELS
from sngen.zoo.model import BLACK_BOX

Row = Mapping[str, Any]
Catalog = Mapping[str, Sequence[Row]]

#: Suite name -> the source whose models it consists of. Their weights are trained here when first wanted.
SUITES = {"reference": "reference"}


@dataclass(frozen=True)
class Work:
    """One model under one method of one protocol, at one tier. ``model`` is a row of the table models, and
    so is ``surrogate``, where the settings name models that the attacker has. ``facts``: the columns of the
    row that the method asks for."""

    model: Row
    num_classes: int
    protocol: Protocol
    tier: str
    method: str
    method_version: int
    surrogate: Row | None = None
    facts: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[Row, ...]:
        """Whose weights it needs."""
        return (self.model,) if self.surrogate is None else (self.model, self.surrogate)

    @property
    def model_id(self) -> str:
        return str(self.model[MODELS.c.model_id])

    @property
    def dataset_id(self) -> str:
        return str(self.model[MODELS.c.dataset_id])

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.protocol.settings(self.tier, self.dataset_id)[self.method]

    @property
    def data(self) -> Mapping[str, DataRole]:
        return self.protocol.data(self.tier, self.dataset_id, self.method)

    @property
    def name(self) -> str:
        return f"{self.model_id} {self.protocol.protocol_id} {self.method}"


def is_trained_here(model: Row) -> bool:
    return model[MODELS.c.source_id] in SUITES.values()


@dataclass(frozen=True)
class LeftOut:
    """A model that a protocol does not evaluate, and why."""

    model_id: str
    reason: str


@dataclass(frozen=True)
class Selection:
    works: tuple[Work, ...]
    left_out: tuple[LeftOut, ...]


def select(
    models: Sequence[Row],
    datasets: Sequence[Row],
    protocols: Sequence[Protocol],
    methods: Mapping[tuple[str, str], Method],
    catalogued: Sequence[Row] = (),
) -> Selection:
    """Every (model, protocol, tier, method), in the order of protocols and models.

    ``catalogued`` are the models among which the surrogates of the settings are found. Raises ``UsageError``
    for a protocol's method that does not exist.
    """
    by_id = {row[MODELS.c.model_id]: row for row in catalogued}
    classes = {row[DATASETS.c.dataset_id]: row[DATASETS.c.num_classes] for row in datasets}
    works: list[Work] = []
    left_out: list[LeftOut] = []
    for protocol in protocols:
        known = {name: _method(protocol, name, methods) for name in protocol.methods}
        for model in models:
            model_id, dataset_id = model[MODELS.c.model_id], model[MODELS.c.dataset_id]
            reason = _obstacle(model, protocol, classes)
            if reason is not None:
                left_out.append(LeftOut(model_id, reason))
                continue
            for tier in protocol.tiers.values():
                if dataset_id not in tier.datasets:
                    continue
                for name, settings in protocol.settings(tier.name, dataset_id).items():
                    if known[name].needs_gradients and model[MODELS.c.loader] == BLACK_BOX:
                        reason = f"{name} needs the network, and the model can only be asked for outputs"
                        left_out.append(LeftOut(model_id, reason))
                        continue
                    wanted = _surrogate(model_id, settings)
                    surrogate = by_id.get(wanted) if wanted else None
                    if wanted and surrogate is None:
                        reason = f"{name} needs the surrogate {wanted}, which is not in the catalogue"
                        left_out.append(LeftOut(model_id, reason))
                        continue
                    version, facts = known[name].version, known[name].facts
                    works.append(
                        Work(model, classes[dataset_id], protocol, tier.name, name, version, surrogate, facts)
                    )
    return Selection(tuple(works), tuple(left_out))


def of_methods(selection: Selection, names: Sequence[str]) -> Selection:
    """The work of the methods ``names``; all of it without names. Raises ``UsageError`` for a name of which
    there is no work."""
    there = sorted({work.method for work in selection.works})
    for name in names:
        if name not in there:
            raise UsageError(
                f"--method {name}: no selected unit is of this method; there are: {', '.join(there)}."
            )
    works = tuple(work for work in selection.works if not names or work.method in names)
    return Selection(works, selection.left_out)


def choose_models(models: Sequence[Row], suite: str | None, patterns: Sequence[str]) -> list[Row]:
    """Rows of the chosen models, by id: those of a suite, or those that fit one of ``patterns`` (ids with
    ``*`` and ``?``), or all. Raises ``UsageError`` for a pattern that fits no model."""
    if suite is not None and patterns:
        raise UsageError("--suite and --models exclude each other; give one of them.")
    by_id = {row[MODELS.c.model_id]: row for row in models}
    if suite is not None:
        source = SUITES[suite]
        chosen = {name for name, row in by_id.items() if row[MODELS.c.source_id] == source}
        if not chosen:
            raise UsageError(f"the catalogue has no model of the suite {suite} (source_id {source}).")
    elif patterns:
        chosen = set().union(*(_matching(pattern, list(by_id)) for pattern in patterns))
    else:
        chosen = set(by_id)
    return [by_id[name] for name in sorted(chosen)]


def _matching(pattern: str, model_ids: Sequence[str]) -> set[str]:
    found = {name for name in model_ids if fnmatchcase(name, pattern)}
    if not found:
        near = difflib.get_close_matches(pattern, model_ids, n=3, cutoff=0.3)
        hint = f"Nearest are {', '.join(near)}." if near else "Give model ids, with * for any characters."
        raise UsageError(f"no model of the catalogue is called {pattern}. {hint}")
    return found


def _method(protocol: Protocol, name: str, methods: Mapping[tuple[str, str], Method]) -> Method:
    method = methods.get((protocol.family, name))
    if method is None:
        known = ", ".join(method for family, method in methods if family == protocol.family) or "none"
        raise UsageError(
            f"{protocol.protocol_id} names the method {name!r}, which does not exist; methods of "
            f"{protocol.family} are {known}. Install the package that has it, or mend the protocol."
        )
    return method


def _surrogate(model_id: str, settings: Mapping[str, Any]) -> str | None:
    """The first model that the settings name as the attacker's own and that is not the target."""
    return next((name for name in settings.get("surrogates", ()) if name != model_id), None)


def _obstacle(model: Row, protocol: Protocol, classes: Mapping[str, int | None]) -> str | None:
    dataset_id = model[MODELS.c.dataset_id]
    if not any(dataset_id in tier.datasets for tier in protocol.tiers.values()):
        return f"no tier of {protocol.protocol_id} covers {dataset_id}"
    if classes.get(dataset_id) is None:
        return f"the catalogue does not say how many classes {dataset_id} has"
    if model[MODELS.c.loader] is None:
        return "no loader yet"
    return None
