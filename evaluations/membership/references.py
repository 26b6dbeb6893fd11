"""The reference models of a protocol's settings, and the shadow data that they give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluations.datasets.images import Images
from evaluations.membership.pool_halves import check_disjoint
from evaluations.membership.reference_models import ReferenceModels
from evaluations.method import Preparation
from sngen.settings import Settings

POOL = "pool"


def references(data: Mapping[str, Images], settings: Mapping[str, Any], folders: Settings) -> ReferenceModels:
    """Models trained on halves of the role ``pool``, which none of the evaluated images is in.

    Settings: ``reference_models``, the fields of ``ReferenceSettings``. Trains what is not there.
    """
    check_disjoint(data[POOL], data["members"], data["nonmembers"])
    models = ReferenceModels(settings["reference_models"], data[POOL], folders)
    models.train_missing()
    return models


def untrained(
    data: Mapping[str, Images], settings: Mapping[str, Any], folders: Settings
) -> list[Preparation]:
    """Training of each reference model that is not there: units of their own, shared by all targets."""
    pool = data[POOL]
    models = ReferenceModels(settings["reference_models"], pool, folders)
    return [
        Preparation(
            f"reference model {index} on {pool.dataset_id} ({models.name(index)})",
            _train,
            (dict(settings["reference_models"]), pool, folders, index),
        )
        for index in models.missing()
    ]


def _train(settings: Mapping[str, Any], pool: Images, folders: Settings, index: int) -> None:
    ReferenceModels(settings, pool, folders).train(index)


@dataclass(frozen=True)
class Shadow:
    """Answers of reference models to the pool: logits float32 [S, K], labels int64 [S], and whether the
    model that answers was trained on the image, bool [S]."""

    logits: np.ndarray
    labels: np.ndarray
    is_member: np.ndarray


def shadow(models: ReferenceModels, count: int) -> Shadow:
    """The answers of the first ``count`` models, one after the other."""
    pool, chosen = models.pool, range(count)
    return Shadow(
        np.concatenate([models.logits(index, pool) for index in chosen]),
        np.concatenate([pool.labels for _ in chosen]),
        np.concatenate([models.in_mask(index) for index in chosen]),
    )
