"""Train a surrogate on answers: equal settings, images, answers, code and torch give equal weights.

One by one, on one thread each, with channels last: on a CPU, several networks stacked into one (grouped
convolutions, vmap) take longer than one after the other, except for networks of a few thousand parameters
(benchmarks/stealing.md). Units of different targets run side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import torch
from torch.nn import functional

from evaluations.datasets.images import Images
from evaluations.membership.reference_training import MARGIN, MOMENTUM, flip_crop
from evaluations.one_thread import one_thread
from evaluations.stealing.surrogate_settings import SurrogateSettings
from sngen.errors import CheckFailed
from sngen.zoo.architectures import build
from sngen.zoo.on_pixels import OnPixels

#: What a stream of random numbers is for.
INITIAL, ORDER, AUGMENTATION = range(3)


def train(
    settings: SurrogateSettings, images: Images, answers: np.ndarray, seed: int
) -> dict[str, torch.Tensor]:
    """Tensors of a surrogate, by name, after ``settings.steps`` steps of soft cross-entropy in float32.

    ``answers`` [N, K]: what the target said of the ``images``, as probabilities. Each image comes once before
    any comes again. Without images the network stays as it was initialised. Raises ``CheckFailed`` for
    answers that are no probabilities, before anything is trained, and for weights that come out not finite.
    """
    check_answers(answers, images)
    with one_thread(), torch.random.fork_rng(devices=[]), torch.enable_grad():
        network = fresh(settings, images, seed)
        if len(images):
            _descend(settings, network, images, answers, seed)
    tensors = {name: tensor.detach().contiguous() for name, tensor in network.network.state_dict().items()}
    check_finite(tensors, settings, len(images))
    return tensors


def check_finite(tensors: Mapping[str, torch.Tensor], settings: SurrogateSettings, budget: int) -> None:
    """Raises ``CheckFailed`` for weights after training that are not finite."""
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise CheckFailed(
            f"surrogate {settings.architecture} on {budget} answers: weights that are not finite after "
            f"training with lr {settings.lr}. Lower the learning rate."
        )


def fresh(settings: SurrogateSettings, images: Images, seed: int) -> OnPixels:
    """The network for images of this size and these classes, as the seed initialises it."""
    channels, height, width = images.pixels.shape[1:]
    if channels != len(settings.mean):
        raise CheckFailed(
            f"surrogate for {images.dataset_id}: {len(settings.mean)} means, expected {channels}, one per "
            "channel. Mend the protocol."
        )
    torch.manual_seed(int(_stream(seed, INITIAL, 0, 1)[0] >> 1))
    network = build(settings.architecture, images.num_classes, (channels, height, width))
    return OnPixels(network, list(settings.mean), list(settings.std))


def check_answers(answers: np.ndarray, images: Images) -> None:
    """Raises ``CheckFailed`` unless there is one distribution over the classes for every image."""
    where = f"answers on {images.dataset_id}, split {images.split}"
    if answers.shape != (len(images), images.num_classes):
        raise CheckFailed(
            f"{where}: shape {list(answers.shape)}, expected {[len(images), images.num_classes]}, one number "
            "per image and class."
        )
    fine = (answers >= 0).all(axis=1) & (np.abs(answers.sum(axis=1) - 1) < 1e-4)  # false for NaN
    if not fine.all():
        row = int(np.flatnonzero(~fine)[0])
        raise CheckFailed(
            f"{where}: that on image {images.ids[row]} is {answers[row]}, expected probabilities. Check the "
            "target's weights and normalisation."
        )


def _descend(
    settings: SurrogateSettings, network: OnPixels, images: Images, answers: np.ndarray, seed: int
) -> None:
    # Channels last: convolutions on a CPU are then up to 1.7 times as fast.
    x = images.tensor().contiguous(memory_format=torch.channels_last)
    wanted = torch.tensor(answers, dtype=torch.float32)
    network.to(memory_format=torch.channels_last).train()
    optimiser = optimiser_of(settings, network.parameters())
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.steps)
    for step, chosen in enumerate(batches(len(images), settings.batch, settings.steps, seed)):
        batch = x[chosen]
        if settings.augmentation == "flip-crop":
            batch = flip_crop(batch, draws(seed, step, len(chosen)))
        optimiser.zero_grad()
        functional.cross_entropy(network(batch), wanted[chosen]).backward()
        optimiser.step()
        schedule.step()


def batches(count: int, size: int, steps: int, seed: int) -> Iterator[np.ndarray]:
    """Positions int64 of the images of each step: ``size`` of them, or all where there are fewer."""
    size = min(size, count)
    order, epoch = np.empty(0, dtype=np.int64), 0
    for _ in range(steps):
        if len(order) < size:
            drawn = np.argsort(_stream(seed, ORDER, epoch, count), kind="stable")
            order, epoch = np.concatenate([order, drawn]), epoch + 1
        chosen, order = order[:size], order[size:]
        yield chosen


def draws(seed: int, step: int, count: int) -> np.ndarray:
    """What ``flip_crop`` does to each image of a step."""
    raw = _stream(seed, AUGMENTATION, step, count)
    places = np.uint64(2 * MARGIN + 1)
    rows, columns = (raw >> np.uint64(1)) % places, (raw >> np.uint64(1)) // places % places
    return np.stack([raw & np.uint64(1), rows, columns], axis=1).astype(np.int64)


def optimiser_of(settings: SurrogateSettings, parameters: Iterable[torch.Tensor]) -> torch.optim.Optimizer:
    lr, decay = settings.lr, settings.weight_decay
    if settings.optimiser == "adamw":
        return torch.optim.AdamW(parameters, lr=lr, weight_decay=decay)
    return torch.optim.SGD(parameters, lr=lr, momentum=MOMENTUM, nesterov=True, weight_decay=decay)


def _stream(seed: int, purpose: int, turn: int, count: int) -> np.ndarray:
    """The first ``count`` numbers of a Philox stream of its own, uint64 [count]."""
    raw: np.ndarray = np.random.Philox(key=[seed, 0], counter=[0, turn, purpose, 0]).random_raw(count)
    return raw
