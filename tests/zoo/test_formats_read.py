"""Honest files of every format give the numbers that were put in, and the published ones can all be read."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
from onnx import helper, numpy_helper
from safetensors.numpy import load, save

from sngen.zoo.formats import READERS, keras_h5, matlab, npz, onnx_graph, safetensors_file
from sngen.zoo.formats.arrays import Array
from sngen.zoo.formats.refusal import Refused
from sngen.zoo.jail import Job, convert

MAX_BYTES = 2**20
KERNEL = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
OF_INDEX = {
    "torch-state-dict": "torch",
    "torch-checkpoint": "torch",
    "onnx-gz": "onnx",
    "matlab-mat": "matlab",
}
#: Formats of the index that are refused, and why.
REFUSED = {"tflite"}


def _read(module: Any, content: bytes, key: str | None = None) -> dict[str, Array]:
    found: dict[str, Array] = module.read(io.BytesIO(content), MAX_BYTES, key)
    return found


def _stream(fill: Callable[[io.BytesIO], Any]) -> bytes:
    stream = io.BytesIO()
    fill(stream)
    return stream.getvalue()


def _keras(fill: Callable[[h5py.File], Any]) -> bytes:
    def written(stream: io.BytesIO) -> None:
        with h5py.File(stream, "w") as file:
            fill(file)

    return _stream(written)


def _onnx(tensors: dict[str, np.ndarray[Any, Any]], constants: dict[str, np.ndarray[Any, Any]]) -> bytes:
    nodes = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value))
        for name, value in constants.items()
    ]
    initialisers = [numpy_helper.from_array(value, name) for name, value in tensors.items()]
    return bytes(helper.make_model(helper.make_graph(nodes, "g", [], [], initialisers)).SerializeToString())


def _equal(array: Array, values: np.ndarray[Any, Any]) -> bool:
    return array.values.dtype == values.dtype and np.array_equal(array.values, values)


def test_keras_weights_have_their_paths_as_names() -> None:
    plain = _keras(lambda file: file.update({"conv/conv/kernel:0": KERNEL, "conv/conv/bias:0": KERNEL[0, 0]}))
    found = _read(keras_h5, plain)
    assert list(found) == ["conv/conv/bias:0", "conv/conv/kernel:0"]
    assert _equal(found["conv/conv/kernel:0"], KERNEL)
    whole = _keras(
        lambda file: file.update({"model_weights/a/w:0": KERNEL, "optimizer_weights/a/m:0": KERNEL})
    )
    assert list(_read(keras_h5, whole)) == ["a/w:0"]
    assert list(_read(keras_h5, whole, "optimizer_weights")) == ["a/m:0"]
    with pytest.raises(Refused, match="no group layers among model_weights, optimizer_weights"):
        _read(keras_h5, whole, "layers")


def test_compressed_keras_weights() -> None:
    content = _keras(lambda file: file.create_dataset("w", data=KERNEL, compression="gzip", shuffle=True))
    assert _equal(_read(keras_h5, content)["w"], KERNEL)
    content = _keras(lambda file: file.create_dataset("w", data=KERNEL, compression="lzf"))
    with pytest.raises(Refused, match="behind the filter"):
        _read(keras_h5, content)


@pytest.mark.parametrize("compressed", [False, True])
def test_matlab_arrays(compressed: bool) -> None:
    variables = {"w": KERNEL, "wide": KERNEL.astype("f8"), "count": np.array([[3]], np.int32)}
    content = _stream(lambda stream: scipy.io.savemat(stream, variables, do_compression=compressed))
    found = _read(matlab, content)
    assert set(found) == set(variables) and all(_equal(found[name], variables[name]) for name in found)


@pytest.mark.parametrize("save_arrays", [np.savez, np.savez_compressed])
def test_npz_arrays(save_arrays: Callable[..., None]) -> None:
    arrays = {
        "a/b": KERNEL,
        "column": np.asfortranarray(KERNEL[0]),
        "one": np.float64(2),
        "big": KERNEL[0].astype(">i2"),
    }
    found = _read(npz, _stream(lambda stream: save_arrays(stream, **arrays)))
    assert list(found) == list(arrays)
    assert _equal(found["a/b"], KERNEL) and np.array_equal(found["column"].values, arrays["column"])
    assert found["one"].values.shape == () and found["big"].kind == "I16"
    assert np.array_equal(found["big"].values, KERNEL[0])


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_onnx_initialisers_and_constants(pack: Callable[[bytes], bytes]) -> None:
    found = _read(onnx_graph, pack(_onnx({"conv.weight": KERNEL}, {"Parameter5": KERNEL[0].astype("f8")})))
    assert _equal(found["conv.weight"], KERNEL) and _equal(found["Parameter5"], KERNEL[0].astype("f8"))


def test_safetensors_are_read_and_written_as_the_library_does() -> None:
    arrays = {"w": KERNEL, "scalar": np.array(3, np.int64), "none": np.zeros((0, 2), np.float16),
              "odd": np.arange(3, dtype=np.uint8), "truth": np.array([True, False])}  # fmt: skip
    found = _read(safetensors_file, save(arrays, {"format": "pt"}))
    assert all(np.array_equal(found[name].values.view(arrays[name].dtype), arrays[name]) for name in arrays)
    again = load(_stream(lambda stream: safetensors_file.write(stream, found, {})))
    assert set(again) == set(arrays)
    assert all(
        again[name].dtype == arrays[name].dtype and np.array_equal(again[name], arrays[name])
        for name in arrays
    )


def test_a_key_where_names_are_not_nested_is_refused() -> None:
    for module in (matlab, npz, onnx_graph, safetensors_file):
        with pytest.raises(Refused, match=r"the key 'net' for an? "):
            _read(module, module.warm_up(), "net")


def test_every_published_checkpoint_is_read(shared_zoo: Path, tmp_path: Path) -> None:
    """All but the TensorFlow Lite graphs, which are refused before a byte is read."""
    with (shared_zoo / "index.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    jobs = {
        row["sha256"]: Job(
            OF_INDEX.get(row["format"], row["format"]),
            row["state_dict_key"] or None,
            row["key_prefix"] or None,
        )
        for row in rows
        if row["format"] not in REFUSED
    }
    assert len(jobs) == 101 and {job.weights_format for job in jobs.values()} <= set(READERS)

    def read(sha256: str) -> int:
        convert(shared_zoo / "blobs" / sha256, tmp_path / sha256, jobs[sha256])
        return (tmp_path / sha256).stat().st_size

    with ThreadPoolExecutor(2) as pool:
        sizes = list(pool.map(read, jobs))
    assert min(sizes) > 10_000
