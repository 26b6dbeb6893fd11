"""Networks that Keras stored and that are no plain sequence.

``mlperf-tiny-resnet8``: C. Banbury et al., "MLPerf Tiny Benchmark" (arXiv:2106.07597), image classification.
``deepid``: the face recogniser of csaw-hackml/CSAW-HackML-2020, after Y. Sun et al., CVPR 2014.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import nn
from torch.nn import functional

from sngen.zoo.architectures.architecture import Architecture, InputSize, Tensors
from sngen.zoo.architectures.layouts import from_keras

KERAS_EPSILON = 1e-3


def _numbered(name: str, number: int) -> str:
    """Keras counts layers of a kind from 0, and leaves the 0 out."""
    return name if number == 0 else f"{name}_{number}"


class TinyResNet(nn.Module):
    """A convolution; a stage of one block per entry of ``channels``; average; linear.

    Layers keep Keras's numbers: within a block the second convolution comes before that of the shortcut.
    """

    def __init__(self, channels: tuple[int, ...], num_classes: int) -> None:
        super().__init__()
        self.stages = len(channels)
        self.convolutions = self.norms = 0
        self._convolution(3, channels[0], 3, 1)
        width = channels[0]
        for i, wider in enumerate(channels):
            self._convolution(width, wider, 3, 1 if i == 0 else 2)
            self._convolution(wider, wider, 3, 1)
            if i > 0:
                self._convolution(width, wider, 1, 2, norm=False)
            width = wider
        self.dense = nn.Linear(width, num_classes)

    def _convolution(self, width: int, wider: int, kernel: int, stride: int, norm: bool = True) -> None:
        self.add_module(_numbered("conv2d", self.convolutions), nn.Conv2d(width, wider, kernel, stride))
        self.convolutions += 1
        if norm:
            layer = nn.BatchNorm2d(wider, eps=KERAS_EPSILON)
            self.add_module(_numbered("batch_normalization", self.norms), layer)
            self.norms += 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        conv, norm = 0, 0
        x = functional.relu(self._normal(norm, self._same(conv, x)))
        for stage in range(self.stages):
            hidden = functional.relu(self._normal(norm + 1, self._same(conv + 1, x)))
            hidden = self._normal(norm + 2, self._same(conv + 2, hidden))
            conv, norm = conv + 2, norm + 2
            if stage > 0:
                conv += 1
                x = self._same(conv, x)
            x = functional.relu(x + hidden)
        logits: torch.Tensor = self.dense(x.mean(dim=(2, 3)))
        return logits

    def _same(self, number: int, x: torch.Tensor) -> torch.Tensor:
        """Padded as TensorFlow's SAME: as little as possible, what is odd at the end."""
        layer = self.get_submodule(_numbered("conv2d", number))
        assert isinstance(layer, nn.Conv2d)
        kernel, stride = layer.kernel_size[0], layer.stride[0]
        pad = []
        for side in (x.shape[3], x.shape[2]):
            total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
            pad += [total // 2, total - total // 2]
        out: torch.Tensor = layer(functional.pad(x, pad))
        return out

    def _normal(self, number: int, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.get_submodule(_numbered("batch_normalization", number))(x)
        return out


class DeepId(nn.Module):
    """3 x 55 x 47: three convolutions with pooling, then relu(linear(p) + linear(convolution(p)))."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(3, 20, 4)
        self.conv_2 = nn.Conv2d(20, 40, 3)
        self.conv_3 = nn.Conv2d(40, 60, 3)
        self.conv_4 = nn.Conv2d(60, 80, 2)
        self.fc_1 = nn.Linear(1200, 160)
        self.fc_2 = nn.Linear(960, 160)
        self.output = nn.Linear(160, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in (self.conv_1, self.conv_2, self.conv_3):
            x = functional.max_pool2d(functional.relu(layer(x)), 2)
        wide = self.fc_1(_channels_last(x))
        deep = self.fc_2(_channels_last(functional.relu(self.conv_4(x))))
        logits: torch.Tensor = self.output(functional.relu(wide + deep))
        return logits


def _counted_from_zero(tensors: Tensors) -> Tensors:
    """Keras counts on from network to network in one program: the lowest number of each kind becomes 0."""
    translated = from_keras(tensors)
    numbers: dict[str, set[int]] = {}
    for name in translated:
        kind, number = _kind_and_number(name.partition(".")[0])
        numbers.setdefault(kind, set()).add(number)
    renamed: Tensors = {}
    for name, tensor in translated.items():
        layer, _, rest = name.partition(".")
        kind, number = _kind_and_number(layer)
        renamed[f"{_numbered(kind, number - min(numbers[kind]))}.{rest}"] = tensor
    return renamed


def _kind_and_number(layer: str) -> tuple[str, int]:
    kind, _, number = layer.rpartition("_")
    return (kind, int(number)) if kind and number.isdigit() else (layer, 0)


def _channels_last(x: torch.Tensor) -> torch.Tensor:
    return x.permute(0, 2, 3, 1).flatten(1)


def _tiny_resnet(channels: tuple[int, ...], input_size: InputSize, num_classes: int) -> nn.Module:
    return TinyResNet(channels, num_classes)


def _deepid(input_size: InputSize, num_classes: int) -> nn.Module:
    return DeepId(num_classes)


ARCHITECTURES = {
    "mlperf-tiny-resnet8": Architecture(partial(_tiny_resnet, (16, 32, 64)), (3, 32, 32), _counted_from_zero),
    "mlperf-tiny-resnet8-26": Architecture(
        partial(_tiny_resnet, (26, 52, 104)), (3, 32, 32), _counted_from_zero
    ),
    "deepid": Architecture(_deepid, (3, 55, 47), from_keras),
}
