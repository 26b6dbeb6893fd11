"""Networks of the package torchvision: ``torchvision/<name>``, built without weights.

They are what torchvision builds for its published weights: GoogLeNet and Inception v3 turn pixels that were
normalised as ImageNet's into those that they were trained on (``transform_input``).
"""

from __future__ import annotations

import difflib
import re
from functools import partial

import torchvision
from torch import nn

from sngen.errors import UsageError
from sngen.zoo.architectures.architecture import Architecture, InputSize, Tensors

SIZE = (3, 224, 224)
#: These end in auxiliary classifiers while training; their tensors are in the published files.
WITH_AUXILIARY = ("googlenet", "inception_v3")
#: Names of files from before modules were renamed -> the present ones.
FORMER_NAMES = (
    (re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)"), r"\1\2"),
    (re.compile(r"(encoder_layer_\d+\.mlp\.)linear_1\."), r"\g<1>0."),
    (re.compile(r"(encoder_layer_\d+\.mlp\.)linear_2\."), r"\g<1>3."),
)


def architecture(name: str) -> Architecture:
    """Raises ``UsageError`` for a name that torchvision does not have as a classifier."""
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        raise UsageError(
            f"torchvision {torchvision.__version__} has no classifier {name!r}; nearest: {', '.join(near)}."
        )
    return Architecture(partial(_build, name), SIZE, _with_present_names)


def _build(name: str, input_size: InputSize, num_classes: int) -> nn.Module:
    channels, height, width = input_size
    if channels != 3:
        raise ValueError("torchvision's classifiers take images of 3 channels")
    options: dict[str, object] = {"num_classes": num_classes}
    if name in WITH_AUXILIARY:
        options |= {"init_weights": False, "transform_input": True}
    elif name.startswith("vit_"):
        if height != width:
            raise ValueError("a table of positions for a square image")
        options["image_size"] = height
    elif name == "maxvit_t":
        options["input_size"] = (height, width)
    network: nn.Module = torchvision.models.get_model(name, weights=None, **options)
    return network


def _with_present_names(tensors: Tensors) -> Tensors:
    return {_present_name(name): tensor for name, tensor in tensors.items()}


def _present_name(name: str) -> str:
    for former, present in FORMER_NAMES:
        name = former.sub(present, name)
    return name
