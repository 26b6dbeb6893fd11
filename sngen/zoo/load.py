"""From a safetensors file to a network that takes pixels in [0, 1]."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from sngen.errors import CheckFailed, UsageError
from sngen.schema import MODELS
from sngen.zoo.architectures import build

#: Counters that batch normalisation does not read at inference; files from before torch 0.4 lack them.
OPTIONAL_SUFFIX = "num_batches_tracked"


class OnPixels(nn.Module):
    """``network((x - mean) / std)`` for x float32 [N, C, H, W] in [0, 1], mean and std one per channel."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, network: nn.Module, mean: list[float], std: list[float]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32)[None, :, None, None])
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32)[None, :, None, None])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network((x - self.mean) / self.std)
        return logits


def load_network(model: Mapping[str, Any], tensors: Path, num_classes: int) -> nn.Module:
    """The network of a row of the table models, in eval mode, its parameters frozen.

    It takes float32 pixels [N, C, H, W] in [0, 1], normalises them itself with the row's ``mean`` and
    ``std``, and returns logits [N, num_classes]. Raises ``UsageError`` for a row that does not say how to
    build it, ``CheckFailed`` for tensors that are not the architecture's, naming the first wrong one.
    """
    model_id, loader = model[MODELS.c.model_id], model[MODELS.c.loader]
    if loader is None:
        raise UsageError(f"{model_id}: the catalogue names no {MODELS.c.loader}, so it cannot be built yet.")
    network = build(loader, num_classes)
    given = _read(model_id, tensors)
    _check(f"{model_id} ({tensors}, architecture {loader})", network.state_dict(), given)
    # Not strict: what may be absent was just checked, one tensor at a time.
    network.load_state_dict(given, strict=False)
    return OnPixels(network, *_normalisation(model)).eval().requires_grad_(False)


def _read(model_id: str, tensors: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(tensors)
    except FileNotFoundError as error:
        raise UsageError(f"{model_id}: no file {tensors}.") from error
    except (SafetensorError, OSError) as error:
        raise CheckFailed(f"{model_id}: {tensors} is not a safetensors file ({error}). Delete it.") from error


def _check(where: str, expected: Mapping[str, torch.Tensor], given: Mapping[str, torch.Tensor]) -> None:
    """Same names, shapes and types, finite values; in the network's order, then what is left over."""
    for name, tensor in expected.items():
        if name not in given:
            if name.endswith(OPTIONAL_SUFFIX):
                continue
            raise CheckFailed(f"{where}: tensor {name} is missing, expected {_words(tensor)}.")
        found = given[name]
        if found.shape != tensor.shape or found.dtype != tensor.dtype:
            raise CheckFailed(f"{where}: tensor {name} is {_words(found)}, expected {_words(tensor)}.")
        if not torch.isfinite(found).all():
            raise CheckFailed(f"{where}: tensor {name} holds NaN or infinity, expected finite values.")
    for name, tensor in given.items():
        if name not in expected:
            raise CheckFailed(f"{where}: tensor {name} is {_words(tensor)}, expected no tensor of this name.")


def _words(tensor: torch.Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def _normalisation(model: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    mean, std = model[MODELS.c.mean], model[MODELS.c.std]
    if mean is None or std is None or len(mean) != len(std) or not all(value > 0 for value in std):
        raise UsageError(
            f"{model[MODELS.c.model_id]}: {MODELS.c.mean} is {mean} and {MODELS.c.std} is {std}; expected "
            "one number per channel in each and positive ones in the second (0 and 1 where the network takes "
            "pixels in [0, 1] as they are)."
        )
    return list(mean), list(std)
