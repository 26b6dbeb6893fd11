"""Which images of a pool each reference model is trained on: a cut by hash that anybody can repeat.

Models 2k and 2k + 1 are trained on the two halves of cut k. Every image of the pool is so seen by exactly
half of the models, and the other half never saw it: as many for one image as for another.
"""

from __future__ import annotations

import hashlib

import numpy as np

from evaluations.datasets.images import Images
from sngen.errors import CheckFailed

PURPOSE = "reference-model"


def in_half(pool: Images, index: int) -> np.ndarray:
    """Whether model ``index`` is trained on each image of the pool: bool [N].

    Within each class, images are ordered by the SHA-256 of ``reference-model/<cut>/<image id>``, where the
    cut is ``index // 2``. The first half, rounded down, belongs to the model of even index, the rest to its
    twin.
    """
    cut, odd = divmod(index, 2)
    first = np.zeros(len(pool), dtype=np.bool_)
    for label in range(pool.num_classes):
        members = np.flatnonzero(pool.labels == label)
        ordered = sorted(members, key=lambda position: _hash(cut, int(pool.ids[position])))
        first[ordered[: len(ordered) // 2]] = True
    return ~first if odd else first


def check_disjoint(pool: Images, *evaluated: Images) -> None:
    """Raises ``CheckFailed`` if an evaluated image is in the pool: a reference model may have seen it."""
    for images in evaluated:
        if (images.dataset_id, images.split) != (pool.dataset_id, pool.split):
            continue
        shared = np.intersect1d(images.ids, pool.ids)
        if len(shared):
            raise CheckFailed(
                f"{pool.dataset_id}, split {pool.split}: {len(shared)} images (the first: {shared[0]}) "
                "are both in the pool of the reference models and among the evaluated ones, expected none. "
                "Choose another part of the split as the pool."
            )


def _hash(cut: int, image_id: int) -> bytes:
    return hashlib.sha256(f"{PURPOSE}/{cut}/{image_id}".encode()).digest()
