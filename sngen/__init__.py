"""SecurityNet: a catalogue of public image classifiers and their measured weaknesses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from sngen.zoo.on_pixels import OnPixels

__version__ = "0.1.0"
__all__ = ["__version__", "cohort", "load_model", "models", "show"]


def models(query: str = "", **conditions: Any) -> pd.DataFrame:
    """Public models that fulfil all conditions, a row each, as a data frame.

    >>> sngen.models("dataset=cifar10 accuracy>=0.9")                                  # doctest: +SKIP
    >>> sngen.models(dataset="cifar10", accuracy=(0.9, 0.96), purpose="security")      # doctest: +SKIP
    >>> sngen.models(name="resnet*", year=(2018, None), sort="-accuracy", limit=40)    # doctest: +SKIP

    ``query`` is in the language of ``sngen models`` (``sngen.search.query``). Keywords are fields (``sngen
    fields`` lists them) and mean the same: a text is compared as there, with ``*`` for any characters; a list
    holds alternatives; a tuple is a range of numbers, None where it is open; None means unknown; ``text``
    holds words to look for. Besides fields there are

    * ``sort``: names of fields, ``-`` before one that descends, unknown last;
    * ``columns``: names that replace the usual columns, or with ``+`` before each are added; "all" is every
      field; ``limit``: rows at most; ``distinct``: one row of those that share their weights;
    * ``catalog`` and ``results``, or ``release``: folders to search in, instead of the checkout's.

    Without a condition on ``evaluated_on`` a row is a model with its own dataset (or none); with one, a row
    is a model and a dataset that it was evaluated on. Accuracies and other fractions lie in [0, 1];
    ``accuracy`` is the measured test accuracy where there is one, else the reported one, and
    ``accuracy_origin`` says which. Unknown values are missing: ask ``pd.isna``.

    Raises ``sngen.errors.UsageError`` naming everything that is wrong with the request.
    """
    from sngen.search.api import models as search  # noqa: PLC0415 - importing sngen alone is free

    return search(query, **conditions)


def show(model_id: str, **place: Any) -> dict[str, Any]:
    """Everything about one model: ``model``, ``scores``, ``relatives``, ``source``, ``dataset``, ``audit``
    and former ids, as rows of the data contract. ``place``: see ``models``.

    Raises ``sngen.errors.UsageError`` with the nearest ids if there is no such model.
    """
    from sngen.search.api import show as about  # noqa: PLC0415

    return about(model_id, **place)


def cohort(name: str | Path, **place: Any) -> list[str]:
    """Ids of the models of a cohort, named by its file or its hash, renamed ones by their present ids.

    Raises ``sngen.errors.UsageError`` if there is no such cohort and ``CheckFailed`` if a model is gone.
    """
    from sngen.search.api import cohort as resolve  # noqa: PLC0415

    return resolve(name, **place)


def load_model(model_id: str) -> OnPixels:
    """The network of a catalogued model, a ``torch.nn.Module`` in eval mode: float pixels [N, C, H, W] in
    [0, 1] in, logits [N, classes] in the class order of its dataset out.

    The published file is fetched if it is not here, checked against the catalogue, and never executed;
    normalisation and resizing are inside. ``sngen.zoo.model.load_model`` says what it raises.
    """
    from sngen.zoo.model import load_model as load  # noqa: PLC0415 - torch

    return load(model_id)
