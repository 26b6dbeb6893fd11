"""Networks of the package torchvision: ``torchvision/<name>``, built without weights."""

from __future__ import annotations

import difflib
from functools import partial

import torchvision
from torch import nn

from sngen.errors import UsageError
from sngen.zoo.architectures.architecture import Architecture, InputSize

SIZE = (3, 224, 224)
#: These end in auxiliary classifiers while training; their tensors are in the published files.
WITH_AUXILIARY = ("googlenet", "inception_v3")


def architecture(name: str) -> Architecture:
    """Raises ``UsageError`` for a name that torchvision does not have as a classifier."""
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        raise UsageError(
            f"torchvision {torchvision.__version__} has no classifier {name!r}; nearest: {', '.join(near)}."
        )
    return Architecture(partial(_build, name), SIZE)


def _build(name: str, input_size: InputSize, num_classes: int) -> nn.Module:
    options: dict[str, object] = {"num_classes": num_classes}
    if name in WITH_AUXILIARY:
        options["init_weights"] = False
    network: nn.Module = torchvision.models.get_model(name, weights=None, **options)
    return network
