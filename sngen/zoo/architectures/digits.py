"""Small networks for 1 x 8 x 8 images: the architectures of the embedded reference suite."""

from __future__ import annotations

from functools import partial

from torch import nn

PIXELS = 8 * 8


def linear(num_classes: int) -> nn.Module:
    """Softmax regression."""
    return nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, num_classes))


def mlp(width: int, num_classes: int) -> nn.Module:
    """One hidden layer of ``width`` units."""
    return nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, width), nn.ReLU(), nn.Linear(width, num_classes))


def cnn(width: int, num_classes: int) -> nn.Module:
    """Two 3 x 3 convolutions with ``width`` and ``2 * width`` filters, maximum over 2 x 2, linear."""
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(width, 2 * width, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(2 * width * PIXELS // 4, num_classes),
    )


BUILDERS = {
    "digits-linear": linear,
    **{f"digits-mlp-{width}": partial(mlp, width) for width in (16, 64, 256)},
    **{f"digits-cnn-{width}": partial(cnn, width) for width in (8, 16)},
}
