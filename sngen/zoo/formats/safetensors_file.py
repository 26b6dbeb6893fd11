"""The safetensors format: 8 bytes of header length, a JSON header, then the numbers.

Written after the description at https://huggingface.co/docs/safetensors. The header is checked completely
before a number is looked at: names once each, known types, and ranges that follow one another without gap
or overlap and end where the file ends, each as long as its type and shape say.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from sngen.zoo.formats.arrays import ITEM_BYTES, MAX_DIMENSIONS, MAX_TENSORS, NUMPY_TYPES, Array
from sngen.zoo.formats.refusal import Refused

BEGINNINGS: tuple[bytes, ...] = ()
MAX_HEADER = 32 * 2**20
METADATA = "__metadata__"
_FIELDS = {"dtype", "shape", "data_offsets"}
_ALIGNMENT = 8
_CHUNK = 2**24


@dataclass(frozen=True)
class Entry:
    """One tensor of a header; ``start`` and ``end`` count from the beginning of the file."""

    kind: str
    shape: tuple[int, ...]
    start: int
    end: int


def read(stream: BinaryIO, max_bytes: int, key: str | None) -> dict[str, Array]:
    if key is not None:
        raise Refused(f"the key {key!r} for a safetensors file", "none, since its names are not nested")
    return {name: read_entry(stream, entry) for name, entry in read_header(stream).items()}


def read_entry(stream: BinaryIO, entry: Entry) -> Array:
    stream.seek(entry.start)
    values = np.frombuffer(stream.read(entry.end - entry.start), NUMPY_TYPES[entry.kind])
    return Array(entry.kind, values.reshape(entry.shape))


def read_header(stream: BinaryIO) -> dict[str, Entry]:
    """Name -> where its numbers are. Raises ``Refused`` for a header that is not exactly right."""
    file_bytes = stream.seek(0, 2)
    stream.seek(0)
    length = int.from_bytes(stream.read(8), "little")
    if file_bytes < 8 or length > min(MAX_HEADER, file_bytes - 8):
        raise Refused(
            f"a header of {length} bytes in a file of {file_bytes}",
            f"a safetensors header of at most {MAX_HEADER} bytes within the file",
        )
    entries = {name: _entry(name, value, 8 + length) for name, value in _parse(stream.read(length)).items()}
    if len(entries) > MAX_TENSORS:
        raise Refused(f"{len(entries)} tensors", f"at most {MAX_TENSORS}")
    position = 8 + length
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].end)):
        if entry.start != position:
            raise Refused(
                f"{name} at byte {entry.start} of the file", f"at byte {position}, where the last ends"
            )
        position = entry.end
    if position != file_bytes:
        raise Refused(f"a file of {file_bytes} bytes", f"the {position} bytes that its header describes")
    return entries


def _parse(content: bytes) -> dict[str, Any]:
    try:
        header = json.loads(content, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise Refused(f"a header that is not JSON ({error})", "a safetensors header") from error
    if not isinstance(header, dict):
        raise Refused(f"a header that is a {type(header).__name__}", "names and where their numbers are")
    header.pop(METADATA, None)
    return header


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(f"{twice!r} twice in a header", "every name once")
    return found


def _entry(name: str, value: Any, offset: int) -> Entry:
    if not isinstance(value, dict) or set(value) != _FIELDS:
        raise Refused(f"{name} described as {_short(value)}", "dtype, shape and data_offsets")
    kind, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(kind, str) or kind not in NUMPY_TYPES:
        raise Refused(f"{name} of type {_short(kind)}", f"one of {', '.join(NUMPY_TYPES)}")
    if not _sizes(shape) or len(shape) > MAX_DIMENSIONS or not _sizes(offsets) or len(offsets) != 2:
        raise Refused(
            f"{name} of shape {_short(shape)} at {_short(offsets)}",
            f"at most {MAX_DIMENSIONS} sizes and two offsets, none negative",
        )
    start, end = offsets
    if end - start != math.prod(shape) * ITEM_BYTES[kind]:
        raise Refused(
            f"{name} of shape {_short(shape)} and type {kind} in {end - start} bytes",
            f"{_short(math.prod(shape) * ITEM_BYTES[kind])} bytes",
        )
    return Entry(kind, tuple(shape), offset + start, offset + end)


def _sizes(value: Any) -> bool:
    # bool is an int in Python; a size of true is not a size. Above 2**63 no size can be meant.
    return isinstance(value, list) and all(type(size) is int and 0 <= size < 2**63 for size in value)


def _short(value: Any) -> str:
    return repr(value)[:80]


def write(stream: BinaryIO, tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Contiguous numbers, widest type first so that each begins at a multiple of its size."""
    order = sorted(tensors, key=lambda name: -ITEM_BYTES[tensors[name].kind])
    header: dict[str, Any] = {METADATA: dict(metadata)} if metadata else {}
    position = 0
    for name in order:
        array = tensors[name]
        offsets = [position, position + array.bytes]
        header[name] = {"dtype": array.kind, "shape": list(array.values.shape), "data_offsets": offsets}
        position += array.bytes
    content = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    content += b" " * (-len(content) % _ALIGNMENT)
    stream.write(len(content).to_bytes(8, "little") + content)
    for name in order:
        flat = np.ascontiguousarray(tensors[name].values).reshape(-1).view(np.uint8)
        for start in range(0, len(flat), _CHUNK):
            stream.write(flat[start : start + _CHUNK].data)


def warm_up() -> bytes:
    stream = io.BytesIO()
    write(stream, {"w": Array("F32", np.zeros(1, np.float32))}, {})
    return stream.getvalue()
