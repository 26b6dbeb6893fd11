"""Query images that take no data at all: uniform noise, and pictures of the Ising model."""

from __future__ import annotations

import numpy as np

from evaluations.datasets.images import Images

#: Temperatures of the pictures, in units of the coupling: from large patches, past the critical 2.27, to
#: grain.
COLDEST, HOTTEST = 1.5, 4.0
SWEEPS = 24
NOISE, ISING = range(2)


def uniform_noise(like: Images, count: int, seed: int) -> Images:
    """``count`` images in which every value is equally likely; an image depends on seed and id alone."""
    shape = like.pixels.shape[1:]
    pixels = [_random(seed, NOISE, image).integers(0, like.scale + 1, shape) for image in range(count)]
    return _images(np.array(pixels), like, "noise")


def ising(like: Images, count: int, seed: int) -> Images:
    """``count`` black and white pictures of the Ising model, one channel like the other, each at its own
    temperature.

    N. Roberts, V. Prabhu, M. McAteer, "Model Weight Theft With Just Noise Inputs", 2019, arXiv:1912.08987:
    their patches have the scale of objects, which uniform noise lacks. Drawn from random spins by ``SWEEPS``
    sweeps of the heat bath over the two colours of a chessboard, with periodic borders.
    """
    channels, height, width = like.pixels.shape[1:]
    generators = [_random(seed, ISING, image) for image in range(count)]
    heat = np.array([g.uniform(COLDEST, HOTTEST) for g in generators])[:, None, None]
    spins = np.array([g.integers(0, 2, (height, width)) * 2 - 1 for g in generators], dtype=np.int8)
    black = np.indices((height, width)).sum(axis=0) % 2 == 0
    for _ in range(SWEEPS):
        for colour in (black, ~black):
            field = sum(np.roll(spins, shift, axis) for shift in (-1, 1) for axis in (1, 2))
            draws = np.array([g.random((height, width), dtype=np.float32) for g in generators])
            up = draws < 1 / (1 + np.exp(-2 * field / heat))
            spins = np.where(colour, np.where(up, 1, -1), spins).astype(np.int8)
    pixels = ((spins > 0) * like.scale)[:, None].repeat(channels, axis=1)
    return _images(pixels, like, "ising")


def _random(seed: int, purpose: int, image: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[seed, purpose], counter=[0, image, 0, 0]))


def _images(pixels: np.ndarray, like: Images, name: str) -> Images:
    count = len(pixels)
    return Images(
        like.dataset_id, name, pixels.astype(np.uint8), like.scale, np.zeros(count, dtype=np.int64),
        np.arange(count, dtype=np.int32), like.num_classes,
    )  # fmt: skip
