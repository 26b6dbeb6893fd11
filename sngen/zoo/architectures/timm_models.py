"""Networks of the package timm: ``timm/<name>``, built without weights by ``timm.create_model``."""

from __future__ import annotations

import difflib
import inspect
from functools import partial
from typing import Any

import timm
from torch import nn

from sngen.errors import UsageError
from sngen.zoo.architectures.architecture import Architecture, InputSize

#: Classes whose modules build networks with positions for a fixed grid of patches.
FIXED_GRID = ("VisionTransformer", "SwinTransformer", "SwinTransformerV2", "MlpMixer")


def architecture(name: str) -> Architecture:
    """Raises ``UsageError`` for a name that the installed timm does not have, with the nearest ones."""
    base = name.partition(".")[0]  # what follows a dot names weights, not a network
    if not timm.is_model(base):
        near = difflib.get_close_matches(base, timm.list_models(), n=3)
        raise UsageError(f"timm {timm.__version__} has no model {base!r}; nearest: {', '.join(near)}.")
    config = timm.get_pretrained_cfg(name, allow_unregistered=True)
    size = config.input_size if config is not None else None
    return Architecture(partial(_build, base), size)


def _build(name: str, input_size: InputSize, num_classes: int) -> nn.Module:
    options: dict[str, Any] = {"num_classes": num_classes, "in_chans": input_size[0]}
    if _takes_image_size(name):
        options["img_size"] = input_size[1:]
    network: nn.Module = timm.create_model(name, pretrained=False, **options)
    return network


def _takes_image_size(name: str) -> bool:
    """Networks with positions for a fixed grid of patches are built for one image size."""
    module = inspect.getmodule(timm.model_entrypoint(name))
    return any(hasattr(module, kind) for kind in FIXED_GRID)
