"""Units with their keys: everything that decides a result, hashed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evaluations.engine.inputs import Inputs
from evaluations.engine.work import LeftOut, Row, Selection, Work, is_trained_here
from evaluations.protocol import DataRole
from sngen.canonical import content_hash
from sngen.errors import SecurityNetError, UsageError
from sngen.results import unit_name
from sngen.schema import MODELS, SCORES

#: What else decides how a network is read and fed, for the models of which it is known.
_SOMETIMES = (MODELS.c.weights_key, MODELS.c.weights_prefix, MODELS.c.interpolation, MODELS.c.crop_fraction)


@dataclass(frozen=True)
class Unit:
    """Work whose weights and pixels are known. ``fingerprints`` are those of the images, by role."""

    work: Work
    weights_sha256: str
    fingerprints: Mapping[str, str]
    surrogate_sha256: str | None = None

    @property
    def key(self) -> dict[str, Any]:
        """What decides the result: other content means another unit. Its hash is the record's id."""
        work = self.work
        surrogate = {} if work.surrogate is None else {"surrogate": self._model(work.surrogate)}
        facts = {"facts": {name: work.model[name] for name in work.facts}} if work.facts else {}
        return {
            **self._model(work.model),
            **surrogate,
            **facts,
            "images": dict(self.fingerprints),
            SCORES.c.protocol: work.protocol.protocol_id,
            SCORES.c.tier: work.tier,
            "data": {role: _as_key(data) for role, data in work.data.items()},
            SCORES.c.seed: work.protocol.seed,
            SCORES.c.method: work.method,
            SCORES.c.method_version: work.method_version,
            "settings": dict(work.settings),
        }

    def _model(self, model: Row) -> dict[str, Any]:
        """A model's name, weights and network."""
        c = MODELS.c
        is_target = model is self.work.model
        return {
            c.model_id: model[c.model_id],
            c.weights_sha256: self.weights_sha256 if is_target else self.surrogate_sha256,
            "network": {
                c.loader: model[c.loader],
                c.mean: model[c.mean],
                c.std: model[c.std],
                "num_classes": self.work.num_classes,
                **{name: model[name] for name in _SOMETIMES if model[name] is not None},
            },
        }

    @cached_property
    def record_id(self) -> str:
        return content_hash(self.key)

    @property
    def record_name(self) -> str:
        """The name that its record has, or will have, in a store."""
        work = self.work
        return unit_name(work.protocol.protocol_id, work.model_id, work.method, self.record_id)

    @property
    def data_fingerprint(self) -> str:
        """One hash over the fingerprints of all roles."""
        return content_hash(dict(self.fingerprints))


def _as_key(data: DataRole) -> dict[str, Any]:
    """Without what is not asked for: a record keeps its key when a role learns to say more."""
    said = {"split": data.split, "first": data.first}
    return said | {name: value for name in ("skip", "dataset") if (value := getattr(data, name))}


@dataclass(frozen=True)
class Plan:
    """``unprepared``: work on models whose weights have to be trained before its key is known."""

    units: tuple[Unit, ...]
    unprepared: tuple[Work, ...]
    left_out: tuple[LeftOut, ...]


def make_plan(selection: Selection, inputs: Inputs) -> Plan:
    """Keys of all selected work. Reads each distinct set of images once; trains and fetches nothing.

    Work whose images cannot be read, or whose weights nobody knows before they are fetched, is left out with
    that reason.
    """
    fingerprints = Fingerprints(inputs)
    weights = Weights(inputs)
    units: list[Unit] = []
    unprepared: list[Work] = []
    left_out = dict.fromkeys(selection.left_out)
    for work in selection.works:
        try:
            known = [weights.of(model) for model in work.models]
            if known[0] is None or None in known:
                unprepared.append(work)
                continue
            units.append(Unit(work, known[0], fingerprints.of(work), *known[1:]))
        except SecurityNetError as error:
            left_out[LeftOut(work.model_id, str(error))] = None
    return Plan(tuple(units), tuple(unprepared), tuple(left_out))


def to_prepare(works: Sequence[Work], inputs: Inputs) -> list[Row]:
    """Models among ``works`` whose weights have to be trained first, each once."""
    models = {model[MODELS.c.model_id]: model for work in works for model in work.models}
    return [
        model for model in models.values() if is_trained_here(model) and inputs.known_weights(model) is None
    ]


class Weights:
    """SHA-256 of models' weights; each is looked up once, and so is each failure."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._known: dict[str, str | SecurityNetError | None] = {}

    def of(self, model: Row) -> str | None:
        """None where they have to be trained first. Raises ``UsageError`` where they have to be fetched, and
        the ``CheckFailed`` of a damaged file."""
        model_id = model[MODELS.c.model_id]
        if model_id not in self._known:
            try:
                self._known[model_id] = self._inputs.known_weights(model)
            except SecurityNetError as error:
                self._known[model_id] = error
        known = self._known[model_id]
        if isinstance(known, SecurityNetError):
            raise known
        if known is None and not is_trained_here(model):
            raise UsageError(
                "the catalogue has no SHA-256 of its weights, and they were not fetched: sngen fetch ID"
            )
        return known


class Fingerprints:
    """Fingerprints of images; each distinct set is read and hashed once, and so is each failure."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._known: dict[Hashable, str | SecurityNetError] = {}

    def of(self, work: Work) -> dict[str, str]:
        """Fingerprint by role. Raises the ``SecurityNetError`` of the images that cannot be read."""
        return {role: self._one(work.model, data) for role, data in work.data.items()}

    def _one(self, model: Row, data: DataRole) -> str:
        name = self._inputs.images_name(model, data)
        if name not in self._known:
            try:
                self._known[name] = self._inputs.images(model, data).fingerprint
            except SecurityNetError as error:
                self._known[name] = error
        known = self._known[name]
        if isinstance(known, SecurityNetError):
            raise known
        return known
