"""Networks of the package pytorchcv: ``pytorchcv/<name>``, built without weights."""

from __future__ import annotations

import difflib
import importlib
from functools import partial
from types import ModuleType
from typing import Any

from torch import nn

from sngen.errors import UsageError
from sngen.zoo.architectures.architecture import Architecture, InputSize

PACKAGE = "pytorchcv"


def architecture(name: str) -> Architecture:
    """Raises ``UsageError`` where the package is not installed, and for a name that it does not have."""
    provider = _provider(name)
    known = provider._models  # it has no public list of its names
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        raise UsageError(f"{PACKAGE} has no model {name!r}; nearest: {', '.join(near)}.")
    return Architecture(partial(_build, name))


def _provider(name: str) -> ModuleType:
    try:
        return importlib.import_module(f"{PACKAGE}.model_provider")
    except ImportError as error:
        missing = (error.name or PACKAGE).partition(".")[0]
        raise UsageError(
            f"{PACKAGE}/{name}: building it needs the Python package {missing}, which is not installed "
            f"(pip install {missing})."
        ) from error


def _build(name: str, input_size: InputSize, num_classes: int) -> nn.Module:
    """Some networks are made for one image size and are not asked for another; most have a usual one."""
    channels, *size = input_size
    get_model, options = _provider(name).get_model, {"num_classes": num_classes, "in_channels": channels}
    network: Any = get_model(name, pretrained=False, **options)
    if tuple(network.in_size) != tuple(size):
        usual = network.in_size
        try:
            network = get_model(name, pretrained=False, in_size=tuple(size), **options)
        except TypeError as error:
            raise ValueError(f"it is made for images of {usual}") from error
    built: nn.Module = network
    return built
