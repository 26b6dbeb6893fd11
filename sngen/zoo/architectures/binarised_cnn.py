"""Binarised networks for traffic signs: the track traffic_signs_recognition of VNN-COMP 2023.

``bnn-gtsrb-<side>``: raw pixels 0 to 255; weights, and the inputs of every layer but the first, are -1 or 1
(0 counts as 1); batch normalisation is folded into the convolution in one place. Sign has no gradient, so
attacks by gradient see none. The published graph ends in softmax, the network here before it.
"""

from __future__ import annotations

import re

from sngen.zoo.architectures.architecture import Tensors
from sngen.zoo.architectures.sequence import sequence

#: Published names end so; numbers count on through the program that wrote the file.
LAYER = re.compile(
    r"quant_(?P<kind>conv2d|dense)_(?P<number>\d+)/(?:.*IdentityN-folded-0|QuantConv2D_(?P<what>weights|bias)_fused_bn)$"
)
NORM = re.compile(r"batch_normalization_(?P<number>\d+)/(?P<what>.*)$")
NORM_PARTS = {
    "ReadVariableOp": "bias",
    "FusedBatchNormV3/ReadVariableOp": "running_mean",
    "FusedBatchNormV3/ReadVariableOp_1": "running_var",
}
DENSE_PARTS = {"batchnorm/Rsqrt": "scale", "batchnorm/sub": "shift"}
#: The constant that makes sign(0) one, and shapes: parts of the graph that are written into the network.
NO_TENSORS = re.compile(r"(.*/)?(const_fold_opt__\d+|ste_sign_\d+/add/y)$")


def _translate(tensors: Tensors) -> Tensors:
    """Layers of a kind are numbered from 1 in their order. A constant scale of ones is shared by all
    normalisations of its width."""
    translated: Tensors = {}
    layers: dict[tuple[str, int], Tensors] = {}
    ones: Tensors = {}
    for name, tensor in tensors.items():
        place = name.removesuffix(":0")
        layer, norm = LAYER.search(place), NORM.search(place)
        if layer:
            part = "bias" if layer["what"] == "bias" else "weight"
            layers.setdefault((layer["kind"], int(layer["number"])), {})[part] = tensor
        elif norm and norm["what"] in NORM_PARTS:
            layers.setdefault(("norm", int(norm["number"])), {})[NORM_PARTS[norm["what"]]] = tensor
        elif norm and norm["what"] in DENSE_PARTS:
            translated[f"{DENSE_PARTS[norm['what']]}1.value"] = tensor
        elif norm and norm["what"] == "Const":
            ones[str(len(tensor))] = tensor
        elif not NO_TENSORS.match(place):
            translated[name] = tensor
    numbers: dict[str, int] = {}
    for (kind, _), parts in sorted(layers.items()):
        numbers[kind] = numbers.get(kind, 0) + 1
        if kind == "norm":
            parts["weight"] = ones[str(len(parts["bias"]))]
        for part, tensor in parts.items():
            turned = tensor.T.contiguous() if kind == "dense" else tensor
            translated[f"{kind.removesuffix('2d')}{numbers[kind]}.{part}"] = turned
    return translated


FIRST = (
    "conv1: conv 32 k5 nobias, maxpool 2, norm1: bn eps 0.001, sign, "
    "conv2: conv 64 k5 nobias, maxpool 2, norm2: bn eps 0.001, sign, "
)
LAST = (
    "flatten hwc, sign, dense1: linear {} nobias, scale1: scale, shift1: shift, sign, dense2: linear nobias"
)

ARCHITECTURES = {
    "bnn-gtsrb-30": sequence(
        "conv1: conv 16 k3 nobias, sign, conv2: conv 32 k2 nobias, flatten hwc, sign, dense1: linear nobias",
        (3, 30, 30),
        _translate,
    ),
    "bnn-gtsrb-48": sequence(f"{FIRST}conv3: conv 64 k3, {LAST.format(256)}", (3, 48, 48), _translate),
    "bnn-gtsrb-64": sequence(
        f"{FIRST}conv3: conv 64 k3 nobias, maxpool 2, norm3: bn eps 0.001, {LAST.format(1024)}",
        (3, 64, 64),
        _translate,
    ),
}
