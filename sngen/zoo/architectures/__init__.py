"""Networks by name. One file per family, each with ``BUILDERS``: loader name -> (classes) -> module.

A network takes float32 [N, C, H, W], already normalised, and returns logits [N, classes].
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from typing import TYPE_CHECKING

from sngen.errors import UsageError

if TYPE_CHECKING:
    from torch import nn


def loaders() -> dict[str, str]:
    """Loader name -> module of this package that builds it."""
    modules = sorted(name for _, name, _ in pkgutil.iter_modules(__path__, f"{__name__}."))
    return {loader: name for name in modules for loader in importlib.import_module(name).BUILDERS}


def build(loader: str, num_classes: int) -> nn.Module:
    """A freshly initialised network. Raises ``UsageError`` for an unknown name, with the nearest ones."""
    known = loaders()
    if loader not in known:
        near = difflib.get_close_matches(loader, known, n=3) or sorted(known)
        raise UsageError(f"no architecture is called {loader!r}; nearest: {', '.join(near)}.")
    network: nn.Module = importlib.import_module(known[loader]).BUILDERS[loader](num_classes)
    return network
