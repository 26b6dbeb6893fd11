"""Units with their keys: everything that decides a result, hashed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evaluations.engine.inputs import Inputs
from evaluations.engine.work import LeftOut, Row, Selection, Work
from evaluations.protocol import DataRole
from sngen.canonical import content_hash
from sngen.errors import SecurityNetError
from sngen.schema import MODELS, SCORES

#: What else decides how a network is read and fed, for the models of which it is known.
_SOMETIMES = (MODELS.c.weights_key, MODELS.c.weights_prefix, MODELS.c.interpolation, MODELS.c.crop_fraction)


@dataclass(frozen=True)
class Unit:
    """Work whose weights and pixels are known. ``fingerprints`` are those of the images, by role."""

    work: Work
    weights_sha256: str
    fingerprints: Mapping[str, str]

    @property
    def key(self) -> dict[str, Any]:
        """What decides the result: other content means another unit. Its hash is the record's id."""
        work, model, c = self.work, self.work.model, MODELS.c
        return {
            c.model_id: work.model_id,
            c.weights_sha256: self.weights_sha256,
            "network": {
                c.loader: model[c.loader],
                c.mean: model[c.mean],
                c.std: model[c.std],
                "num_classes": work.num_classes,
                **{name: model[name] for name in _SOMETIMES if model[name] is not None},
            },
            "images": dict(self.fingerprints),
            SCORES.c.protocol: work.protocol.protocol_id,
            SCORES.c.tier: work.tier,
            "data": {role: asdict(data) for role, data in work.data.items()},
            SCORES.c.seed: work.protocol.seed,
            SCORES.c.method: work.method,
            SCORES.c.method_version: work.method_version,
            "settings": dict(work.settings),
        }

    @property
    def record_id(self) -> str:
        return content_hash(self.key)

    @property
    def data_fingerprint(self) -> str:
        """One hash over the fingerprints of all roles."""
        return content_hash(dict(self.fingerprints))


@dataclass(frozen=True)
class Plan:
    """``unprepared``: work on models whose weights have to be trained before its key is known."""

    units: tuple[Unit, ...]
    unprepared: tuple[Work, ...]
    left_out: tuple[LeftOut, ...]


def make_plan(selection: Selection, inputs: Inputs) -> Plan:
    """Keys of all selected work. Reads each distinct set of images once and trains nothing.

    Work whose images cannot be read is left out with that reason.
    """
    fingerprints = Fingerprints(inputs)
    units: list[Unit] = []
    unprepared: list[Work] = []
    left_out = list(selection.left_out)
    weights = {work.model_id: inputs.known_weights(work.model) for work in selection.works}
    for work in selection.works:
        sha256 = weights[work.model_id]
        if sha256 is None:
            unprepared.append(work)
            continue
        try:
            units.append(Unit(work, sha256, fingerprints.of(work)))
        except SecurityNetError as error:
            left_out.append(LeftOut(work.model_id, str(error)))
    return Plan(tuple(units), tuple(unprepared), tuple(left_out))


def to_prepare(works: Sequence[Work], inputs: Inputs) -> list[Row]:
    """Models among ``works`` whose weights have to be trained first, each once."""
    models = {work.model_id: work.model for work in works}
    return [model for model in models.values() if inputs.known_weights(model) is None]


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
