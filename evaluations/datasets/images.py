"""Exact pixels and labels of one split of a public dataset, and the fingerprint that names them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sngen.errors import UsageError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Images:
    """N labelled images, unaltered.

    ``pixels`` is uint8 [N, C, H, W]; ``scale`` is the pixel value that stands for 1.0 (255; digits 16);
    ``labels`` is int64 [N] in [0, num_classes); ``ids`` is int32 [N], each image's position in the
    publisher's order of this split. The arrays are made read-only: a fingerprint must stay true.

    ``preparation`` says in words how pixels came about that are not the publisher's bytes: what decoded and
    resized them, in which version. Empty where there was no such choice.
    """

    dataset_id: str
    split: str
    pixels: np.ndarray
    scale: int
    labels: np.ndarray
    ids: np.ndarray
    num_classes: int
    preparation: str = ""

    def __post_init__(self) -> None:
        where = f"images of {self.dataset_id}, split {self.split}"
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 4:
            found = f"{self.pixels.dtype} {list(self.pixels.shape)}"
            raise ValueError(f"{where}: expected pixels uint8 [N, C, H, W], found {found}")
        for name, array, dtype in (("labels", self.labels, np.int64), ("ids", self.ids, np.int32)):
            if array.dtype != dtype or array.shape != self.pixels.shape[:1]:
                raise ValueError(
                    f"{where}: expected {name} {np.dtype(dtype)} [{len(self.pixels)}], "
                    f"found {array.dtype} {list(array.shape)}"
                )
        if self.pixels.size and int(self.pixels.max()) > self.scale:
            raise ValueError(f"{where}: pixel {int(self.pixels.max())} is above the scale {self.scale}")
        if self.labels.size and not 0 <= int(self.labels.min()) <= int(self.labels.max()) < self.num_classes:
            raise ValueError(f"{where}: a label is outside 0 to {self.num_classes - 1}")
        for array in (self.pixels, self.labels, self.ids):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.pixels)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over, in this order: the ASCII line ``securitynet-images 1 N C H W scale`` and a
        newline; the pixels, row by row in the order [N, C, H, W]; the labels as little-endian int64; the
        ids as little-endian int32; and ``preparation`` in UTF-8, if there is any."""
        n, channels, height, width = self.pixels.shape
        digest = hashlib.sha256(
            f"securitynet-images 1 {n} {channels} {height} {width} {self.scale}\n".encode("ascii")
        )
        digest.update(np.ascontiguousarray(self.pixels).data)
        digest.update(self.labels.astype("<i8").tobytes())
        digest.update(self.ids.astype("<i4").tobytes())
        digest.update(self.preparation.encode())
        return digest.hexdigest()

    def first(self, n: int) -> Images:
        """The first ``n`` images. Raises ``UsageError`` where there are fewer."""
        if not 0 < n <= len(self):
            raise UsageError(
                f"{self.dataset_id}, split {self.split}: asked for the first {n} images of {len(self)}; "
                f"ask for 1 to {len(self)}."
            )
        return replace(self, pixels=self.pixels[:n], labels=self.labels[:n], ids=self.ids[:n])

    def after(self, n: int) -> Images:
        """All but the first ``n`` images. Raises ``UsageError`` where nothing is left."""
        if not 0 <= n < len(self):
            raise UsageError(
                f"{self.dataset_id}, split {self.split}: asked to skip {n} images of {len(self)}; skip "
                f"0 to {len(self) - 1}."
            )
        return replace(self, pixels=self.pixels[n:], labels=self.labels[n:], ids=self.ids[n:])

    def tensor(self) -> torch.Tensor:
        """All pixels as float32 [N, C, H, W] in [0, 1]."""
        return _as_floats(self.pixels, self.scale)

    def batches(self, batch_size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Pairs of pixels (float32 [B, C, H, W] in [0, 1]) and labels (int64 [B]), in order."""
        import torch  # noqa: PLC0415 - planning a run reads images and needs no torch

        for start in range(0, len(self), batch_size):
            part = slice(start, start + batch_size)
            yield _as_floats(self.pixels[part], self.scale), torch.tensor(self.labels[part])


def _as_floats(pixels: np.ndarray, scale: int) -> torch.Tensor:
    import torch  # noqa: PLC0415

    return torch.from_numpy(pixels.astype(np.float32)).div_(scale)
