"""Arrays of a MATLAB file of version 5, under the names of its variables, in MATLAB's shapes."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np
import scipy.io

from sngen.zoo.formats.arrays import Array, from_numpy
from sngen.zoo.formats.refusal import Refused

BEGINNINGS = (b"MATLAB 5.0",)
_matlab: Any = scipy.io  # takes streams too, which its type stubs leave out
_HEADER = "__"  # scipy's own entries: __header__, __version__, __globals__


def read(stream: BinaryIO, max_bytes: int, key: str | None) -> dict[str, Array]:
    if key is not None:
        raise Refused(f"the key {key!r} for a MATLAB file", "none, since its variables are not nested")
    content = stream.read()
    try:
        _check(io.BytesIO(content), max_bytes)
        variables = _matlab.loadmat(io.BytesIO(content))
    except (Refused, MemoryError):
        raise
    except Exception as error:  # the library raises many kinds on malformed input
        reason = f"{type(error).__name__}: {error}"[:200]
        raise Refused(f"a damaged MATLAB file ({reason})", "one of version 5") from error
    return {
        name: from_numpy(name, np.asarray(value))
        for name, value in variables.items()
        if not name.startswith(_HEADER)
    }


def _check(stream: BinaryIO, max_bytes: int) -> None:
    """From the variables' headers alone: arrays of numbers, no larger than allowed."""
    total = 0
    for name, shape, kind in _matlab.whosmat(stream):
        if kind not in _ITEM_BYTES:
            raise Refused(f"the variable {name} of class {kind}", f"arrays ({', '.join(_ITEM_BYTES)})")
        if any(size < 0 for size in shape):
            raise Refused(f"the variable {name} of shape {list(shape)}", "sizes that are not negative")
        size = _ITEM_BYTES[kind]
        for length in shape:
            size *= int(length)
        total += size
        if total > max_bytes:
            raise Refused(f"{total} bytes of arrays and more", f"at most {max_bytes}")


_ITEM_BYTES = {
    "double": 8, "single": 4, "int64": 8, "uint64": 8, "int32": 4, "uint32": 4, "int16": 2, "uint16": 2,
    "int8": 1, "uint8": 1, "logical": 1,
}  # fmt: skip


def warm_up() -> bytes:
    stream = io.BytesIO()
    _matlab.savemat(stream, {"w": np.zeros((1, 1), np.float32)}, do_compression=True)
    return stream.getvalue()
