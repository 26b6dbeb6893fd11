"""Where a unit's weights, images and network come from."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from evaluations.datasets import Images, load_images
from evaluations.engine.work import Row, is_trained_here
from evaluations.protocol import DataRole
from evaluations.reference import suite
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.fetching.obtaining import find_local
from sngen.zoo.model import network_of, weights_of

if TYPE_CHECKING:
    from torch import nn


TRAIN, MEMBERS = "train", "members"


@dataclass(frozen=True)
class Inputs:
    """Everything that is read for a unit. Small: a unit's process gets a copy."""

    settings: Settings

    def known_weights(self, model: Row) -> str | None:
        """SHA-256 of the model's weights: the catalogue's, or else that of its first fetch. None where they
        have to be trained, or fetched, first."""
        if is_trained_here(model):
            return suite.known_sha256(model[MODELS.c.model_id], self.settings)
        if model[MODELS.c.weights_sha256] is not None:
            return str(model[MODELS.c.weights_sha256])
        fetched = find_local(model, self.settings)
        return fetched.name if fetched else None

    def weights(self, model: Row) -> tuple[Path, str]:
        """The file that the model is made from, and the SHA-256 that names its weights.

        A model of the reference suite is trained where it has not been.
        """
        if is_trained_here(model):
            return suite.weights_for(model[MODELS.c.model_id], self.settings)
        return weights_of(model, self.settings), str(self.known_weights(model))

    def images(self, model: Row, data: DataRole) -> Images:
        """The images of a role; for the splits ``train`` and ``members`` see ``DataRole``."""
        end = None if data.first is None else data.skip + data.first
        if self._are_its_own(model, data):
            taught = suite.training_images if data.split == TRAIN else suite.member_images
            images = taught(model[MODELS.c.model_id], self.settings.data)
            images = images if end is None else images.first(end)
        else:
            split = TRAIN if data.split == MEMBERS else data.split
            dataset_id = data.dataset or model[MODELS.c.dataset_id]
            images = load_images(dataset_id, split, self.settings.data, end)
        return images.after(data.skip) if data.skip else images

    def images_name(self, model: Row, data: DataRole) -> Hashable:
        """Equal for equal images: what has to be read only once."""
        if self._are_its_own(model, data):
            return model[MODELS.c.model_id], data
        return data.dataset or model[MODELS.c.dataset_id], replace(data, dataset=None, methods=None)

    def network(self, model: Row, weights: Path, num_classes: int) -> nn.Module:
        """The network on pixels in [0, 1], in eval mode, giving logits [N, num_classes]."""
        return network_of(model, weights, self.settings, num_classes)

    def _are_its_own(self, model: Row, data: DataRole) -> bool:
        return is_trained_here(model) and data.split in (TRAIN, MEMBERS) and data.dataset is None
