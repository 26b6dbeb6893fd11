"""NumPy arrays: the members of an ``.npz`` archive under their names, or the one array of an ``.npy`` file.

Object arrays, which are pickles, are refused.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from typing import Any, BinaryIO

import numpy as np

from sngen.zoo.formats.arrays import MAX_TENSORS, Array, from_numpy
from sngen.zoo.formats.refusal import Refused

BEGINNINGS = (b"PK\x03\x04",)
_SUFFIX = ".npy"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MAGIC = b"\x93NUMPY"
_HEADER = re.compile(
    rb"\{'descr': '([<>|=]?[A-Za-z]\d{0,2})', 'fortran_order': (True|False), 'shape': \(([\d, ]*)\),? *\}\s*"
)
_SIZE = re.compile(r"\d+")


def read(stream: BinaryIO, max_bytes: int, key: str | None) -> dict[str, Array]:
    if key is not None:
        raise Refused(f"the key {key!r} for an npz archive", "none, since its names are not nested")
    try:
        with zipfile.ZipFile(stream) as archive:
            members = _members(archive.infolist(), max_bytes)
            return {name: _array(name, archive, info) for name, info in members.items()}
    except (Refused, MemoryError):
        raise
    except Exception as error:  # zipfile and numpy raise many kinds on malformed input
        reason = f"{type(error).__name__}: {error}"[:200]
        raise Refused(f"a damaged npz archive ({reason})", "one written by numpy.savez") from error


def _members(infos: list[zipfile.ZipInfo], max_bytes: int) -> dict[str, zipfile.ZipInfo]:
    members = {info.filename.removesuffix(_SUFFIX): info for info in infos}
    if len(infos) > MAX_TENSORS or len(members) < len(infos):
        raise Refused(f"{len(infos)} members, {len(members)} with different names", "each name once")
    for info in infos:
        if not info.filename.endswith(_SUFFIX) or info.compress_type not in _METHODS:
            raise Refused(f"the member {info.filename[:80]}", "arrays (.npy), stored or deflated")
    total = sum(info.file_size for info in infos)
    if total > max_bytes:
        raise Refused(f"members that unpack to {total} bytes", f"at most {max_bytes}")
    return members


def _array(name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    content = archive.read(info)
    kind, column_order, shape, start = _header(name, content)
    numbers = content[start:]
    if len(numbers) != math.prod(shape) * kind.itemsize:
        raise Refused(f"{name} of shape {list(shape)} in {len(numbers)} bytes", "as many as the shape says")
    return from_numpy(name, np.frombuffer(numbers, kind).reshape(shape, order="F" if column_order else "C"))


def _header(name: str, content: bytes) -> tuple[np.dtype[Any], bool, tuple[int, ...], int]:
    """Type, column order, shape, and where the numbers begin. The header is matched, never evaluated."""
    length_bytes = 2 if content[6:7] == b"\x01" else 4
    start = 8 + length_bytes + int.from_bytes(content[8 : 8 + length_bytes], "little")
    match = _HEADER.fullmatch(content[8 + length_bytes : start]) if content.startswith(_MAGIC) else None
    if match is None:
        raise Refused(
            f"{name} that is no NumPy array of numbers", "a header with descr, fortran_order and shape"
        )
    descr, column_order, shape = (group.decode() for group in match.groups())
    kind = np.dtype(descr)
    if kind.hasobject:
        raise Refused(f"{name} as an array of objects, which is a pickle", "numbers")
    return kind, column_order == "True", tuple(int(size) for size in _SIZE.findall(shape)), start


def warm_up() -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, w=np.zeros(1, np.float32))
    return stream.getvalue()
