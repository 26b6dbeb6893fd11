"""Networks of the package timm: ``timm/<name>``, built without weights by ``timm.create_model``.

What follows a dot in the name is timm's tag of weights. It can decide on the network, too: on its image size
and so on its table of positions. Published tensors go through timm's own ``checkpoint_filter_fn``, the
function that its module applies to them before they are loaded: older names, patches as rows of a matrix,
positions of another grid.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import timm
import torch
from torch import nn

from sngen.errors import UsageError
from sngen.zoo.architectures.architecture import Architecture, InputSize, Tensors

#: Classes whose modules build networks with positions for a fixed grid of patches.
FIXED_GRID = ("VisionTransformer", "SwinTransformer", "SwinTransformerV2", "MlpMixer")
#: What timm's modules call the function that prepares published tensors for their networks.
FILTERS = ("checkpoint_filter_fn", "_filter_fn", "_filter_torchvision_pretrained")
#: Beginning of a network's name -> what timm adds to the call for it.
FILTER_OPTIONS: dict[str, dict[str, Any]] = {
    "deit": {"adapt_layer_scale": True},
    "flexivit": {"interpolation": "bilinear", "antialias": False},
}
#: Parts that some published files hold and that networks are built without.
OPTIONAL_PARTS = ("AuxLogits", "attn_pool")
HALVES = (torch.float16, torch.bfloat16)


def architecture(name: str) -> Architecture:
    """Raises ``UsageError`` for a name that the installed timm does not have, with the nearest ones."""
    base = name.partition(".")[0]
    if not timm.is_model(base):
        near = difflib.get_close_matches(base, timm.list_models(), n=3)
        raise UsageError(f"timm {timm.__version__} has no model {base!r}; nearest: {', '.join(near)}.")
    full = name if timm.models.is_model_pretrained(name) else base
    config = timm.get_pretrained_cfg(full)
    size = config.input_size if config is not None else None
    return Architecture(partial(_build, full, size), size, fit=partial(_fit, base))


def _build(name: str, own_size: InputSize | None, input_size: InputSize, num_classes: int) -> nn.Module:
    options: dict[str, Any] = {"num_classes": num_classes, "in_chans": input_size[0]}
    resized = own_size is None or input_size[1:] != own_size[1:]
    if resized and _takes_image_size(name.partition(".")[0]):
        options["img_size"] = input_size[1:]
    network: nn.Module = timm.create_model(name, pretrained=False, **options)
    return network


def _takes_image_size(name: str) -> bool:
    """Networks with positions for a fixed grid of patches are built for one image size."""
    return any(hasattr(_module_of(name), kind) for kind in FIXED_GRID)


def _module_of(name: str) -> ModuleType:
    module = inspect.getmodule(timm.model_entrypoint(name))
    assert module is not None
    return module


def published_filter(name: str) -> Callable[..., Tensors] | None:
    """What timm applies to the published tensors of a network, with its options; None if nothing."""
    module = _module_of(name)
    if name.startswith("crossvit"):
        return _crossvit  # a function within a function there
    found = next((getattr(module, one) for one in FILTERS if hasattr(module, one)), None)
    options = next((given for start, given in FILTER_OPTIONS.items() if name.startswith(start)), {})
    return partial(found, **options) if found is not None and options else found


def _crossvit(tensors: Tensors) -> Tensors:
    """Its first files have lists of positions and class tokens where timm has one parameter each."""
    listed = ("pos_embed", "cls_token")
    return {
        name.replace(".", "_") if any(one in name for one in listed) else name: tensor
        for name, tensor in tensors.items()
    }


def _fit(name: str, tensors: Tensors, network: nn.Module) -> Tensors:
    """Numbers of half the width become the network's, exactly; optional parts that it lacks are left out."""
    change = published_filter(name)
    if change is None:
        found = tensors
    elif "model" in inspect.signature(change).parameters:
        found = change(dict(tensors), network)
    else:
        found = change(dict(tensors))
    lacking = tuple(f"{part}." for part in OPTIONAL_PARTS if getattr(network, part, None) is None)
    expected = network.state_dict()
    return {
        one: tensor.to(expected[one].dtype) if one in expected and tensor.dtype in HALVES else tensor
        for one, tensor in found.items()
        if not one.startswith(lacking)
    }
