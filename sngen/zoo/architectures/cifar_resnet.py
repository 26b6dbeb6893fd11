"""Residual networks for 3 x 32 x 32 images, after K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual Learning
for Image Recognition", CVPR 2016.

``resnet<depth>-cifar-a`` are those of its section 4.2: stages of 16, 32 and 64 channels; where the size
changes, the shortcut has no parameters (option A: every second pixel in both directions, and zeros for the
channels that are new). Tensor names are those of akamaster/pytorch_resnet_cifar10. In the others it is a
convolution with batch normalisation (option B, with a kernel of 1 x 1 or 3 x 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn
from torch.nn import functional

from sngen.zoo.architectures.architecture import Architecture, InputSize

SIZE = (3, 32, 32)


@dataclass(frozen=True)
class Shortcut:
    """A learned shortcut: the name of its module in a block, and the size of its kernel."""

    name: str
    kernel: int


@dataclass(frozen=True)
class Plan:
    """Blocks and channels of every stage, and the names of the layers outside the stages."""

    blocks: Sequence[int]
    channels: Sequence[int] = (16, 32, 64)
    first: str = "conv1"
    norm: str = "bn1"
    last: str = "linear"
    shortcut: Shortcut | None = None


class Block(nn.Module):
    """relu(bn(conv(relu(bn(conv(x))))) + shortcut(x))."""

    def __init__(
        self, channels_in: int, channels: int, stride: int, shortcut: Shortcut | None = None
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.stride = stride
        self.new_channels = channels - channels_in
        self.learned = shortcut.name if shortcut and (stride > 1 or self.new_channels) else None
        if shortcut and self.learned:
            kernel = shortcut.kernel
            convolution = nn.Conv2d(channels_in, channels, kernel, stride, kernel // 2, bias=False)
            self.add_module(shortcut.name, nn.Sequential(convolution, nn.BatchNorm2d(channels)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(hidden)) + self._shortcut(x))

    def _shortcut(self, x: torch.Tensor) -> torch.Tensor:
        if self.learned is not None:
            shortcut: torch.Tensor = self.get_submodule(self.learned)(x)
            return shortcut
        if self.stride == 1 and self.new_channels == 0:
            return x
        before = self.new_channels // 2
        padding = (0, 0, 0, 0, before, self.new_channels - before)
        return functional.pad(x[:, :, :: self.stride, :: self.stride], padding)


class CifarResNet(nn.Module):
    """A convolution, the stages (each after the first halves the size), global average, linear."""

    def __init__(self, plan: Plan, num_classes: int) -> None:
        super().__init__()
        self.plan = plan
        channels = (plan.channels[0], *plan.channels)
        self.add_module(plan.first, nn.Conv2d(3, channels[0], 3, padding=1, bias=False))
        self.add_module(plan.norm, nn.BatchNorm2d(channels[0]))
        for i, blocks in enumerate(plan.blocks):
            stride = 1 if i == 0 else 2
            stage = [Block(channels[i], channels[i + 1], stride, plan.shortcut)]
            stage += [Block(channels[i + 1], channels[i + 1], 1) for _ in range(blocks - 1)]
            self.add_module(f"layer{i + 1}", nn.Sequential(*stage))
        self.add_module(plan.last, nn.Linear(channels[-1], num_classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        part = self.get_submodule
        hidden = functional.relu(part(self.plan.norm)(part(self.plan.first)(x)))
        for i in range(len(self.plan.blocks)):
            hidden = part(f"layer{i + 1}")(hidden)
        logits: torch.Tensor = part(self.plan.last)(hidden.mean(dim=(2, 3)))
        return logits


def _build(plan: Plan, input_size: InputSize, num_classes: int) -> nn.Module:
    return CifarResNet(plan, num_classes)


def _thirds(depth: int) -> tuple[int, int, int]:
    blocks = (depth - 2) // 6
    return blocks, blocks, blocks


PLANS = {
    **{f"resnet{depth}-cifar-a": Plan(_thirds(depth)) for depth in (20, 32, 44, 56, 110)},
    # chenyaofo/pytorch-cifar-models
    **{
        f"resnet{depth}-cifar-b": Plan(_thirds(depth), last="fc", shortcut=Shortcut("downsample", 1))
        for depth in (20, 32, 44, 56)
    },
    # kuangliu/pytorch-cifar, where most CIFAR-10 ResNets with the channels of ImageNet's come from
    "resnet18-cifar-wide": Plan((2, 2, 2, 2), (64, 128, 256, 512), shortcut=Shortcut("shortcut", 1)),
    "resnet34-cifar-wide": Plan((3, 4, 6, 3), (64, 128, 256, 512), shortcut=Shortcut("shortcut", 1)),
    "resnet14-conv-shortcut": Plan((2, 2, 2), last="fc", shortcut=Shortcut("shortcut", 3)),
    "resnet-3-4-6-conv-shortcut": Plan(
        (3, 4, 6), first="conv", norm="bn", last="fc", shortcut=Shortcut("downsample", 3)
    ),
}
ARCHITECTURES = {name: Architecture(partial(_build, plan), SIZE) for name, plan in PLANS.items()}
