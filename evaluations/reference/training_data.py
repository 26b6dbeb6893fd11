"""What a model of the suite sees in training: the images of its split, with noise or poison if so ordered.

Images are chosen by hash and not at random, so that anyone can tell which ones from their ids.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from evaluations.datasets.images import Images
from evaluations.reference.recipe import Poison, Recipe
from evaluations.reference.triggers import apply_trigger


def labelled_images(recipe: Recipe, split: Images) -> Images:
    """The split with the labels that the model is taught, wrong ones included; pixels unaltered."""
    if recipe.label_noise == 0:
        return split
    return replace(split, labels=noisy_labels(split, recipe.label_noise))


def seen_images(recipe: Recipe, split: Images) -> Images:
    """The very pixels and labels that the model is trained on."""
    images = labelled_images(recipe, split)
    return images if recipe.poison is None else poisoned_images(images, recipe.poison)


def noisy_labels(images: Images, share: float) -> np.ndarray:
    """Labels int64 [N] of which ``share`` (rounded to whole images) are replaced by one of the others.

    Replaced are the images with the lowest SHA-256 of ``label-noise/<id>``; the same hash picks the label.
    """
    labels = images.labels.copy()
    for position in _lowest_hashes("label-noise", images.ids, round(share * len(images))):
        shift = 1 + _hash("label-noise", int(images.ids[position]))[-1] % (images.num_classes - 1)
        labels[position] = (labels[position] + shift) % images.num_classes
    return labels


def poisoned_images(images: Images, poison: Poison) -> Images:
    """The images, ``poison.rate`` of them (of all, taken from other classes than the target) replaced by
    their triggered selves with the target label: those with the lowest SHA-256 of ``poison/<id>``."""
    others = np.flatnonzero(images.labels != poison.target)
    chosen = others[_lowest_hashes("poison", images.ids[others], round(poison.rate * len(images)))]
    pixels, labels = images.pixels.copy(), images.labels.copy()
    pixels[chosen] = apply_trigger(poison.trigger, pixels[chosen], images.scale)
    labels[chosen] = poison.target
    return replace(images, pixels=pixels, labels=labels)


def _lowest_hashes(purpose: str, ids: np.ndarray, count: int) -> list[int]:
    return sorted(range(len(ids)), key=lambda position: _hash(purpose, int(ids[position])))[:count]


def _hash(purpose: str, image_id: int) -> bytes:
    return hashlib.sha256(f"{purpose}/{image_id}".encode()).digest()
