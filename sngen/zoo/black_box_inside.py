"""The jailed side of a black box: load a graph once the walls are up, then answer batches until told to stop.

Requests on standard input: the number of images as 4 bytes, then their numbers, float32 N x C x H x W.
Replies on standard output: one line about the graph, then per request float32 N x classes.
"""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Any, BinaryIO, NoReturn

import numpy as np

from sngen.zoo import jail_walls
from sngen.zoo.formats.refusal import Refused

_DAY = 24 * 3600
#: Images that are run at once where that changes no number.
BATCH = 8
_SMALLEST = 1e-30
Images = np.ndarray[Any, Any]


def main() -> None:
    given = json.loads(sys.argv[1])
    jail_walls.alone()
    try:
        make = {"tflite": _tflite, "onnx": _onnx}[given["weights_format"]]()
    except ImportError as error:
        _end({"kind": "missing", "package": (error.name or str(error)).partition(".")[0]})
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    with os.fdopen(given["file"], "rb") as file:
        jail_walls.limits(given["memory_bytes"], _DAY, 2**20)
        jail_walls.locked()
        try:
            graph = make(file.read())
        except Refused as error:
            _end({"kind": "refused", "found": error.found, "expected": error.expected})
        except Exception as error:  # whatever the runtime finds wrong with it
            _end(
                {
                    "kind": "refused",
                    "found": f"what the runtime cannot load ({error!r})"[:500],
                    "expected": "a graph",
                }
            )
    batch = BATCH if _same_in_batches(graph) else 1
    ready = {"kind": "ready", "shape": graph.shape, "classes": graph.classes, "batch": batch}
    replies.write(json.dumps(ready).encode() + b"\n")
    replies.flush()
    _serve(graph, batch, requests, replies)


def _serve(graph: Any, batch: int, requests: BinaryIO, replies: BinaryIO) -> None:
    size = int(np.prod(graph.shape)) * 4
    while len(count := requests.read(4)) == 4:
        n = int.from_bytes(count, "little")
        images = np.frombuffer(requests.read(n * size), np.float32).reshape(n, *graph.shape)
        replies.write(_answers(graph, batch, images).astype("<f4").tobytes())
        replies.flush()
    os._exit(0)


def _answers(graph: Any, batch: int, images: Images) -> Images:
    """[n, classes]: whole batches at once, the rest one by one."""
    whole = len(images) - len(images) % batch
    parts = [graph.logits(images[start : start + batch]) for start in range(0, whole, batch)]
    return np.concatenate([*parts, *(graph.logits(image[None]) for image in images[whole:])])


def _same_in_batches(graph: Any) -> bool:
    """Whether the graph takes a batch and gives bit for bit what it gives for one image at a time, so that
    an answer does not depend on what else was asked; tried once, with images of its shape."""
    size = BATCH * int(np.prod(graph.shape))
    images = np.sin(np.arange(size, dtype=np.float32)).reshape(BATCH, *graph.shape)
    try:
        together = graph.logits(images) if graph.takes_batches() else None
    except Exception:  # a graph with one image's size written somewhere within it, in the runtime's words
        return False
    return together is not None and np.array_equal(together, _answers(graph, 1, images))


def _end(reply: dict[str, Any]) -> NoReturn:
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()
    os._exit(0)


def _as_logits(outputs: Images, softmax: bool, smallest: float) -> Images:
    """Of probabilities their logarithms, which softmax takes back to them; a zero is below ``smallest``."""
    return np.log(np.maximum(outputs, smallest)) if softmax else outputs


def _layout(shape: list[Any]) -> bool:
    """Whether a graph's input is N x H x W x C, not N x C x H x W."""
    if len(shape) != 4 or (shape[1] not in (1, 3) and shape[3] not in (1, 3)):
        raise Refused(
            f"an input of shape {shape}", "images, N x C x H x W or N x H x W x C, of 1 or 3 channels"
        )
    return shape[1] not in (1, 3)


def _tflite() -> Any:
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - one of two runtimes

    # The runtime asks for the processor's abilities at its first graph, by reading files; unless it can, it
    # runs sixty times slower.
    Interpreter(model_content=_smallest_tflite(), num_threads=1).allocate_tensors()

    class Graph:
        """TensorFlow Lite: quantised inputs and outputs are scaled as the file says."""

        def __init__(self, content: bytes) -> None:
            self.content = content
            self.one = Interpreter(model_content=content, num_threads=1)
            self.one.allocate_tensors()
            self.many: Any = None
            self.input = self.one.get_input_details()[0]
            self.output = self.one.get_output_details()[0]
            self.softmax = any(
                operation["op_name"] == "SOFTMAX" and self.output["index"] in operation["outputs"]
                for operation in self.one._get_ops_details()
            )
            _batch, *inner = (int(size) for size in self.input["shape"])
            self.last = _layout([1, *inner])
            self.shape = [inner[2], *inner[:2]] if self.last else inner
            self.classes = int(np.prod(self.output["shape"]))

        def takes_batches(self) -> bool:
            """In an interpreter of its own: one that cannot be resized is of no use afterwards."""
            self.many = Interpreter(model_content=self.content, num_threads=1)
            _batch, *inner = (int(size) for size in self.input["shape"])
            self.many.resize_tensor_input(self.input["index"], [BATCH, *inner])
            self.many.allocate_tensors()
            return True

        def logits(self, images: Images) -> Images:
            placed = images.transpose(0, 2, 3, 1) if self.last else images
            interpreter = self.many if len(images) > 1 else self.one
            interpreter.set_tensor(self.input["index"], _quantised(placed, self.input))
            interpreter.invoke()
            scale, zero = self.output["quantization"]
            outputs = interpreter.get_tensor(self.output["index"])
            if scale:
                outputs = (outputs.astype(np.float32) - zero) * scale
            logits = _as_logits(outputs, self.softmax, scale / 2 or _SMALLEST)
            return logits.reshape(len(images), self.classes)

    return Graph


def _smallest_tflite() -> bytes:
    """relu of four numbers."""
    import flatbuffers  # noqa: PLC0415 - comes with the runtime
    from ai_edge_litert import schema_py_generated as schema  # noqa: PLC0415

    tensors = [schema.TensorT(shape=[1, 4], name=name) for name in ("x", "y")]
    operator = schema.OperatorT(inputs=[0], outputs=[1])
    graph = schema.SubGraphT(tensors=tensors, inputs=[0], outputs=[1], operators=[operator])
    relu = schema.BuiltinOperator.RELU
    code = schema.OperatorCodeT(builtinCode=relu, deprecatedBuiltinCode=relu, version=1)
    model = schema.ModelT(version=3, subgraphs=[graph], operatorCodes=[code], buffers=[schema.BufferT()])
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _quantised(image: Images, details: dict[str, Any]) -> Images:
    scale, zero = details["quantization"]
    if not scale:
        return image.astype(details["dtype"])
    bounds = np.iinfo(details["dtype"])
    return np.clip(np.round(image / scale) + zero, bounds.min, bounds.max).astype(details["dtype"])


def _onnx() -> Any:
    import onnx  # noqa: PLC0415
    import onnxruntime  # noqa: PLC0415 - one of two runtimes

    from sngen.zoo.formats.onnx_graph import read, unpacked, warm_up  # noqa: PLC0415

    read(io.BytesIO(warm_up()), 2**20, None)

    class Graph:
        """ONNX; whatever the graph's own numbers are in another file was refused before."""

        def __init__(self, content: bytes) -> None:
            content = unpacked(io.BytesIO(content), 2**31)
            read(io.BytesIO(content), 2**31, None)
            self.softmax = onnx.load_model_from_string(content).graph.node[-1].op_type == "Softmax"
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            self.session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            self.input, self.output = self.session.get_inputs()[0], self.session.get_outputs()[0]
            self.batch, *inner = self.input.shape
            self.last = _layout([1, *inner])
            self.shape = [inner[2], *inner[:2]] if self.last else inner
            if not all(isinstance(size, int) for size in self.shape):
                raise Refused(f"an input of shape {self.input.shape}", "fixed sizes but for the batch")
            self.classes = int(self._outputs(np.zeros((1, *self.shape), np.float32)).size)

        def takes_batches(self) -> bool:
            return not isinstance(self.batch, int)  # a name, or nothing: any number

        def logits(self, images: Images) -> Images:
            logits = _as_logits(self._outputs(images), self.softmax, _SMALLEST)
            return logits.reshape(len(images), self.classes)

        def _outputs(self, images: Images) -> Images:
            placed = np.ascontiguousarray(images.transpose(0, 2, 3, 1)) if self.last else images
            return np.asarray(self.session.run([self.output.name], {self.input.name: placed})[0])

    return Graph
