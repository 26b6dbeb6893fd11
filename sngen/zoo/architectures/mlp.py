"""Multilayer perceptrons for 1 x 28 x 28 images, named by the widths of their hidden layers.

``mlp-a-b``: flatten, then linear layers with ReLU between, numbered by position as in
``torch.nn.Sequential`` that begins with ``Flatten``; ``-bare`` numbers without it, ``-fc`` names them
``fc1``, ``fc2``; ``-nested`` is ``fc.1``, ``fc.3``.

``mlp-sigmoid-...-matlab`` and ``mlp-tanh-...-matlab`` are ONNX files written by MATLAB (VNN-COMP 2020,
verivital): they subtract a stored mean image and have layers written as convolutions.
"""

from __future__ import annotations

from sngen.zoo.architectures.architecture import Architecture, Tensors
from sngen.zoo.architectures.sequence import sequence

MNIST = (1, 28, 28)
MATLAB = {
    "sigmoid": (
        (100, 100, 30, 20), (200, 50), (256, 100), (256, 100, 50), (1024,), (1024, 50),
    ),
    "tanh": ((200, 50), (200, 100, 50), (256,), (256, 50)),
}  # fmt: skip


def _numbered(*widths: int, before: str = "flatten, ") -> Architecture:
    return sequence(before + "".join(f"linear {width}, relu, " for width in widths) + "linear", MNIST)


def _bare(*widths: int) -> Architecture:
    """Numbers that do not count the flattening."""
    names = [2 * i for i in range(len(widths) + 1)]
    hidden = (f"{name}: linear {width}, relu" for name, width in zip(names, widths, strict=False))
    return sequence(f"flatten, {', '.join(hidden)}, {names[-1]}: linear", MNIST)


def _named(name: str, *widths: int) -> Architecture:
    hidden = ", ".join(f"{name}{i}: linear {width}, relu" for i, width in enumerate(widths, 1))
    return sequence(f"flatten, {hidden}, {name}{len(widths) + 1}: linear", MNIST)


def _matlab(activation: str, *widths: int) -> Architecture:
    hidden = (f"{i}: linear {width}, {activation}" for i, width in enumerate(widths, 1))
    text = f"flatten, mean: shift, {', '.join(hidden)}, {len(widths) + 1}: linear"
    return sequence(text, MNIST, _from_matlab)


def _from_matlab(tensors: Tensors) -> Tensors:
    """``Operation_1_W`` [out, in, 1, 1] or [out, 1, 1, in] and ``input_Mean``, which is subtracted."""
    translated: Tensors = {}
    for name, tensor in tensors.items():
        if name == "input_Mean":
            translated["mean.value"] = -tensor.flatten()
        elif name.startswith("Operation_") and name.endswith("_W"):
            translated[f"{name.split('_')[1]}.weight"] = tensor.flatten(1)
        elif name.startswith("Operation_") and name.endswith("_B"):
            translated[f"{name.split('_')[1]}.bias"] = tensor
        else:
            translated[name] = tensor
    return translated


def _within(group: str, *widths: int) -> Architecture:
    """Numbers that do not count the flattening, below a name."""
    hidden = ", ".join(f"{group}.{2 * i}: linear {width}, relu" for i, width in enumerate(widths))
    return sequence(f"flatten, {hidden}, {group}.{2 * len(widths)}: linear", MNIST)


def _eran_sigmoid() -> Architecture:
    """The graph subtracts and divides by two constants, ``15`` and ``17``; in the catalogue they are the
    row's mean and standard deviation."""
    hidden = ", ".join(f"{2 * i}: linear 200, sigmoid" for i in range(1, 7))
    return sequence(
        f"flatten, {hidden}, 14: linear",
        MNIST,
        lambda tensors: {name: tensor for name, tensor in tensors.items() if name not in ("15", "17")},
    )


def _label(*widths: int) -> str:
    return "-".join(map(str, widths))


ARCHITECTURES = {
    # VNN-COMP 2021, track mnistfc
    **{f"mlp-{depth}x256-layers": _within("layers", *[256] * depth) for depth in (2, 4, 6)},
    "mlp-sigmoid-6x200": _eran_sigmoid(),
    "mlp-20": _numbered(20),
    "mlp-100-100": _numbered(100, 100),
    "mlp-5x100": _numbered(*[100] * 5),
    "mlp-5x200": _numbered(*[200] * 5),
    "mlp-8x100": _numbered(*[100] * 8),
    "mlp-8x200": _numbered(*[200] * 8),
    **{f"mlp-{depth}x256": _numbered(*[256] * depth) for depth in (2, 4, 6)},
    "mlp-50-50-bare": _bare(50, 50),
    "mlp-300-100": _named("linear", 300, 100),
    "mlp-128-64-fc": _named("fc", 128, 64),
    "mlp-128-nested": sequence("flatten, fc.1: linear 128, relu, fc.3: linear", MNIST),
    **{
        f"mlp-{activation}-{_label(*widths)}-matlab": _matlab(activation, *widths)
        for activation, nets in MATLAB.items()
        for widths in nets
    },
}
