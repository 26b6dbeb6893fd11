"""Public image datasets, exactly as published. One file per dataset, named after it.

A dataset's file has ``SPLITS`` (the names of its splits) and
``load(split: str, data_folder: Path, first: int | None) -> Images``. Nothing else knows it.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from evaluations.datasets.images import Images
from sngen.errors import UsageError

__all__ = ["Images", "dataset_ids", "load_images"]

#: Modules of this package that hold no dataset.
_SHARED = frozenset({"images", "blocks", "grey_digits"})


def dataset_ids() -> tuple[str, ...]:
    """Datasets that can be loaded, in alphabetical order."""
    modules = (name for _, name, _ in pkgutil.iter_modules(__path__) if name not in _SHARED)
    return tuple(sorted(name.replace("_", "-") for name in modules))


def load_images(dataset_id: str, split: str, data_folder: Path, first: int | None = None) -> Images:
    """One split, or its first ``first`` images in the publisher's order (then only these are read).

    Raises ``UsageError`` for an unknown dataset or split and for absent files, ``CheckFailed`` for files
    that do not hold the published pixels.
    """
    if dataset_id not in dataset_ids():
        raise UsageError(f"dataset {dataset_id!r} is not known; known are {', '.join(dataset_ids())}.")
    module = importlib.import_module(f"{__name__}.{dataset_id.replace('-', '_')}")
    if split not in module.SPLITS:
        raise UsageError(f"{dataset_id} has no split {split!r}; its splits are {', '.join(module.SPLITS)}.")
    images: Images = module.load(split, data_folder, first)
    return images
