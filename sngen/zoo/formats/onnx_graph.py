"""The tensors of an ONNX graph, plain or gzipped: initialisers by name, constants by their output's name.

A network that is rebuilt from them needs the graph's operators too; those are an architecture of the zoo.
"""

from __future__ import annotations

import gzip
import io
import math
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import onnx
from onnx import TensorProto, numpy_helper

from sngen.zoo.formats.arrays import Array, from_numpy
from sngen.zoo.formats.refusal import Refused

_CHUNK = 2**20
GZIP = b"\x1f\x8b"
# No magic number: a protocol buffer begins with its first field, usually the version.
BEGINNINGS = (b"\x08", b"\x0a", b"\x12", b"\x1a", b"\x3a", b"\x42", GZIP)
_ITEM_BYTES: dict[int, int] = {
    TensorProto.FLOAT: 4, TensorProto.DOUBLE: 8, TensorProto.FLOAT16: 2, TensorProto.INT64: 8,
    TensorProto.INT32: 4, TensorProto.INT16: 2, TensorProto.INT8: 1, TensorProto.UINT64: 8,
    TensorProto.UINT32: 4, TensorProto.UINT16: 2, TensorProto.UINT8: 1, TensorProto.BOOL: 1,
}  # fmt: skip


def read(stream: BinaryIO, max_bytes: int, key: str | None) -> dict[str, Array]:
    if key is not None:
        raise Refused(f"the key {key!r} for an ONNX graph", "none, since its names are not nested")
    content = unpacked(stream, max_bytes)
    try:
        graph = onnx.load_model_from_string(content).graph
    except Exception as error:  # protobuf raises its own kinds
        raise Refused(f"what is no ONNX graph ({str(error)[:200]})", "an ONNX model") from error
    tensors: dict[str, TensorProto] = {}
    for name, tensor in [*((tensor.name, tensor) for tensor in graph.initializer), *_constants(graph)]:
        if name in tensors:
            raise Refused(f"two tensors of the name {name[:80]}", "one of each name")
        tensors[name] = tensor
    return {name: _array(name, tensor, max_bytes) for name, tensor in tensors.items()}


def unpacked(stream: BinaryIO, max_bytes: int) -> bytes:
    """The graph's bytes. Gzip is undone up to ``max_bytes``."""
    beginning = stream.read(len(GZIP))
    stream.seek(0)
    if beginning != GZIP:
        return stream.read()
    try:
        with gzip.GzipFile(fileobj=stream) as file:
            content = b"".join(_up_to(file, max_bytes))
    except (OSError, EOFError, zlib.error) as error:
        raise Refused(f"a damaged gzip file ({error})", "a gzipped ONNX graph") from error
    return content


def _up_to(file: gzip.GzipFile, max_bytes: int) -> Iterator[bytes]:
    total = 0
    while chunk := file.read(_CHUNK):
        total += len(chunk)
        if total > max_bytes:
            raise Refused(f"a gzip file that unpacks to more than {max_bytes} bytes", f"at most {max_bytes}")
        yield chunk


def _constants(graph: Any) -> list[tuple[str, TensorProto]]:
    return [
        (node.output[0], attribute.t)
        for node in graph.node
        if node.op_type == "Constant" and node.output
        for attribute in node.attribute
        if attribute.name == "value" and attribute.HasField("t")
    ]


def _array(name: str, tensor: TensorProto, max_bytes: int) -> Array:
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        raise Refused(f"{name} whose numbers are in another file", "numbers within the file")
    if tensor.data_type not in _ITEM_BYTES:
        raise Refused(f"{name} of ONNX type {tensor.data_type}", "numbers")
    size = math.prod(tensor.dims) * _ITEM_BYTES[tensor.data_type]
    if any(length < 0 for length in tensor.dims) or size > max_bytes:
        raise Refused(f"{name} of shape {list(tensor.dims)}, {size} bytes", f"at most {max_bytes}")
    try:
        return from_numpy(name, numpy_helper.to_array(tensor))
    except (ValueError, TypeError) as error:
        raise Refused(
            f"{name} of shape {list(tensor.dims)} with other numbers ({str(error)[:200]})",
            "as many numbers as the shape says",
        ) from error


def warm_up() -> bytes:
    tensor = numpy_helper.from_array(numpy_helper.np.zeros(1, "f4"), "w")
    graph = onnx.helper.make_graph([], "warm-up", [], [], initializer=[tensor])
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb") as file:
        file.write(onnx.helper.make_model(graph).SerializeToString())
    return stream.getvalue()
