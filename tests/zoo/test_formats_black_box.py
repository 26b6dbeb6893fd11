"""Graphs that only their own file can run, behind the walls of the jail."""

from __future__ import annotations

import csv
import hashlib
import signal
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema
from onnx import helper, numpy_helper

from sngen.errors import CheckFailed, UsageError
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.black_box import BlackBox, black_box
from sngen.zoo.black_box_inside import BATCH, _smallest_tflite
from sngen.zoo.formats.refusal import CheckpointRefused

WEIGHT = np.random.default_rng(1).normal(size=(5, 48)).astype(np.float32)


def _onnx(shape: list[Any], softmax: bool) -> bytes:
    """softmax(W flatten(x)) or W flatten(x)."""
    nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("MatMul", ["f", "w"], ["logits"])]
    nodes += [helper.make_node("Softmax", ["logits"], ["p"], axis=1)] if softmax else []
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", 1, shape)],
        [helper.make_tensor_value_info("p" if softmax else "logits", 1, [shape[0], 5])],
        [numpy_helper.from_array(WEIGHT.T.copy(), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    return bytes(model.SerializeToString())


def _stored(tmp_path: Path, content: bytes) -> tuple[str, Settings]:
    settings = Settings(data=tmp_path / "data", cache=tmp_path / "cache")
    sha256 = hashlib.sha256(content).hexdigest()
    (settings.cache / "blobs").mkdir(parents=True, exist_ok=True)
    (settings.cache / "blobs" / sha256).write_bytes(content)
    return sha256, settings


def _box(tmp_path: Path, content: bytes, weights_format: str = "onnx", classes: int = 5) -> BlackBox:
    sha256, settings = _stored(tmp_path, content)
    row = MODELS.row(model_id="a/b", weights_sha256=sha256, weights_format=weights_format)
    return black_box(row, settings, classes)


@pytest.mark.parametrize("softmax", [False, True])
@pytest.mark.parametrize(
    "shape", [[1, 3, 4, 4], ["batch", 3, 4, 4], [1, 4, 4, 3]], ids=["one", "any", "channels-last"]
)
def test_an_onnx_graph_gives_its_logits(tmp_path: Path, shape: list[Any], softmax: bool) -> None:
    box = _box(tmp_path, _onnx(shape, softmax))
    x = torch.rand(3, 3, 4, 4)
    flat = (x if shape[1] == 3 else x.permute(0, 2, 3, 1)).flatten(1)
    expected = flat @ torch.tensor(WEIGHT).T
    found = box(x)
    if softmax:
        found, expected = found.softmax(1), expected.softmax(1)
    assert found.shape == (3, 5) and torch.allclose(found, expected, atol=1e-5)
    assert torch.equal(box(x[:1]), box(x)[:1])


def test_it_has_no_gradients_and_says_so(tmp_path: Path) -> None:
    box = _box(tmp_path, _onnx([1, 3, 4, 4], False))
    assert box.gradients is False and not box.training and list(box.parameters()) == []
    with pytest.raises(UsageError, match="runs as a black box and has no gradients"):
        box(torch.rand(1, 3, 4, 4, requires_grad=True))
    with pytest.raises(UsageError, match=r"images of shape \(1, 4, 4\), expected \(3, 4, 4\)"):
        box(torch.rand(1, 1, 4, 4))


def test_the_number_of_classes_is_checked(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="a/b: the graph has 5 outputs, expected 10"):
        _box(tmp_path, _onnx([1, 3, 4, 4], False), classes=10)


def test_a_process_that_ended_is_an_error(tmp_path: Path) -> None:
    box = _box(tmp_path, _onnx([1, 3, 4, 4], False))
    box._process.kill()
    with pytest.raises(CheckFailed, match="the process that runs this graph ended"):
        box(torch.rand(1, 3, 4, 4))


@pytest.mark.parametrize("images", [1, 3000], ids=["little", "more-than-a-pipe-holds"])
def test_a_graph_that_does_not_answer_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, images: int
) -> None:
    box = _box(tmp_path, _onnx([1, 3, 4, 4], False))
    monkeypatch.setattr("sngen.zoo.black_box.REQUEST_SECONDS", 0.2)
    monkeypatch.setattr("sngen.zoo.black_box.IMAGE_SECONDS", 0.0)
    box._process.send_signal(signal.SIGSTOP)
    with pytest.raises(CheckFailed, match=rf"no answer within 0 s for {images} images, so the process"):
        box(torch.rand(images, 3, 4, 4))
    assert box._process.returncode is not None
    with pytest.raises(CheckFailed, match="the process that runs this graph ended"):
        box(torch.rand(1, 3, 4, 4))


def test_a_graph_that_does_not_load_in_time_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sngen.zoo.black_box.LOADING_SECONDS", 0.001)
    with pytest.raises(CheckpointRefused, match="a graph that is not ready after 0 s"):
        _box(tmp_path, _onnx([1, 3, 4, 4], False))


def _rowwise(batch: Any) -> bytes:
    """The largest pixel times 1 to 5: no number of it depends on how many images come."""
    scales = np.arange(1, 6, dtype=np.float32).reshape(1, 5, 1, 1)
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["m"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Mul", ["m", "s"], ["scaled"]),
        helper.make_node("Flatten", ["scaled"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", 1, [batch, 3, 4, 4])],
        [helper.make_tensor_value_info("logits", 1, [batch, 5])], [numpy_helper.from_array(scales, "s")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(("batch", "at_once"), [("batch", BATCH), (1, 1)], ids=["any", "one"])
def test_batches_give_the_answers_of_single_images(tmp_path: Path, batch: Any, at_once: int) -> None:
    box = _box(tmp_path, _rowwise(batch))
    assert box.batch == at_once
    x = torch.rand(2 * BATCH + 3, 3, 4, 4)
    alone = torch.cat([box(image[None]) for image in x])
    assert torch.equal(box(x), alone)
    assert torch.equal(alone, x.amax((1, 2, 3))[:, None] * torch.arange(1.0, 6.0))


def _mixing(batch: Any) -> bytes:
    """Takes any number of images and subtracts the largest pixel of all of them."""
    scales = np.arange(48 * 5, dtype=np.float32).reshape(48, 5)
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["m"], keepdims=1),
        helper.make_node("Sub", ["x", "m"], ["d"]),
        helper.make_node("Flatten", ["d"], ["f"]),
        helper.make_node("MatMul", ["f", "w"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", 1, [batch, 3, 4, 4])],
        [helper.make_tensor_value_info("logits", 1, [batch, 5])], [numpy_helper.from_array(scales, "w")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    return bytes(model.SerializeToString())


def test_a_graph_whose_images_see_each_other_is_asked_one_by_one(tmp_path: Path) -> None:
    box = _box(tmp_path, _mixing("batch"))
    assert box.batch == 1
    x = torch.rand(BATCH, 3, 4, 4)
    assert torch.equal(box(x), torch.cat([box(image[None]) for image in x]))


def _tflite(batch_free: bool) -> bytes:
    """relu of an image of 2 x 2 x 1, or that image reshaped to exactly one row of four."""

    operators, codes = schema.BuiltinOperator, []
    tensors = [schema.TensorT(shape=[1, 2, 2, 1], name="x", buffer=0)]
    buffers = [schema.BufferT()]
    if batch_free:
        tensors.append(schema.TensorT(shape=[1, 2, 2, 1], name="y", buffer=0))
        operator = schema.OperatorT(opcodeIndex=0, inputs=[0], outputs=[1])
        kind = operators.RELU
    else:
        sizes = schema.BufferT()
        sizes.data = np.frombuffer(np.array([1, 4], np.int32).tobytes(), np.uint8)
        buffers.append(sizes)
        tensors.append(schema.TensorT(shape=[2], name="s", buffer=1, type=schema.TensorType.INT32))
        tensors.append(schema.TensorT(shape=[1, 4], name="y", buffer=0))
        operator = schema.OperatorT(opcodeIndex=0, inputs=[0, 1], outputs=[2])
        kind = operators.RESHAPE
    codes.append(schema.OperatorCodeT(builtinCode=kind, deprecatedBuiltinCode=kind, version=1))
    graph = schema.SubGraphT(tensors=tensors, inputs=[0], outputs=[len(tensors) - 1], operators=[operator])
    model = schema.ModelT(version=3, subgraphs=[graph], operatorCodes=codes, buffers=buffers)
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize(("batch_free", "at_once"), [(True, BATCH), (False, 1)], ids=["any", "one"])
def test_a_tflite_graph_is_resized_where_it_can_be(tmp_path: Path, batch_free: bool, at_once: int) -> None:
    box = _box(tmp_path, _tflite(batch_free), "tflite", classes=4)
    assert box.batch == at_once
    x = torch.randn(2 * BATCH + 1, 1, 2, 2)
    found = box(x)
    assert torch.equal(found, torch.cat([box(image[None]) for image in x]))
    assert torch.equal(found, (x.relu() if batch_free else x).flatten(1))


def test_no_process_stays_behind(tmp_path: Path) -> None:
    box = _box(tmp_path, _onnx([1, 3, 4, 4], False))
    process = box._process
    assert process.poll() is None
    del box
    assert process.poll() is not None


@pytest.mark.parametrize(
    ("weights_format", "content", "message"),
    [
        ("tflite", _smallest_tflite(), r"an input of shape \[1, 4\]"),
        ("tflite", b"\x1c\0\0\0TFL3" + b"\xff" * 400, "cannot load|ends its runtime"),
        ("onnx", b"\x08\x08" + b"\xff" * 400, "no ONNX graph"),
        ("onnx", _onnx([1, 48], False), r"an input of shape \[1, 48\]"),
    ],
    ids=["no-image", "tflite-noise", "onnx-noise", "onnx-no-image"],
)
def test_what_is_no_image_classifier_is_refused(
    tmp_path: Path, weights_format: str, content: bytes, message: str
) -> None:
    with pytest.raises(CheckpointRefused, match=message):
        _box(tmp_path, content, weights_format)


def test_other_formats_are_no_black_boxes(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match="weights_format is 'torch'; as a black box can be run: tflite, onnx"
    ):
        _box(tmp_path, b"any", "torch")


def test_the_published_tflite_graphs_run(shared_zoo: Path) -> None:
    with (shared_zoo / "index.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["format"] == "tflite"]
    assert len(rows) == 6
    for row in rows:
        box = BlackBox(shared_zoo / "blobs" / row["sha256"], "tflite")
        assert "x".join(map(str, box.shape)) == row["input_size"] and box.num_classes == int(
            row["num_classes"]
        )
        first = box(torch.full((1, *box.shape), 100.0))
        assert torch.isfinite(first).all() and torch.equal(box(torch.full((1, *box.shape), 100.0)), first)
        box.close()
