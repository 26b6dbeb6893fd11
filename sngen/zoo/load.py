"""From a safetensors file to a network that takes pixels in [0, 1]."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from sngen.errors import CheckFailed, SecurityNetError, UsageError
from sngen.schema import MODELS
from sngen.zoo.architectures import Architecture, InputSize, build, find
from sngen.zoo.on_pixels import OnPixels, Resize

#: Counters that batch normalisation does not read at inference; files from before torch 0.4 lack them.
OPTIONAL_SUFFIX = "num_batches_tracked"
LISTED = 12  # tensors that an error names; it says how many more there are


def load_network(model: Mapping[str, Any], tensors: Path, num_classes: int) -> OnPixels:
    """The network of a row of the table models, in eval mode, its parameters frozen.

    It takes float32 pixels [N, C, H, W] in [0, 1], resizes them where the row says so, normalises them with
    the row's ``mean`` and ``std``, and returns logits [N, num_classes]. Raises ``UsageError`` for a row that
    does not say how to build it, ``CheckFailed`` for tensors that are not the architecture's, listing them.
    """
    model_id, loader = model[MODELS.c.model_id], model[MODELS.c.loader]
    if loader is None:
        raise UsageError(
            f"{model_id}: the catalogue names no {MODELS.c.loader}, so it cannot be built yet. Name an "
            "architecture there; 'sequence: ...' describes a plain sequence of layers without any code."
        )
    size = _input_size(model)
    _normalisation(model, size)  # before the work of building
    architecture = find(loader)
    network = build(loader, num_classes, size)
    where = f"{model_id} ({tensors}, architecture {loader})"
    given = _fitted(where, architecture, network, _read(model_id, tensors))
    expected = network.state_dict()
    _check(where, expected, given)
    _fill(network, expected, given)
    return on_pixels(model, network, architecture.input_size)


def on_pixels(model: Mapping[str, Any], network: nn.Module, own_size: InputSize | None = None) -> OnPixels:
    """``network`` behind the row's resizing and normalisation, in eval mode, its parameters frozen.

    ``own_size`` is the network's where the row names none.
    """
    size = _input_size(model)
    mean, std = _normalisation(model, size)
    return OnPixels(network, mean, std, Resize.of(model, size or own_size)).eval().requires_grad_(False)


def _read(model_id: str, tensors: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(tensors)
    except FileNotFoundError as error:
        raise UsageError(f"{model_id}: no file {tensors}.") from error
    except (SafetensorError, OSError) as error:
        raise CheckFailed(f"{model_id}: {tensors} is not a safetensors file ({error}). Delete it.") from error


def _fitted(
    where: str, architecture: Architecture, network: nn.Module, tensors: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Under the network's names. Tensors that are not what they claim to be can fail in it in any way."""
    try:
        return architecture.fit(architecture.translate(tensors), network)
    except SecurityNetError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"[:300]
        raise CheckFailed(
            f"{where}: its tensors cannot be brought into the network's form ({reason}). It is the file of "
            "another architecture, or a damaged one."
        ) from error


def _fill(network: nn.Module, expected: Mapping[str, torch.Tensor], given: dict[str, torch.Tensor]) -> None:
    """Modules have versions of their names and given none some assume an older one: these are present."""
    state: Any = OrderedDict(given)
    state._metadata = expected._metadata  # type: ignore[attr-defined]
    # Not strict: what may be absent was just checked, one tensor at a time.
    network.load_state_dict(state, strict=False)


def _check(where: str, expected: Mapping[str, torch.Tensor], given: Mapping[str, torch.Tensor]) -> None:
    """Same names, shapes and types, finite values. Lists what is wrong, in the network's order."""
    problems = []
    for name, tensor in expected.items():
        if name not in given:
            if not name.endswith(OPTIONAL_SUFFIX):
                problems.append(f"tensor {name} is missing, expected {_words(tensor)}")
            continue
        found = given[name]
        if found.shape != tensor.shape or found.dtype != tensor.dtype:
            if not _only_a_counter(name, found):
                problems.append(f"tensor {name} is {_words(found)}, expected {_words(tensor)}")
        elif not torch.isfinite(found).all():
            problems.append(f"tensor {name} holds NaN or infinity, expected finite values")
    problems += [
        f"tensor {name} is {_words(tensor)}, expected no tensor of this name"
        for name, tensor in given.items()
        if name not in expected
    ]
    if problems:
        more = f"; and {len(problems) - LISTED} more" if len(problems) > LISTED else ""
        raise CheckFailed(f"{where}: {'; '.join(problems[:LISTED])}{more}.")


def _only_a_counter(name: str, found: torch.Tensor) -> bool:
    """One number of whatever type, which nothing reads."""
    return name.endswith(OPTIONAL_SUFFIX) and found.numel() == 1


def _words(tensor: torch.Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def _input_size(model: Mapping[str, Any]) -> InputSize | None:
    """Channels, height, width; None where the row leaves it to the architecture."""
    text = model[MODELS.c.input_size]
    if text is None:
        return None
    parts = [int(part) for part in text.split("x") if part.isdigit()]
    if len(parts) != 3 or min(parts) < 1:
        raise UsageError(
            f"{model[MODELS.c.model_id]}: {MODELS.c.input_size} is {text!r}; expected channels x height x "
            "width, for instance 3x32x32."
        )
    return parts[0], parts[1], parts[2]


def _per_channel(model: Mapping[str, Any], column: str) -> list[float]:
    values = model[column]
    fine = bool(values) and (column == MODELS.c.mean or all(value > 0 for value in values))
    if not fine:
        raise UsageError(
            f"{model[MODELS.c.model_id]}: {column} is {values}; expected one number per channel, those of "
            f"{MODELS.c.std} positive ({MODELS.c.mean} 0 and {MODELS.c.std} 1 where the network takes "
            "pixels in [0, 1] as they are)."
        )
    return list(values)


def _normalisation(model: Mapping[str, Any], size: InputSize | None) -> tuple[list[float], list[float]]:
    """Mean and standard deviation, one number per channel each."""
    mean, std = _per_channel(model, MODELS.c.mean), _per_channel(model, MODELS.c.std)
    counts = {MODELS.c.mean: len(mean), MODELS.c.std: len(std)}
    counts |= {"channels": size[0]} if size else {}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise UsageError(
            f"{model[MODELS.c.model_id]}: expected one number per channel in {MODELS.c.mean} and "
            f"{MODELS.c.std}, and as many channels in {MODELS.c.input_size}; found {found}."
        )
    return mean, std
