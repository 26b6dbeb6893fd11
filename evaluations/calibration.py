"""How fast this machine is right now, so that seconds from different machines can be compared.

Taken before and after each unit: a machine that slowed down in between shows it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from evaluations.datasets.images import Images

KERNEL_REPEATS = 5
RATE_SECONDS = 0.05  # processor time of the measured forwards, unless a single batch takes longer
RATE_BATCH = 64


def kernel_seconds(device: str = "cpu") -> float:
    """Wall time in seconds of a fixed float32 kernel on ``device``, on a processor with torch's current
    number of threads: median of 5.

    The kernel is a 3 x 3 convolution of 32 images of 16 x 32 x 32 with 16 filters (75 million
    multiplications and additions) and a product of two 384 x 384 matrices (57 million).
    """
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(32, 16, 32, 32, generator=generator).to(device)
    filters = torch.rand(16, 16, 3, 3, generator=generator).to(device)
    matrix = torch.rand(384, 384, generator=generator).to(device)
    seconds = []
    with torch.no_grad():
        for _ in range(KERNEL_REPEATS + 1):
            start = time.perf_counter()
            functional.conv2d(images, filters, padding=1)
            torch.mm(matrix, matrix)
            _wait(device)
            seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])  # the first one sets up the kernels


def kernel_seconds_of_one_thread(device: str = "cpu") -> float:
    """``kernel_seconds``, whatever the number of torch's threads is, and is again afterwards."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return kernel_seconds(device)
    finally:
        torch.set_num_threads(threads)


def forward_rate(
    target_network: nn.Module, images: Images, batch_size: int = RATE_BATCH, device: str = "cpu"
) -> float:
    """Images per CPU-second (processor time over all threads) of bare forward passes, uncounted; on an
    accelerator, per second of wall time.

    Passes the first ``batch_size`` images (all, where there are fewer) again and again for 0.05 CPU-seconds,
    once at the least: the default takes under a second for a ResNet-56 on 32 x 32 pixels.
    """
    batch = images.first(min(batch_size, len(images))).tensor().to(device)

    def forward() -> None:
        with torch.no_grad():
            target_network(batch)

    return len(batch) * _passes_per_second(forward, device)


def forward_backward_rate(
    target_network: nn.Module, images: Images, batch_size: int = RATE_BATCH, device: str = "cpu"
) -> float:
    """As ``forward_rate``, of forward passes with the gradient of a loss with respect to the pixels."""
    chosen = images.first(min(batch_size, len(images)))
    batch, labels = chosen.tensor().to(device), torch.tensor(chosen.labels).to(device)

    def forward_backward() -> None:
        x = batch.detach().requires_grad_(True)
        torch.autograd.grad(functional.cross_entropy(target_network(x), labels, reduction="sum"), x)

    return len(batch) * _passes_per_second(forward_backward, device)


def _passes_per_second(run: Callable[[], None], device: str) -> float:
    clock = time.process_time if device == "cpu" else time.perf_counter
    run()  # sets up memory and kernels of this shape
    _wait(device)
    passes, spent = 0, 0.0
    start = clock()
    while spent < RATE_SECONDS:
        run()
        _wait(device)
        passes += 1
        spent = clock() - start
    return passes / spent


def _wait(device: str) -> None:
    """Until an accelerator has done what it was given; a processor has."""
    if device != "cpu":
        torch.accelerator.synchronize(device)
