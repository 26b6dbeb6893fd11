"""Public image datasets, exactly as published. One file per dataset, named after it, or per collection.

A dataset's file has ``SPLITS`` (the names of its splits), ``DOWNLOADS`` (its publisher's files), ``BY_HAND``
(where there are none: what to do instead) and
``load(split: str, data_folder: Path, first: int | None) -> Images``. Where names differ, ``DATASETS`` has an
object with these for each id, and ``REFUSED`` says why others cannot be measured. Nothing else knows a
dataset.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from evaluations.datasets.images import Images
from evaluations.datasets.publication import Download
from sngen.errors import UsageError

__all__ = ["Dataset", "Images", "dataset_ids", "find_dataset", "load_images"]

#: Modules of this package that hold no dataset.
_SHARED = frozenset(
    {
        "images",
        "blocks",
        "grey_digits",
        "publication",
        "downloading",
        "opencv_resize",
        "gtsrb_archives",
        "imagenet_labels",
        "jpeg",
    }
)


class Dataset(Protocol):
    SPLITS: Collection[str]
    DOWNLOADS: tuple[Download, ...]
    BY_HAND: str

    def load(self, split: str, data_folder: Path, first: int | None) -> Images: ...


def dataset_ids() -> tuple[str, ...]:
    """Datasets that can be loaded, in alphabetical order."""
    return tuple(sorted(_found()[0]))


def find_dataset(dataset_id: str) -> Dataset:
    """Raises ``UsageError`` for one that is not known, or whose images are no single-label images."""
    datasets, refused = _found()
    if dataset_id in refused:
        raise UsageError(f"dataset {dataset_id!r} cannot be loaded: {refused[dataset_id]}.")
    if dataset_id not in datasets:
        raise UsageError(f"dataset {dataset_id!r} is not known; known are {', '.join(dataset_ids())}.")
    return datasets[dataset_id]


def load_images(dataset_id: str, split: str, data_folder: Path, first: int | None = None) -> Images:
    """One split, or its first ``first`` images in the publisher's order (then only these are read).

    Raises ``UsageError`` for an unknown dataset or split and for absent files, ``CheckFailed`` for files
    that do not hold the published pixels.
    """
    dataset = find_dataset(dataset_id)
    if split not in dataset.SPLITS:
        raise UsageError(f"{dataset_id} has no split {split!r}; its splits are {', '.join(dataset.SPLITS)}.")
    return dataset.load(split, data_folder, first)


@cache
def _found() -> tuple[Mapping[str, Dataset], Mapping[str, str]]:
    """Datasets by id, and why others of the same publishers are refused."""
    datasets: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for _, name, _ in pkgutil.iter_modules(__path__):
        if name not in _SHARED:
            module: Any = importlib.import_module(f"{__name__}.{name}")
            datasets |= getattr(module, "DATASETS", {name.replace("_", "-"): module})
            refused |= getattr(module, "REFUSED", {})
    return datasets, refused
