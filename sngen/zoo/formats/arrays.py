"""Tensors without torch: numbers in memory under the type names of safetensors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sngen.zoo.formats.refusal import Refused

#: Type name of safetensors -> the numpy type that holds its bits. NumPy has no bfloat16 of its own.
NUMPY_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|u1",
}  # fmt: skip
ITEM_BYTES = {name: np.dtype(numpy_type).itemsize for name, numpy_type in NUMPY_TYPES.items()}
_BY_NUMPY = {np.dtype(numpy_type).str: name for name, numpy_type in NUMPY_TYPES.items() if name != "BF16"}
_BY_NUMPY |= {"|b1": "BOOL", "|u1": "U8"}

MAX_DIMENSIONS = 8
MAX_TENSORS = 100_000
_BF16_EXPONENT = 0x7F80


@dataclass(frozen=True)
class Array:
    """``values`` hold the bits of a tensor of type ``kind`` (a type name of safetensors), in any strides."""

    kind: str
    values: np.ndarray[Any, Any]

    @property
    def bytes(self) -> int:
        return math.prod(self.values.shape) * ITEM_BYTES[self.kind]

    def words(self) -> str:
        return f"{self.kind} {list(self.values.shape)}"


def from_numpy(name: str, values: np.ndarray[Any, Any]) -> Array:
    """Numbers of any byte order. Raises ``Refused`` for what are no numbers of a known type."""
    little = values.dtype.newbyteorder("<")
    kind = _BY_NUMPY.get(little.str)
    if kind is None:
        raise Refused(f"{name} of type {values.dtype}", f"numbers ({', '.join(NUMPY_TYPES)})")
    return Array(kind, values.astype(little, copy=False).view(NUMPY_TYPES[kind]))


def all_finite(array: Array) -> bool:
    if array.kind == "BF16":
        return not bool((array.values & _BF16_EXPONENT == _BF16_EXPONENT).any())
    return array.kind not in ("F64", "F32", "F16") or bool(np.isfinite(array.values).all())


def check(tensors: Mapping[str, Array], max_bytes: int) -> None:
    """At least one tensor, names and shapes in bounds, finite values, at most ``max_bytes`` together."""
    if not 0 < len(tensors) <= MAX_TENSORS:
        raise Refused(f"{len(tensors)} tensors", f"between 1 and {MAX_TENSORS}")
    total = sum(array.bytes for array in tensors.values())
    if total > max_bytes:  # many names may share one storage
        raise Refused(f"{total} bytes of tensors", f"at most {max_bytes}")
    for name, array in tensors.items():
        if array.values.ndim > MAX_DIMENSIONS:
            raise Refused(f"{name} with {array.values.ndim} dimensions", f"at most {MAX_DIMENSIONS}")
        if array.kind == "BOOL" and array.values.size and array.values.max() > 1:
            raise Refused(f"{name} of truth values that are neither 0 nor 1", "0 or 1")
        if not all_finite(array):
            raise Refused(f"NaN or infinity in {name}", "finite values")
