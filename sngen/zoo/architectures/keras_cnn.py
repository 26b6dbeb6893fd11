"""Convolutional networks that Keras, TensorFlow, CNTK or MATLAB stored: sequences of layers with their names.

Where the published graph ends in softmax, the network here ends before it.
"""

from __future__ import annotations

from functools import partial

from sngen.zoo.architectures.architecture import Tensors
from sngen.zoo.architectures.layouts import from_keras, from_matlab
from sngen.zoo.architectures.sequence import sequence

MNIST, CIFAR = (1, 28, 28), (3, 32, 32)
MMR_LAYERS = ("conv1", "conv2", "fc1", "fc2")
MMR_NAMES = {
    f"{ours}_{layer}": f"{layer}.{theirs}"
    for layer in MMR_LAYERS
    for ours, theirs in (("weights", "weight"), ("biases", "bias"))
}
CNTK_NAMES = {
    "Parameter5": "conv1.weight", "Parameter6": "conv1.bias",
    "Parameter87": "conv2.weight", "Parameter88": "conv2.bias",
    "Parameter193": "fc.weight", "Parameter194": "fc.bias",
}  # fmt: skip


def _from_cntk(tensors: Tensors) -> Tensors:
    """The linear layer's weights are stored as [16, 4, 4, 10], its bias as [1, 10]."""
    translated = {CNTK_NAMES.get(name, name): tensor for name, tensor in tensors.items()}
    for name in ("conv1.bias", "conv2.bias", "fc.bias"):
        if name in translated:
            translated[name] = translated[name].flatten()
    if "fc.weight" in translated:
        translated["fc.weight"] = translated["fc.weight"].flatten(0, -2).T.contiguous()
    return translated


def _nin() -> str:
    """M. Lin, Q. Chen, S. Yan, "Network in network": (filters, kernel) of nine convolutions, pooled twice."""
    filters = ((192, 5), (160, 1), (96, 1), (192, 5), (192, 1), (192, 1), (192, 3), (192, 1))
    layers = []
    for i, (width, kernel) in enumerate(filters, 1):
        layers += [f"conv2d_{i}: conv {width} k{kernel} p{kernel // 2}", "relu"]
        # What TensorFlow calls SAME puts the one column of padding last: a window that overhangs.
        layers += ["maxpool 3 s2 ceil"] if i in (3, 6) else []
    return ", ".join([*layers, "conv2d_9: conv classes k1", "relu", "gap"])


ARCHITECTURES = {
    # fra31/mmr-universal (arXiv:1905.11213)
    "lenet-small-mmr": sequence(
        "conv1: conv 16 k4 s2 p1, relu, conv2: conv 32 k4 s2 p1, relu, flatten hwc, fc1: linear 100, relu, "
        "fc2: linear",
        None,
        partial(from_matlab, MMR_NAMES),
    ),
    # fra31/auto-attack, demonstration in TensorFlow
    "autoattack-demo-cnn": sequence(
        "c1: conv 16 k3 p1, relu, c2: conv 16 k3 p1, relu, maxpool 2, c3: conv 16 k3 p1, relu, "
        "c4: conv 16 k3 p1, relu, maxpool 2, flatten hwc, d1: linear 256, relu, d2: linear",
        MNIST,
        from_keras,
    ),
    # csaw-hackml/CSAW-HackML-2020
    "csaw-mnist-c": sequence(
        "conv2d_1: conv 16 k5, relu, maxpool 2, conv2d_2: conv 4 k5, relu, maxpool 2, flatten hwc, "
        "dense_1: linear 512, relu, dense_2: linear",
        MNIST,
        from_keras,
    ),
    "csaw-mnist-f": sequence(
        "conv_1: conv 16 k5, relu, maxpool 2, conv_2: conv 32 k5, relu, maxpool 2, flatten hwc, "
        "fc_1: linear 512, output: linear",
        MNIST,
        from_keras,
    ),
    "csaw-gtsrb-cnn": sequence(
        "conv_1: conv 32 k3, relu, conv_2: conv 32 k3, relu, maxpool 2, conv_3: conv 64 k3, relu, "
        "conv_4: conv 64 k3, relu, maxpool 2, conv_5: conv 128 k3, relu, conv_6: conv 128 k3, relu, "
        "flatten hwc, fc_1: linear 512, relu, output: linear",
        CIFAR,
        from_keras,
    ),
    "nin-cifar": sequence(_nin(), CIFAR, from_keras),
    # onnx/models, mnist of 2018, exported by CNTK
    "cntk-mnist": sequence(
        "conv1: conv 8 k5 p2, relu, maxpool 2, conv2: conv 16 k5 p2, relu, maxpool 3, flatten, fc: linear",
        MNIST,
        _from_cntk,
    ),
}
