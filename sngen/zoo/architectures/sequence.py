"""Networks that are a plain sequence of layers, described in one line of text.

``sequence: conv1: conv 32 k3 p1, relu, maxpool 2, flatten, fc: linear 128, relu, out: linear``

Layers are separated by commas. A name before a colon is where the layer's tensors are (``conv1.weight``,
dots allowed); without one it is the layer's position in the sequence, as in ``torch.nn.Sequential``.
Sizes of inputs follow from the image's size.

=================================  ==================================================================
``conv 16 k4 s2 p1 [nobias]``      16 filters of 4 x 4, stride 2, padding 1 (defaults: stride 1, padding 0)
``linear 100 [nobias]``            100 outputs
``linear`` and ``conv classes k5`` one output per class
``bn [eps 0.001]``                 batch normalisation (default: torch's 1e-05)
``maxpool 2 [s1] [p1] [ceil]``     maximum over 2 x 2, stride as the size unless given; ``avgpool`` likewise
``gap``                            mean over all positions; gives [N, C]
``flatten``, ``flatten hwc``       to [N, C*H*W]; the second in the order of height, width, channels
``relu elu tanh sigmoid``          activations; ``leakyrelu 0.01``
``sign``                           -1 or 1, 1 for 0; gives no gradient
``shift``, ``scale``               adds, multiplies by a stored tensor of the input's shape (``<name>.value``)
``transpose``                      swaps height and width
``reinterpret``                    numbers in the order H, W, C, read as if it were C, H, W
=================================  ==================================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import torch
from torch import nn

from sngen.errors import UsageError
from sngen.zoo.architectures.architecture import Architecture, InputSize, Tensors, unchanged

Arguments = dict[str, str]
#: What a layer is made of: its arguments, the shape [C, H, W] or [F] that comes in, and the classes.
Maker = Callable[[Arguments, torch.Size, int], nn.Module]

STEP = re.compile(r"(?:(?P<name>[\w.]+)\s*:\s*)?(?P<kind>[a-z]+)(?P<arguments>(?:\s+[\w.]+)*)")
LETTERS = {"k": "kernel", "s": "stride", "p": "padding"}
FLAGS = frozenset({"nobias", "ceil", "hwc", "classes"})


class Shift(nn.Module):
    """``x + value``, one value for every element of an input."""

    def __init__(self, shape: torch.Size) -> None:
        super().__init__()
        self.register_buffer("value", torch.zeros(shape))
        self.value: torch.Tensor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.value


class Scale(nn.Module):
    """``x * value``, one value for every element of an input."""

    def __init__(self, shape: torch.Size) -> None:
        super().__init__()
        self.register_buffer("value", torch.ones(shape))
        self.value: torch.Tensor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.value


class Sign(nn.Module):
    """1 where x >= 0, else -1."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.where(x >= 0, 1.0, -1.0)


class GlobalAverage(nn.Module):
    """[N, C, H, W] -> [N, C]."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(dim=(2, 3))


class Transpose(nn.Module):
    """[N, C, H, W] -> [N, C, W, H]."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.transpose(2, 3)


class Reinterpret(nn.Module):
    """The numbers of [N, H, W, C] in their order, taken as [N, C, H, W]: a common mistake that a network may
    have been trained with."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(0, 2, 3, 1).reshape(x.shape)


class FlattenChannelsLast(nn.Module):
    """[N, C, H, W] -> [N, H*W*C]."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)


class Sequence(nn.Module):
    """Modules one after the other, each under its dotted name (those without tensors: ``_<position>``)."""

    def __init__(self, layers: list[tuple[str, nn.Module]]) -> None:
        super().__init__()
        for name, layer in layers:
            _attach(self, name, layer)
        self.order = tuple(name for name, _ in layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for name in self.order:
            x = self.get_submodule(name)(x)
        return x


def sequence(
    text: str, input_size: InputSize | None = None, translate: Callable[[Tensors], Tensors] = unchanged
) -> Architecture:
    """The architecture that ``text`` describes. Raises ``UsageError`` for a layer that is not understood."""
    steps = [_parse(part, position) for position, part in enumerate(text.split(","))]
    return Architecture(partial(_build, steps), input_size, translate)


#: What follows ``sequence:`` in a loader's name.
architecture = sequence


def _parse(part: str, position: int) -> tuple[str, str, Arguments]:
    match = STEP.fullmatch(part.strip())
    if match is None or match["kind"] not in MAKERS:
        raise UsageError(
            f"layer {position}, {part.strip()!r}: expected [name:] and one of {', '.join(sorted(MAKERS))} "
            "with its sizes, for instance 'conv1: conv 16 k3 p1'."
        )
    arguments: Arguments = {}
    words = iter(match["arguments"].split())
    for word in words:
        if word in FLAGS:
            arguments[word] = ""
        elif word == "eps":
            arguments["eps"] = next(words, "")
        elif word[0] in LETTERS and word[1:].isdigit():
            arguments[LETTERS[word[0]]] = word[1:]
        elif re.fullmatch(r"\d+(\.\d+)?", word) and "size" not in arguments:
            arguments["size"] = word
        else:
            raise UsageError(f"layer {position}, {part.strip()!r}: {word!r} is not understood.")
    return match["name"] or str(position), match["kind"], arguments


def _build(steps: list[tuple[str, str, Arguments]], input_size: InputSize, num_classes: int) -> nn.Module:
    layers: list[tuple[str, nn.Module]] = []
    x = torch.zeros(1, *input_size)
    for name, kind, arguments in steps:
        try:
            layer = MAKERS[kind](arguments, x.shape[1:], num_classes)
            with torch.no_grad():
                x = layer.eval()(x)
        except KeyError as error:
            raise UsageError(f"layer {name}, {kind}: its {error.args[0]} is not given.") from error
        except (RuntimeError, ValueError, IndexError) as error:
            shape = "x".join(map(str, x.shape[1:]))
            raise UsageError(f"layer {name}, {kind}: does not fit an input of {shape} ({error}).") from error
        holds_tensors = bool(layer.state_dict())
        layers.append((name if holds_tensors else f"_{len(layers)}", layer))
    return Sequence(layers).train()


def _attach(root: nn.Module, name: str, layer: nn.Module) -> None:
    *path, last = name.split(".")
    for part in path:
        if not hasattr(root, part):
            root.add_module(part, nn.Module())
        root = getattr(root, part)
    if hasattr(root, last):
        raise UsageError(f"two layers are called {name}; every name may be given once.")
    root.add_module(last, layer)


def _outputs(arguments: Arguments, num_classes: int) -> int:
    return int(arguments["size"]) if "size" in arguments else num_classes


def _conv(arguments: Arguments, shape: torch.Size, num_classes: int) -> nn.Module:
    channels, _, _ = shape
    return nn.Conv2d(
        channels, num_classes if "classes" in arguments else int(arguments["size"]),
        int(arguments["kernel"]), int(arguments.get("stride", 1)), int(arguments.get("padding", 0)),
        bias="nobias" not in arguments,
    )  # fmt: skip


def _linear(arguments: Arguments, shape: torch.Size, num_classes: int) -> nn.Module:
    (features,) = shape
    return nn.Linear(features, _outputs(arguments, num_classes), bias="nobias" not in arguments)


def _bn(arguments: Arguments, shape: torch.Size, num_classes: int) -> nn.Module:
    kind = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
    return kind(shape[0], eps=float(arguments.get("eps", 1e-5)))


def _pool(kind: type[nn.MaxPool2d] | type[nn.AvgPool2d]) -> Maker:
    def make(arguments: Arguments, shape: torch.Size, num_classes: int) -> nn.Module:
        size = int(arguments["size"])
        stride, padding = int(arguments.get("stride", size)), int(arguments.get("padding", 0))
        return kind(size, stride, padding, ceil_mode="ceil" in arguments)

    return make


def _flatten(arguments: Arguments, shape: torch.Size, num_classes: int) -> nn.Module:
    return FlattenChannelsLast() if "hwc" in arguments else nn.Flatten()


def _plain(kind: Callable[[], nn.Module]) -> Maker:
    return lambda arguments, shape, num_classes: kind()


MAKERS: dict[str, Maker] = {
    "conv": _conv,
    "linear": _linear,
    "bn": _bn,
    "maxpool": _pool(nn.MaxPool2d),
    "avgpool": _pool(nn.AvgPool2d),
    "gap": _plain(GlobalAverage),
    "flatten": _flatten,
    "relu": _plain(nn.ReLU),
    "elu": _plain(nn.ELU),
    "tanh": _plain(nn.Tanh),
    "sigmoid": _plain(nn.Sigmoid),
    "leakyrelu": lambda arguments, shape, num_classes: nn.LeakyReLU(float(arguments.get("size", 0.01))),
    "sign": _plain(Sign),
    "scale": lambda arguments, shape, num_classes: Scale(shape),
    "shift": lambda arguments, shape, num_classes: Shift(shape),
    "transpose": _plain(Transpose),
    "reinterpret": _plain(Reinterpret),
}
