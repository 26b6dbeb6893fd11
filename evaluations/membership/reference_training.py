"""Train one reference model: equal settings, images, code and torch give equal weights to the bit.

Every random number comes from a counter: the order of an epoch, and what happens to an image in it, are
functions of seed, model, epoch and image id, and of nothing that was drawn before.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from evaluations.datasets.images import Images
from evaluations.membership.reference_settings import ReferenceSettings
from evaluations.one_thread import one_thread
from sngen.zoo.architectures import build
from sngen.zoo.on_pixels import OnPixels

MOMENTUM = 0.9
#: How far ``flip-crop`` shifts an image, in pixels.
MARGIN = 4
#: What a stream of random numbers is for.
INITIAL, ORDER, AUGMENTATION = range(3)


def train(settings: ReferenceSettings, index: int, images: Images) -> dict[str, torch.Tensor]:
    """Tensors of model ``index``, by name, trained on ``images`` with cross-entropy in float32.

    Leaves torch's own random numbers and thread count as they were.
    """
    # Channels last: convolutions on a CPU are then up to 1.7 times as fast.
    x = images.tensor().contiguous(memory_format=torch.channels_last)
    labels = torch.tensor(images.labels)
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(_raw(settings, index, INITIAL, 0, 1)[0] >> 1))
        network = on_pixels(settings, images)
        network.to(memory_format=torch.channels_last).train()
        # Batches of nearly equal size: no last one so small that batch normalisation breaks down.
        parts = math.ceil(len(x) / settings.batch)
        optimiser = _optimiser(settings, network)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.epochs * parts)
        for epoch in range(settings.epochs):
            order = epoch_order(settings, index, epoch, images.ids)
            for chosen in np.array_split(order, parts):
                batch = x[chosen]
                if settings.augmentation == "flip-crop":
                    batch = flip_crop(batch, draws(settings, index, epoch, images.ids[chosen]))
                optimiser.zero_grad()
                functional.cross_entropy(network(batch), labels[chosen]).backward()
                optimiser.step()
                schedule.step()
    return {name: tensor.detach().contiguous() for name, tensor in network.network.state_dict().items()}


def on_pixels(settings: ReferenceSettings, images: Images) -> OnPixels:
    """The architecture for images of this size, freshly initialised, taking pixels in [0, 1]."""
    channels, height, width = images.pixels.shape[1:]
    network = build(settings.architecture, images.num_classes, (channels, height, width))
    return OnPixels(network, list(settings.mean), list(settings.std))


def epoch_order(settings: ReferenceSettings, index: int, epoch: int, ids: np.ndarray) -> np.ndarray:
    """Positions int64 [N] of the images in the order of this epoch, decided by their ids [N]."""
    return np.argsort(_of_ids(settings, index, ORDER, epoch, ids), kind="stable")


def draws(settings: ReferenceSettings, index: int, epoch: int, ids: np.ndarray) -> np.ndarray:
    """What ``flip_crop`` does to each image in this epoch: int64 [N, 3], flip (0 or 1), row and column of the
    cut (0 to 8)."""
    raw = _of_ids(settings, index, AUGMENTATION, epoch, ids)
    places = np.uint64(2 * MARGIN + 1)
    rows, columns = (raw >> np.uint64(1)) % places, (raw >> np.uint64(1)) // places % places
    return np.stack([raw & np.uint64(1), rows, columns], axis=1).astype(np.int64)


def flip_crop(x: torch.Tensor, drawn: np.ndarray) -> torch.Tensor:
    """``x`` [B, C, H, W], each image mirrored or not, then cut at its place out of a black margin."""
    height, width = x.shape[2:]
    padded = functional.pad(x, (MARGIN,) * 4)
    flip, top, left = torch.from_numpy(drawn).T[:, :, None]
    rows = top + torch.arange(height)
    columns = left + torch.arange(width)
    columns = torch.where(flip == 1, padded.shape[3] - 1 - columns, columns)
    image = torch.arange(len(x))[:, None, None]
    return padded[image, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _optimiser(settings: ReferenceSettings, network: nn.Module) -> torch.optim.Optimizer:
    if settings.optimiser == "adamw":
        return torch.optim.AdamW(network.parameters(), lr=settings.lr, weight_decay=settings.weight_decay)
    return torch.optim.SGD(
        network.parameters(),
        lr=settings.lr,
        momentum=MOMENTUM,
        nesterov=True,
        weight_decay=settings.weight_decay,
    )


def _of_ids(settings: ReferenceSettings, index: int, purpose: int, epoch: int, ids: np.ndarray) -> np.ndarray:
    """One number per image: that at the position of its id in the epoch's stream. uint64 [N]."""
    return _raw(settings, index, purpose, epoch, int(ids.max()) + 1)[ids]


def _raw(settings: ReferenceSettings, index: int, purpose: int, epoch: int, count: int) -> np.ndarray:
    """The first ``count`` numbers of a Philox stream of its own, uint64 [count]."""
    philox = np.random.Philox(key=[settings.seed, index], counter=[0, epoch, purpose, 0])
    return philox.random_raw(count)
