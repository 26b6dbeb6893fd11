"""Random numbers that belong to an image and an attack, whatever else is computed beside them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np
import torch

Ids = Sequence[int] | np.ndarray
Counter = int | np.ndarray

MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL = 0x9E3779B9, 0xBB67AE85
ROUNDS = 10
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


def philox4x32(counter: np.ndarray, key: tuple[int, int]) -> np.ndarray:
    """Philox4x32-10 (Salmon et al., SC 2011): uint32 [4, ...] words of counters uint32 [4, ...] and a key.

    A pure function, so that a number is found from where it stands instead of from what came before it.
    """
    c0, c1, c2, c3 = (word.astype(np.uint64) for word in counter)
    k0, k1 = key
    for _ in range(ROUNDS):
        first, second = c0 * MULTIPLIERS[0], c2 * MULTIPLIERS[1]
        c0, c1, c2, c3 = (
            (second >> HALF) ^ c1 ^ np.uint64(k0), second & LOW,
            (first >> HALF) ^ c3 ^ np.uint64(k1), first & LOW,
        )  # fmt: skip
        k0, k1 = (k0 + WEYL[0]) & 0xFFFFFFFF, (k1 + WEYL[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3]).astype(np.uint32)


class Noise:
    """The noise of one attack under one seed.

    A value is a function of (seed, attack; image id, restart, draw; position in the shape) and of nothing
    else: an image gets the same noise alone, in any batch, in any order and in any shard. ``ids``,
    ``restart`` and ``draw`` are below 2^32; the latter two may be one number or one for each image.
    """

    def __init__(self, seed: int, attack: str) -> None:
        digest = hashlib.sha256(f"{seed} {attack}".encode()).digest()
        self._key = int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little")

    def uniform(self, ids: Ids, restart: Counter, draw: Counter, shape: Sequence[int]) -> torch.Tensor:
        """float32 [N, *shape] in [0, 1), multiples of 2^-24."""
        words = self._words(ids, restart, draw, math.prod(shape))
        values = (words >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)
        return torch.from_numpy(values).reshape(-1, *shape)

    def normal(self, ids: Ids, restart: Counter, draw: Counter, shape: Sequence[int]) -> torch.Tensor:
        """float32 [N, *shape] of the standard normal distribution (Box and Muller, 1958)."""
        count = math.prod(shape)
        pairs = (count + 1) // 2
        words = self._words(ids, restart, draw, 2 * pairs).astype(np.float64)
        radius = np.sqrt(
            -2 * np.log((words[:, :pairs] + 1) * 2**-32)
        )  # the logarithm's argument is in (0, 1]
        angle = words[:, pairs:] * (2 * np.pi * 2**-32)
        values = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        return torch.from_numpy(values[:, :count].astype(np.float32)).reshape(-1, *shape)

    def integers(self, ids: Ids, restart: Counter, draw: Counter, high: int, count: int) -> torch.Tensor:
        """int64 [N, count] in [0, high), ``high`` at most 2^31. No value is off by more than high / 2^32."""
        if not 0 < high <= 2**31:
            raise ValueError(f"integers below {high}: expected a bound from 1 to 2^31")
        words = self._words(ids, restart, draw, count).astype(np.uint64)
        return torch.from_numpy(((words * np.uint64(high)) >> HALF).astype(np.int64))

    def _words(self, ids: Ids, restart: Counter, draw: Counter, count: int) -> np.ndarray:
        """uint32 [N, count]: the first ``count`` words of each image's stream."""
        names = np.asarray(ids, dtype=np.int64).reshape(-1)
        blocks = (count + 3) // 4
        counter = np.empty((4, len(names), blocks), np.uint32)
        counter[0] = np.arange(blocks)
        for word, values in ((1, names), (2, restart), (3, draw)):
            numbers = np.broadcast_to(np.asarray(values, dtype=np.int64), names.shape)
            if numbers.size and not 0 <= int(numbers.min()) <= int(numbers.max()) < 2**32:
                raise ValueError(f"an image id, restart or draw is outside 0 to 2^32 - 1: {numbers}")
            counter[word] = numbers[:, None]
        words = philox4x32(counter, self._key)
        return words.transpose(1, 2, 0).reshape(len(names), -1)[:, :count]
