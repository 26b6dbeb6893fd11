"""Networks by name, one file per family.

A family's file has ``ARCHITECTURES``: loader name -> ``Architecture``. Networks that are a plain sequence of
layers need no file: their description is the loader's name itself (``sequence: conv 16 k4 s2 p1, relu, ...``,
see ``sequence.py``), and those of the packages timm, torchvision and pytorchcv are ``timm/<name>``,
``torchvision/<name>`` and ``pytorchcv/<name>``.

A network takes float32 [N, C, H, W], already normalised, and returns logits [N, classes].
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

from sngen.errors import UsageError
from sngen.zoo.architectures.architecture import Architecture, InputSize

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Architecture", "InputSize", "build", "find", "loaders"]

#: Beginning of a loader's name -> module of this package that makes an architecture of what follows.
OPEN_FAMILIES = {
    "sequence:": "sequence",
    "timm/": "timm_models",
    "torchvision/": "torchvision_models",
    "pytorchcv/": "pytorchcv_models",
}


@cache
def loaders() -> dict[str, str]:
    """Loader name -> module of this package that builds it."""
    # Open families are imported only for their own names, since timm takes seconds.
    modules = sorted(
        name for _, name, _ in pkgutil.iter_modules(__path__) if name not in OPEN_FAMILIES.values()
    )
    return {
        loader: name
        for name in (f"{__name__}.{module}" for module in modules)
        for loader in getattr(importlib.import_module(name), "ARCHITECTURES", {})
    }


def find(loader: str) -> Architecture:
    """The architecture of this name. Raises ``UsageError`` for an unknown name, with the nearest ones."""
    for beginning, module in OPEN_FAMILIES.items():
        if loader.startswith(beginning):
            family = importlib.import_module(f"{__name__}.{module}")
            made: Architecture = family.architecture(loader.removeprefix(beginning).strip())
            return made
    known = loaders()
    if loader not in known:
        near = difflib.get_close_matches(loader, known, n=3) or sorted(known)
        raise UsageError(
            f"no architecture is called {loader!r}; nearest: {', '.join(near)}. A plain sequence of layers "
            "can be written as 'sequence: ...', a network of a package as 'timm/...', 'torchvision/...' or "
            "'pytorchcv/...'."
        )
    found: Architecture = importlib.import_module(known[loader]).ARCHITECTURES[loader]
    return found


def build(loader: str, num_classes: int, input_size: InputSize | None = None) -> nn.Module:
    """A freshly initialised network for images of ``input_size`` (channels, height, width).

    Without a size it is the architecture's own. Raises ``UsageError`` for an unknown name, and for a size
    that is neither given nor the architecture's, or that the layers do not fit.
    """
    architecture = find(loader)
    size = input_size or architecture.input_size
    if size is None:
        raise UsageError(f"{loader}: it is built for several image sizes; give input_size.")
    try:
        return architecture.build(size, num_classes)
    except (RuntimeError, ValueError) as error:
        shape = "x".join(map(str, size))
        raise UsageError(
            f"{loader}: cannot be built for images of {shape} and {num_classes} classes ({error})."
        ) from error
