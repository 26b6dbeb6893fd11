"""Small residual networks that verifiers are compared on, for 3 x 32 x 32 images.

``vnn-resnet2b`` and ``vnn-resnet4b``: the track cifar10_resnet of VNN-COMP 2021, no batch normalisation.
``eth-resnet...``: those of eth-sri/mn-bab, numbered as in ``torch.nn.Sequential``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn
from torch.nn import functional

from sngen.zoo.architectures.architecture import Architecture, InputSize, Tensors

SIZE = (3, 32, 32)
HIDDEN = 100


class PlainBlock(nn.Module):
    """relu(conv(relu(conv(x))) + shortcut(x)), every convolution with a bias."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        changes = stride > 1 or channels != channels_in
        self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels, 1, stride)) if changes else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.conv2(functional.relu(self.conv1(x)))
        return functional.relu(hidden + (x if self.shortcut is None else self.shortcut(x)))


class PlainResNet(nn.Module):
    """A convolution of stride 2, ``stages`` of two blocks that halve the size, two linear layers."""

    def __init__(self, first: int, stages: int, num_classes: int) -> None:
        super().__init__()
        channels, side = 2 * first, SIZE[1] // 2 ** (stages + 1)
        self.stages = stages
        self.conv1 = nn.Conv2d(3, first, 3, 2, padding=1)
        for i in range(stages):
            blocks = PlainBlock(channels if i else first, channels, 2), PlainBlock(channels, channels, 1)
            self.add_module(f"layer{i + 1}", nn.Sequential(*blocks))
        self.linear1 = nn.Linear(channels * side * side, HIDDEN)
        self.linear2 = nn.Linear(HIDDEN, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = functional.relu(self.conv1(x))
        for i in range(self.stages):
            hidden = self.get_submodule(f"layer{i + 1}")(hidden)
        logits: torch.Tensor = self.linear2(functional.relu(self.linear1(hidden.flatten(1))))
        return logits


class TwoPaths(nn.Module):
    """path_a(x) + path_b(x); the ReLU comes after it."""

    def __init__(self, channels_in: int, channels: int, stride: int, norm: bool) -> None:
        super().__init__()
        self.path_b = nn.Sequential(
            *_convolution(channels_in, channels, 3, stride, norm),
            nn.ReLU(),
            *_convolution(channels, channels, 3, 1, norm),
        )
        changes = stride > 1 or channels != channels_in
        shortcut = _convolution(channels_in, channels, 1, stride, norm) if changes else []
        self.path_a = nn.Sequential(nn.Identity(), *shortcut)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        total: torch.Tensor = self.path_a(x) + self.path_b(x)
        return total


def _convolution(channels_in: int, channels: int, kernel: int, stride: int, norm: bool) -> list[nn.Module]:
    convolution = nn.Conv2d(channels_in, channels, kernel, stride, kernel // 2, bias=not norm)
    return [convolution, nn.BatchNorm2d(channels)] if norm else [convolution]


@dataclass(frozen=True)
class Plan:
    """Channels of the first convolution (stride 2), stride of every stage, which doubles the channels."""

    first: int
    strides: Sequence[int]
    blocks: int
    norm: bool


def _numbered(plan: Plan, input_size: InputSize, num_classes: int) -> nn.Module:
    layers = [*_convolution(3, plan.first, 3, 2, plan.norm), nn.ReLU()]
    channels, side = plan.first, SIZE[1] // 2
    for stride in plan.strides:
        stage: list[nn.Module] = []
        for block in range(plan.blocks):
            width, step = (2 * channels, stride) if block == 0 else (channels, 1)
            stage += [TwoPaths(channels, width, step, plan.norm), nn.ReLU()]
            channels = width
        layers.append(nn.Sequential(*stage))
        side //= stride
    features = channels * side * side
    layers += [nn.Flatten(), nn.Linear(features, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, num_classes)]
    return nn.Sequential(*layers)


def _plain(first: int, stages: int, input_size: InputSize, num_classes: int) -> nn.Module:
    return PlainResNet(first, stages, num_classes)


PLANS = {
    "eth-resnet2b2-bn": Plan(16, (2, 2), 1, norm=True),
    "eth-resnet3b2-bn": Plan(16, (2, 2, 2), 1, norm=True),
    "eth-resnet3b2-bn-wide-end": Plan(16, (2, 2, 1), 1, norm=True),
    "eth-resnet3b2-nobn-wide-end": Plan(16, (2, 2, 1), 1, norm=False),
    "eth-resnet4b": Plan(8, (2, 2), 2, norm=False),
}
#: Convolutions of the folded network in the order of its graph; their tensors have only numbers.
FOLDED = ("0", *(f"{stage}.0.{path}" for stage in (2, 3, 4) for path in ("path_a.1", "path_b.0", "path_b.2")))
FOLDED_LINEAR = {"7": "6", "9": "8"}


def _from_folded(tensors: Tensors) -> Tensors:
    """Batch normalisation was folded into the convolutions when the graph was written: numbered weights
    [out, in, k, k], each followed by its bias. One more number is the shape of the flattening."""
    unnamed = sorted((name for name in tensors if name.isdigit()), key=int)
    floating = [name for name in unnamed if tensors[name].is_floating_point()]
    translated: Tensors = {}
    for name in tensors:
        if name not in unnamed:
            layer, _, part = name.partition(".")
            translated[f"{FOLDED_LINEAR.get(layer, layer)}.{part}"] = tensors[name]
    for i, name in enumerate(floating):
        layer = FOLDED[i // 2] if i // 2 < len(FOLDED) else name
        translated[f"{layer}.{'bias' if i % 2 else 'weight'}"] = tensors[name]
    return translated


ARCHITECTURES = {
    "eth-resnet3b2-bn-folded": Architecture(
        partial(_numbered, Plan(16, (2, 2, 2), 1, norm=False)), SIZE, _from_folded
    ),
    "vnn-resnet2b": Architecture(partial(_plain, 8, 1), SIZE),
    "vnn-resnet4b": Architecture(partial(_plain, 16, 2), SIZE),
    **{name: Architecture(partial(_numbered, plan), SIZE) for name, plan in PLANS.items()},
}
