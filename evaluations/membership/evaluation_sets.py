"""Members and non-members that an attack may be judged on."""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2_contingency

from evaluations.datasets.images import Images
from sngen.errors import CheckFailed

#: Below this probability, the two sides' classes were not drawn from one distribution.
SAME_CLASSES = 1e-6


def check_sets(members: Images, nonmembers: Images, needed: int = 2) -> None:
    """Raises ``CheckFailed`` naming what makes a number from these two sets mean something else.

    ``members`` carry the labels they were given in training. Checked, in this order: both sides are images of
    one dataset, of one size and one number of classes; no image is there twice; each side has at least
    ``needed`` images, and both equally many; no image is on both sides; the classes are distributed alike
    (chi-squared test of homogeneity, p >= 1e-6), because a score that only knows the classes would tell the
    sides apart otherwise.
    """
    _check_one_dataset(members, nonmembers)
    for side, images in (("members", members), ("non-members", nonmembers)):
        _check_side(side, images, needed)
    if len(members) != len(nonmembers):
        raise CheckFailed(
            f"{members.dataset_id}: {len(members)} members and {len(nonmembers)} non-members, expected "
            f"equally many. Take {min(len(members), len(nonmembers))} of each."
        )
    _check_disjoint(members, nonmembers)
    _check_classes(members, nonmembers)


def _check_one_dataset(members: Images, nonmembers: Images) -> None:
    found = [
        (images.dataset_id, list(images.pixels.shape[1:]), images.scale, images.num_classes)
        for images in (members, nonmembers)
    ]
    if found[0] != found[1]:
        raise CheckFailed(
            f"members are of {found[0]} and non-members of {found[1]} (dataset, size, scale, classes), "
            "expected one dataset: an attack would learn to tell the datasets apart."
        )


def _check_side(side: str, images: Images, needed: int) -> None:
    where = f"{side}: {images.dataset_id}, split {images.split}"
    if len(images) < needed:
        raise CheckFailed(f"{where}: found {len(images)} images, expected at least {needed}. Take more.")
    ids, counts = np.unique(images.ids, return_counts=True)
    if (counts > 1).any():
        raise CheckFailed(
            f"{where}: {int((counts > 1).sum())} ids are there more than once, the first is "
            f"{ids[counts > 1][0]}; expected every image once."
        )


def _check_disjoint(members: Images, nonmembers: Images) -> None:
    if members.split != nonmembers.split:
        return
    shared = np.intersect1d(members.ids, nonmembers.ids)
    if len(shared):
        raise CheckFailed(
            f"{members.dataset_id}, split {members.split}: {len(shared)} images are members and non-members "
            f"at once, the first is {shared[0]}; expected disjoint sets."
        )


def _check_classes(members: Images, nonmembers: Images) -> None:
    counts = np.stack(
        [np.bincount(images.labels, minlength=images.num_classes) for images in (members, nonmembers)]
    )
    counts = counts[:, counts.sum(axis=0) > 0]
    p_value = float(chi2_contingency(counts).pvalue) if counts.shape[1] > 1 else 1.0
    if p_value < SAME_CLASSES:
        raise CheckFailed(
            f"{members.dataset_id}: members and non-members differ in their classes (p = {p_value:.0e}; "
            f"images by class {counts[0].tolist()} and {counts[1].tolist()}), expected the same shares. "
            "Draw both by class."
        )
