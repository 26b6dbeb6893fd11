"""The append-only result store: one JSON file per unit of work, published whole or not at all.

A unit is (model, evaluation). Its key is a hash of everything that decides the result. A record, once
published, is never changed; publishing the same key again compares, and a difference is an error.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sngen.canonical import canonical_json, content_hash
from sngen.errors import CheckFailed
from sngen.schema import METRICS
from sngen.whole_files import write_beside

if TYPE_CHECKING:
    import numpy as np


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


class ResultStore:
    """A folder of records. Safe to share between processes: a record appears whole, and only once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, protocol: str, model_id: str, method: str, record_id: str) -> Path:
        return self.folder / protocol.replace("/", "-") / model_id / f"{method}-{record_id[:16]}.json"

    def path_of(self, record: Record) -> Path:
        return self.path(record.protocol, record.model_id, record.method, record.record_id)

    def publish(self, record: Record) -> bool:
        """Write the record. Returns False if an equal one is already there.

        Raises ``ReproducibilityFailure`` if one with another result is there; that one stays as it is.
        """
        path = self.path_of(record)
        temporary = write_beside(path, record.to_bytes())
        try:
            os.link(temporary, path)  # fails if the name exists: create-if-absent
            return True
        except FileExistsError:
            if not record.same_result(self.read(path)):
                raise ReproducibilityFailure(
                    f"{path}: this unit was measured again and came out differently; the first record stays. "
                    f"Compare the two with 'python -m evaluations reproduce'."
                ) from None
            return False
        finally:
            temporary.unlink(missing_ok=True)

    def read(self, path: Path) -> Record:
        record = Record.from_bytes(path.read_bytes(), str(path))
        if self.path_of(record) != path:
            raise CheckFailed(
                f"{path}: holds the record of {self.path_of(record).name}. Restore the file name."
            )
        return record

    def __iter__(self) -> Iterator[Record]:
        """All records, in the order of their paths."""
        for path in sorted(self.folder.glob("*/**/*.json")):
            yield self.read(path)
