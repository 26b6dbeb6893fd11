"""What units make for each other, such as trained reference models, by everything that decides it.

A product lies in the cache, in the folder of its kind. Where machines share a stock, the first that makes a
product decides what it is for all: trained on another processor, its last bits would be others, and so would
be the results of the units that rest on it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sngen.settings import Settings
from sngen.whole_files import write_files
from sngen.zoo.cache import blob_path, local_blob
from sngen.zoo.stock import give_blob, stock_of

FOLDER = ".products"


def find_product(place: Path, settings: Settings) -> bytes | None:
    """The content; None where nobody has made it. ``place``: where the cache has it."""
    local = place.read_bytes() if place.is_file() else None
    stock = stock_of(settings)
    if stock is None:
        return local
    stored = stock.read(_name(place))
    if stored is None:
        return None if local is None else keep_product(place, local, settings)
    if stored.content != local:
        write_files({place: stored.content})
    return stored.content


def keep_product(place: Path, content: bytes, settings: Settings) -> bytes:
    """Keep what was made; gives the content that counts, which is another's where that was first."""
    stock = stock_of(settings)
    if stock is not None and not stock.create(_name(place), content):
        first = stock.read(_name(place))
        content = content if first is None else first.content
    write_files({place: content})
    return content


def find_weights(note: Path, settings: Settings) -> str | None:
    """SHA-256 of the weights that a note in the cache names; None where they are not there, or not noted."""
    if settings.stock is not None and note.is_file():
        _give_weights(note, settings)
    content = find_product(note, settings)
    if content is None:
        return None
    sha256: str = json.loads(content)["sha256"]
    return sha256 if local_blob(sha256, settings) is not None else None


def keep_weights(note: Path, weights: bytes, said: Mapping[str, Any], settings: Settings) -> str:
    """Keep weights, and a note that says how they came about; gives the SHA-256 that counts."""
    sha256 = hashlib.sha256(weights).hexdigest()
    place = blob_path(sha256, settings)
    write_files({place: weights})
    give_blob(place, sha256, settings)
    content = json.dumps({"sha256": sha256, **said}, indent=1, sort_keys=True).encode() + b"\n"
    counts: str = json.loads(keep_product(note, content, settings))["sha256"]
    return counts


def _give_weights(note: Path, settings: Settings) -> None:
    """What was made before there was a stock. A note must not name what is not there: the weights first."""
    sha256 = json.loads(note.read_bytes())["sha256"]
    place = blob_path(sha256, settings)
    if place.is_file():
        give_blob(place, sha256, settings)


def _name(place: Path) -> str:
    return f"{FOLDER}/{place.parent.name}/{place.name}"
