"""From the names and axes of other frameworks to torch's: kernels [H, W, in, out] and [in, out].

Networks whose images are flattened in the order height, width, channels flatten so here too
(``flatten hwc``), so a linear layer's weights need no more than a transposition.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from sngen.zoo.architectures.architecture import Tensors

KERAS = {
    "kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias",
    "moving_mean": "running_mean", "moving_variance": "running_var",
}  # fmt: skip


def from_keras(tensors: Tensors) -> Tensors:
    """``conv2d_1/conv2d_1/kernel:0`` -> ``conv2d_1.weight``; a name of another form stays as it is."""
    translated: Tensors = {}
    for name, tensor in tensors.items():
        *path, last = name.removesuffix(":0").split("/")
        known = bool(path) and last in KERAS
        new = f"{path[-1]}.{KERAS[last]}" if known else name
        translated[new] = to_torch_axes(tensor) if known and last == "kernel" else tensor
    return translated


def from_matlab(names: Mapping[str, str], tensors: Tensors) -> Tensors:
    """Published name -> name here. Vectors are stored as [1, n]."""
    translated: Tensors = {}
    for name, tensor in tensors.items():
        new = names.get(name, name)
        translated[new] = tensor.flatten() if new.endswith(".bias") else to_torch_axes(tensor)
    return translated


def to_torch_axes(tensor: torch.Tensor) -> torch.Tensor:
    """[H, W, in, out] -> [out, in, H, W]; [in, out] -> [out, in]."""
    axes = (3, 2, 0, 1) if tensor.ndim == 4 else tuple(reversed(range(tensor.ndim)))
    return tensor.permute(*axes).contiguous()
