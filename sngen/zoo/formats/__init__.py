"""Formats of published weights: one module each, chosen by the catalogue's ``weights_format``.

Such a module has

* ``BEGINNINGS``: the bytes such a file can begin with; empty where there are none of its own;
* ``warm_up()``: the smallest valid file, read once before the jail is locked, so that every module and codec
  that reading needs is loaded by then;
* ``read(stream, max_bytes, key) -> {name: Array}``: the tensors of an untrusted file, or ``Refused``.

The modules run in the jail of ``sngen.zoo.jail`` and import no torch.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reader:
    """``version`` is raised when a change gives other tensors from the same file."""

    module: str
    version: int


#: weights_format -> what reads it.
READERS = {
    "torch": Reader("sngen.zoo.formats.torch_checkpoint", 2),
    "safetensors": Reader("sngen.zoo.formats.safetensors_file", 1),
    "keras-h5": Reader("sngen.zoo.formats.keras_h5", 1),
    "matlab": Reader("sngen.zoo.formats.matlab", 1),
    "onnx": Reader("sngen.zoo.formats.onnx_graph", 1),
    "npz": Reader("sngen.zoo.formats.npz", 1),
}

#: weights_format -> why its tensors are not read.
NOT_READ = {
    "tflite": "a TensorFlow Lite file is a graph of quantised arithmetic, which plain tensors do not "
    "hold; it can only be run as it is, as a black box without gradients (sngen.zoo.black_box)",
    "paddle": "PaddlePaddle's parameters are a pickle or a format that only PaddlePaddle reads; convert "
    "them to safetensors with it, in isolation, and catalogue that file",
}
