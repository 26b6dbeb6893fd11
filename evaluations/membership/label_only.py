"""The label-only attack: the answers to members hold when the image is changed a little."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from evaluations.adversarial.noise import Noise
from evaluations.datasets.images import Images
from evaluations.membership.measuring import evaluated, measurement
from evaluations.method import Measurement, method
from evaluations.target import Target
from sngen.errors import CheckFailed


def label_only(target: Target, images: Images, settings: Mapping[str, Any], seed: int) -> np.ndarray:
    """Member scores float64 [N] in [0, 1]: the share of an image's versions that get the label of ``images``.

    That label is the one given in training, also where it is wrong. Nothing but the predicted label is
    used. Versions: the image itself; shifts by ``shifts``: for each distance d the 4d moves by (i, j) pixels
    with |i| + |j| = d; rotations by plus and minus each angle of ``rotations``, in degrees, bilinear; the
    mirror image if ``flip`` (not for digits); ``noise_copies`` copies with Gaussian noise for each standard
    deviation of ``noise``, in pixel units of [0, 1], cut off at 0 and 1. Pixels that come in from outside
    repeat the edge. Every version of every image is one query; ``batch_size`` images at a time. C. A.
    Choquette-Choo et al., "Label-Only Membership Inference Attacks", ICML 2021, arXiv:2007.14321, sections 3
    and 4. Raises ``CheckFailed`` naming the first image whose logits are not finite.
    """
    noise = Noise(seed, "label-only")
    shares = []
    for start in range(0, len(images), settings["batch_size"]):
        part = slice(start, start + settings["batch_size"])
        x = torch.from_numpy(images.pixels[part].astype(np.float32)).div_(images.scale)
        labels = torch.tensor(images.labels[part])
        right = [
            _predicted(target, version, images, start) == labels
            for version in versions(x, images.ids[part], settings, noise)
        ]
        shares.append(torch.stack(right).double().mean(dim=0))
    return torch.cat(shares).numpy()


def versions(
    x: torch.Tensor, ids: np.ndarray, settings: Mapping[str, Any], noise: Noise
) -> Iterator[torch.Tensor]:
    """The versions of the images, one batch [B, C, H, W] in [0, 1] after another; first the images."""
    yield x
    for distance in settings["shifts"]:
        for down, right in moves(distance):
            yield shifted(x, down, right)
    for degrees in settings["rotations"]:
        yield rotated(x, degrees)
        yield rotated(x, -degrees)
    if settings["flip"]:
        yield x.flip(3)
    for level, sigma in enumerate(settings["noise"]):
        for copy in range(settings["noise_copies"]):
            drawn = noise.normal(ids, copy, level, x.shape[1:])
            yield (x + sigma * drawn).clamp(0, 1)


def moves(distance: int) -> list[tuple[int, int]]:
    """All (i, j) with |i| + |j| = ``distance``: 4 ``distance`` of them for a distance above 0."""
    span = range(-distance, distance + 1)
    return [(i, j) for i in span for j in span if abs(i) + abs(j) == distance]


def shifted(x: torch.Tensor, down: int, right: int) -> torch.Tensor:
    """Content [B, C, H, W] moved by whole pixels; the edge is repeated."""
    rows = (torch.arange(x.shape[2]) - down).clamp(0, x.shape[2] - 1)
    columns = (torch.arange(x.shape[3]) - right).clamp(0, x.shape[3] - 1)
    return x[:, :, rows][:, :, :, columns]


def rotated(x: torch.Tensor, degrees: float) -> torch.Tensor:
    """Content [B, C, H, W] turned about the centre, anticlockwise as seen; bilinear, the edge is repeated."""
    angle = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    height, width = x.shape[2:]
    down = torch.arange(height, dtype=torch.float64) - (height - 1) / 2
    right = torch.arange(width, dtype=torch.float64) - (width - 1) / 2
    # Where each pixel of the result comes from: turned back, clockwise. Rows count downwards.
    from_right = right * angle.cos() - down[:, None] * angle.sin()
    from_down = right * angle.sin() + down[:, None] * angle.cos()
    grid = torch.stack([from_right * 2 / width, from_down * 2 / height], dim=-1).to(x.dtype)
    turned = functional.grid_sample(
        x, grid.expand(len(x), -1, -1, -1), mode="bilinear", padding_mode="border", align_corners=False
    )
    return turned.clamp(0, 1)  # rounding


def _predicted(target: Target, x: torch.Tensor, images: Images, start: int) -> torch.Tensor:
    logits = target.query(x)
    finite = logits.isfinite().all(dim=1)
    if not bool(finite.all()):
        row = int((~finite).nonzero()[0])
        raise CheckFailed(
            f"{target.model_id} on {images.dataset_id}, split {images.split}: logits of a version of image "
            f"{images.ids[start + row]} are not finite: {logits[row].tolist()}. Check the weights and the "
            "normalisation."
        )
    return logits.argmax(dim=1)


@method("membership", "label-only", version=1)
def label_only_attack(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int
) -> Measurement:
    """How well ``label_only`` tells the first ``images`` members from as many non-members."""
    members, nonmembers = evaluated(data, settings)
    scores = [label_only(target, side, settings, seed) for side in (members, nonmembers)]
    return measurement(scores[0], scores[1], members, nonmembers, seed)
