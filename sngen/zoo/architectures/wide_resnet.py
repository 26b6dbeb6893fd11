"""Wide residual networks for 3 x 32 x 32 images: S. Zagoruyko, N. Komodakis, BMVC 2016 (arXiv:1605.07146).

``wrn-<depth>-<width>``: 16 channels, then stages of 16, 32 and 64 times ``width``, ``(depth - 4) / 6``
blocks each, normalisation before every convolution. Tensor names are those that most later work uses
(``block1.layer.0.convShortcut``), for instance bboylyg/NAD and yaodongyu/TRADES.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import nn
from torch.nn import functional

from sngen.zoo.architectures.architecture import Architecture, InputSize

SIZE = (3, 32, 32)
WIDTHS = ((16, 1), (16, 2), (16, 4), (28, 4), (28, 10), (34, 10), (34, 20), (40, 2), (40, 4), (70, 16))


class Block(nn.Module):
    """a = relu(bn(x)); conv(relu(bn(conv(a)))) + x, or + conv1x1(a) where the width changes."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(channels_in)
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        same = channels_in == channels
        self.convShortcut = None if same else nn.Conv2d(channels_in, channels, 1, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        active = functional.relu(self.bn1(x))
        hidden: torch.Tensor = self.conv2(functional.relu(self.bn2(self.conv1(active))))
        return hidden + (x if self.convShortcut is None else self.convShortcut(active))


class Stage(nn.Module):
    def __init__(self, channels_in: int, channels: int, blocks: int, stride: int) -> None:
        super().__init__()
        following = (Block(channels, channels, 1) for _ in range(blocks - 1))
        self.layer = nn.Sequential(Block(channels_in, channels, stride), *following)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layer(x)
        return out


class WideResNet(nn.Module):
    """Convolution, three stages, batch normalisation, ReLU, global average, linear."""

    def __init__(self, depth: int, width: int, num_classes: int) -> None:
        super().__init__()
        blocks, last = (depth - 4) // 6, 64 * width
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.block1 = Stage(16, 16 * width, blocks, 1)
        self.block2 = Stage(16 * width, 32 * width, blocks, 2)
        self.block3 = Stage(32 * width, last, blocks, 2)
        self.bn1 = nn.BatchNorm2d(last)
        self.fc = nn.Linear(last, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = functional.relu(self.bn1(self.block3(self.block2(self.block1(self.conv1(x))))))
        logits: torch.Tensor = self.fc(hidden.mean(dim=(2, 3)))
        return logits


def _build(depth: int, width: int, input_size: InputSize, num_classes: int) -> nn.Module:
    return WideResNet(depth, width, num_classes)


ARCHITECTURES = {
    f"wrn-{depth}-{width}": Architecture(partial(_build, depth, width), SIZE) for depth, width in WIDTHS
}
