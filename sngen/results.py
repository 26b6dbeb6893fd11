"""Result records: one JSON document per unit of work, in a store, published whole or not at all.

A unit is (model, evaluation). Its key is a hash of everything that decides the result. A record, once
published, is never changed; publishing the same key again compares, and a difference is an error.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sngen.canonical import canonical_json, content_hash
from sngen.errors import CheckFailed
from sngen.schema import METRICS
from sngen.store import Store, Stored, open_store, read_all

if TYPE_CHECKING:
    import numpy as np

SUFFIX = ".json"


@dataclass(frozen=True)
class ScoreEntry:
    """One number of a record. ``value`` and interval are in the metric's unit (``sngen.schema.METRICS``)."""

    setting: str
    metric: str
    value: float
    n: int
    ci_low: float | None = None
    ci_high: float | None = None
    ci_method: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class OutcomeEntry:
    """One bit per image. ``image_ids`` are positions in the publisher's order; ``bits`` is base64."""

    setting: str
    split: str
    meaning: str
    image_ids: tuple[int, ...]
    bits: str

    @classmethod
    def of(
        cls, setting: str, split: str, meaning: str, image_ids: np.ndarray, flags: np.ndarray
    ) -> OutcomeEntry:
        """From boolean ``flags`` [N] and integer ``image_ids`` [N], in the same order."""
        import numpy as np  # noqa: PLC0415 - a reader of scores alone does not need it

        if flags.shape != image_ids.shape or flags.ndim != 1:
            raise ValueError(f"outcomes: {flags.shape} flags for {image_ids.shape} image ids")
        packed = base64.b64encode(np.packbits(flags.astype(bool)).tobytes()).decode()
        return cls(setting, split, meaning, tuple(int(i) for i in image_ids), packed)

    def flags(self) -> np.ndarray:
        """The bits as a boolean array [N]."""
        import numpy as np  # noqa: PLC0415

        packed = np.frombuffer(base64.b64decode(self.bits), dtype=np.uint8)
        return np.unpackbits(packed, count=len(self.image_ids)).astype(bool)


@dataclass(frozen=True)
class ArrayEntry:
    """A small array of number pairs behind a record's scores: a ROC curve, a distance per image."""

    setting: str
    name: str
    x_meaning: str
    y_meaning: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class PictureEntry:
    """A small picture behind a record's scores, such as a recovered trigger. ``pixels`` is base64 of its
    bytes, channel by channel, row by row."""

    setting: str
    name: str
    meaning: str
    height: int
    width: int
    channels: int
    pixels: str

    @classmethod
    def of(cls, setting: str, name: str, meaning: str, pixels: np.ndarray) -> PictureEntry:
        """From uint8 [C, H, W], C being 1 (grey) or 3 (red, green, blue)."""
        if pixels.dtype != "uint8" or pixels.ndim != 3 or pixels.shape[0] not in (1, 3):
            raise ValueError(
                f"picture {name}: {pixels.dtype} {list(pixels.shape)}, expected uint8 [1 or 3, H, W]"
            )
        channels, height, width = pixels.shape
        packed = base64.b64encode(pixels.tobytes()).decode()
        return cls(setting, name, meaning, height, width, channels, packed)

    def array(self) -> np.ndarray:
        """Its pixels, uint8 [C, H, W]."""
        import numpy as np  # noqa: PLC0415

        flat = np.frombuffer(base64.b64decode(self.pixels), dtype=np.uint8)
        return flat.reshape(self.channels, self.height, self.width)


@dataclass(frozen=True)
class Record:
    """Everything that is kept of one unit. ``key`` holds the inputs whose hash is ``record_id``."""

    model_id: str
    dataset_id: str
    family: str
    protocol: str
    tier: str
    method: str
    method_version: int
    key: dict[str, Any]
    arguments: dict[str, Any]
    scores: tuple[ScoreEntry, ...]
    outcomes: tuple[OutcomeEntry, ...]
    provenance: dict[str, Any] = field(default_factory=dict)
    arrays: tuple[ArrayEntry, ...] = ()
    pictures: tuple[PictureEntry, ...] = ()

    @property
    def record_id(self) -> str:
        return content_hash(self.key)

    def to_bytes(self) -> bytes:
        """Indented JSON that carries its own hash."""
        body = dict(vars(self))  # shallow: records hold hundreds of thousands of numbers
        for part in ("scores", "outcomes", "arrays", "pictures"):
            body[part] = [dict(vars(entry)) for entry in body[part]]
        for name in ("arrays", "pictures"):
            if not body[name]:
                del body[name]  # so that a record without any keeps the bytes it always had
        for outcome in body["outcomes"]:
            outcome["image_ids"] = _as_ranges(outcome["image_ids"])
        body["integrity"] = content_hash(body)
        return (
            json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        )

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> Record:
        """Parse and verify. Raises ``CheckFailed`` naming ``where`` if the content is not as written."""
        try:
            body = json.loads(data)
            integrity = body.pop("integrity")
            if content_hash(body) != integrity:
                raise ValueError("its content does not match its integrity hash")
            body["scores"] = tuple(ScoreEntry(**{**s, "flags": tuple(s["flags"])}) for s in body["scores"])
            body["outcomes"] = tuple(
                OutcomeEntry(**{**o, "image_ids": _from_ranges(o["image_ids"])}) for o in body["outcomes"]
            )
            body["arrays"] = tuple(
                ArrayEntry(**{**a, "x": tuple(a["x"]), "y": tuple(a["y"])}) for a in body.get("arrays", ())
            )
            body["pictures"] = tuple(PictureEntry(**p) for p in body.get("pictures", ()))
            return cls(**body)
        except (ValueError, KeyError, TypeError) as error:
            raise CheckFailed(
                f"{where}: not a valid result record ({error}). Delete the file and run the unit again."
            ) from error

    def same_result(self, other: Record) -> bool:
        """Equal outcomes and equal values of every metric that repeats exactly."""
        return self._repeatable() == other._repeatable()

    def _repeatable(self) -> bytes:
        scores = [asdict(s) for s in self.scores if METRICS[s.metric].repeats == "exactly"]
        evidence = (self.outcomes, self.arrays, self.pictures)
        parts = [scores, *([asdict(entry) for entry in part] for part in evidence)]
        return canonical_json(parts)


def _as_ranges(ids: tuple[int, ...]) -> list[list[int]]:
    """Consecutive ids as [first, count], so that 10,000 ids in order take one pair."""
    ranges: list[list[int]] = []
    for image_id in ids:
        if ranges and image_id == ranges[-1][0] + ranges[-1][1]:
            ranges[-1][1] += 1
        else:
            ranges.append([image_id, 1])
    return ranges


def _from_ranges(ranges: list[list[int]]) -> tuple[int, ...]:
    return tuple(chain.from_iterable(range(first, first + count) for first, count in ranges))


class ReproducibilityFailure(CheckFailed):
    """A unit that was already published came out differently."""


def record_name(record: Record) -> str:
    """The record's name in a store."""
    return unit_name(record.protocol, record.model_id, record.method, record.record_id)


def unit_name(protocol: str, model_id: str, method: str, record_id: str) -> str:
    """The name that the record of a unit has, or will have, in a store."""
    return f"{protocol.replace('/', '-')}/{model_id}/{method}-{record_id[:16]}{SUFFIX}"


def is_record(name: str) -> bool:
    """Whether a name in a store is that of a record. Those that begin with a dot are the engine's own."""
    return name.endswith(SUFFIX) and not name.startswith(".")


class ResultStore:
    """The records of a store, each verified when it is read. ``store``: an open one, or its address."""

    def __init__(self, store: Store | Path | str) -> None:
        self.store = open_store(store) if isinstance(store, (Path, str)) else store

    def read(self, name: str) -> Record:
        """Raises ``CheckFailed`` for what is no record, or another one's."""
        return self._verified(name, self.store.read(name))

    def __iter__(self) -> Iterator[Record]:
        """All records, in the order of their names."""
        names = [name for name in self.store.names() if is_record(name)]
        for name, stored in read_all(self.store, names):
            yield self._verified(name, stored)

    def intact(self) -> Iterator[Record]:
        """As ``__iter__``, without what is damaged: for estimates, which need not have everything."""
        names = [name for name in self.store.names() if is_record(name)]
        for name, stored in read_all(self.store, names):
            with suppress(CheckFailed):
                yield self._verified(name, stored)

    def _verified(self, name: str, stored: Stored | None) -> Record:
        where = self.store.where(name)
        if stored is None:
            raise CheckFailed(f"{where}: is not there any more. Run the unit again.")
        record = Record.from_bytes(stored.content, where)
        if record_name(record) != name:
            raise CheckFailed(f"{where}: holds the record of {record_name(record)}. Restore the file name.")
        return record
