"""NEO: a patch that takes an image's label away when covered, and gives it to others when pasted.

S. Udeshi et al., "Model Agnostic Defence against Backdoor Attacks in Machine Learning", 2019,
arXiv:1908.02203.
"""

from __future__ import annotations

import numpy as np
import torch
from sklearn.cluster import KMeans

from evaluations.backdoor.detection import CLEAN, CONSTANT, Case, Detection
from evaluations.backdoor.input_scores import input_detection, judged

COLOURS = 3


def neo(case: Case) -> Detection:
    """The share of images that hold a patch which, pasted on clean images, sends ``threshold`` of them (the
    paper's 80 %) to one label that they did not have.

    Settings: ``images`` judged (role ``verdict``), ``sizes`` of the square that covers and its ``stride``,
    ``pasted`` on how many images of the role ``clean``, ``threshold``. Suspicion is the largest share. The
    paper takes the size of the trigger as known; here all sizes are tried. It judges inputs; it has no
    verdict on a model.
    """
    settings = case.settings
    images, triggered, other = judged(case, settings["images"])
    if case.is_constant():
        return Detection(status=CONSTANT)
    onto = case.enough(CLEAN, settings["pasted"]).tensor()
    before = _labels(case, onto)
    suspicion = np.array([suspicion_of(case, image, onto, before) for image in images.tensor()])
    of_triggered = None
    if triggered is not None:
        x = torch.from_numpy(triggered[other].astype(np.float32)) / images.scale
        of_triggered = np.array([suspicion_of(case, image, onto, before) for image in x])
    meaning = "largest share of clean images that a patch of the image sends to one label"
    below = np.nextafter(settings["threshold"], 0)  # the threshold itself is an alarm
    return input_detection(images, suspicion, of_triggered, float(below), meaning)


def suspicion_of(case: Case, image: torch.Tensor, onto: torch.Tensor, before: torch.Tensor) -> float:
    """Of one image [C, H, W]: the largest share of ``onto`` [M, C, H, W], labelled ``before`` [M], that one
    of
    its patches sends to the image's own label, of those that did not have it."""
    colour = dominant_colour(image)
    own = int(_labels(case, image[None])[0])
    best = 0.0
    for size in case.settings["sizes"]:
        places = _places(image.shape[1:], size, case.settings["stride"])
        covered = image.repeat(len(places), 1, 1, 1)
        for number, (row, column) in enumerate(places):
            covered[number, :, row : row + size, column : column + size] = colour[:, None, None]
        changed = _labels(case, covered) != own
        for number in torch.nonzero(changed)[:, 0].tolist():
            row, column = places[number]
            best = max(best, _carried(case, image, onto, before, own, row, column, size))
    return best


def _carried(
    case: Case, image: torch.Tensor, onto: torch.Tensor, before: torch.Tensor, own: int, row: int,
    column: int, size: int,
) -> float:  # fmt: skip
    """Share of the images of other labels that the patch, pasted in its place, sends to the label ``own``."""
    others = before != own
    if not others.any():
        return 0.0
    pasted = onto[others].clone()
    window = (slice(row, row + size), slice(column, column + size))
    pasted[:, :, window[0], window[1]] = image[:, window[0], window[1]]
    return float((_labels(case, pasted) == own).float().mean())


def dominant_colour(image: torch.Tensor) -> torch.Tensor:
    """The centre [C] of the largest of three clusters of the colours of an image [C, H, W]."""
    colours = image.flatten(1).T.numpy().astype(np.float64)
    clusters = min(COLOURS, len(np.unique(colours, axis=0)))
    fitted = KMeans(clusters, n_init=1, random_state=0).fit(colours)
    largest = np.bincount(fitted.labels_).argmax()
    return torch.from_numpy(fitted.cluster_centers_[largest].astype(np.float32))


def _places(shape: tuple[int, ...], size: int, stride: int) -> list[tuple[int, int]]:
    """Upper left corners of a square that slides over the image, the last row and column included."""
    rows, columns = (sorted({*range(0, side - size, stride), side - size}) for side in shape)
    return [(row, column) for row in rows for column in columns]


def _labels(case: Case, x: torch.Tensor) -> torch.Tensor:
    parts = x.split(case.settings["batch_size"])
    return torch.cat([case.target.query(part).argmax(dim=1) for part in parts])
