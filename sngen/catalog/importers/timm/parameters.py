"""Exact numbers of parameters: networks built from their code on torch's meta device, without any memory.

Each pretrained entry is built by its full name: the tag can decide on the input size, and so on the position
embedding, or on a projection's width. That takes a minute or two, so the counts of the last import are used
again as long as timm is the same version.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from sngen.catalog.text_tables import read_table
from sngen.errors import DataProblem
from sngen.schema import MODELS, SOURCES

#: Networks that a worker builds at a time.
BATCH = 16
#: Methods and initialisers that set values and change no shape: skipped, as there are no values.
_VALUES = frozenset(
    {
        "add_", "clamp_", "constant_", "copy_", "div_", "erfinv_", "fill_", "kaiming_normal_",
        "kaiming_uniform_", "log_normal_", "mul_", "normal_", "ones_", "orthogonal_", "sub_",
        "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zero_", "zeros_",
    }
)  # fmt: skip


def last_counts(folder: Path, registry: str) -> dict[str, int]:
    """Counts by name in the source's ``folder`` of the catalogue, if it was imported from the same
    ``registry`` (the beginning of the source's revision); otherwise none. To count all again, import into a
    catalogue without that folder, with a copy of the vocabulary beside it."""
    sources, models = folder / f"{SOURCES.name}.csv", folder / f"{MODELS.name}.csv"
    if not (sources.is_file() and models.is_file()):
        return {}
    revisions = [row[SOURCES.c.revision] or "" for row in read_table(SOURCES, sources)]
    if not all(revision.startswith(registry) for revision in revisions):
        return {}
    rows = read_table(MODELS, models)
    return {
        row[MODELS.c.name]: row[MODELS.c.parameters] for row in rows if row[MODELS.c.parameters] is not None
    }


def count_parameters(names: Iterable[str], workers: int | None = None) -> dict[str, int]:
    """Parameters of the networks of the installed timm by ``architecture.tag``.

    ``workers`` processes, by default one per core; with 1 all is done in this one. Raises ``DataProblem``
    with every network that timm cannot build.
    """
    ordered = sorted(names)
    batches = [ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH)]
    workers = min(workers or os.cpu_count() or 1, len(batches))
    if workers <= 1:
        counted = [_count(batch) for batch in batches]
    else:
        # A forked worker has timm imported already, which takes several seconds.
        context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_one_thread) as pool:
            counted = list(pool.map(_count, batches))
    found = dict(zip(ordered, (count for batch in counted for count in batch), strict=True))
    problems = [
        f"timm, entry {name!r}: found a network that cannot be built ({count}), expected one that timm "
        f"builds without weights; another version of timm may do it"
        for name, count in found.items()
        if isinstance(count, str)
    ]
    if problems:
        raise DataProblem(problems)
    return {name: count for name, count in found.items() if isinstance(count, int)}


def _one_thread() -> None:
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)


def _count(batch: list[str]) -> list[int | str]:
    """A count, or in words why there is none."""
    collecting = gc.isenabled()
    gc.disable()  # scanning the many small objects of a network again and again takes a third of the time
    try:
        return [_count_one(name) for name in batch]
    finally:
        if collecting:
            gc.enable()
        gc.collect()


def _count_one(name: str) -> int | str:
    import timm  # noqa: PLC0415
    import torch  # noqa: PLC0415

    try:
        with torch.no_grad(), _without_values():
            network = timm.create_model(name, pretrained=False)
    except (RuntimeError, ValueError, TypeError, AssertionError, AttributeError, KeyError) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return sum(parameter.numel() for parameter in network.parameters())


def _without_values() -> Any:
    """A context in which tensors are made on the meta device and nothing is computed on them in place.
    ``torch.device("meta")`` alone does the first half and takes five times as long."""
    from torch.overrides import TorchFunctionMode  # noqa: PLC0415
    from torch.utils._device import _device_constructors  # noqa: PLC0415

    constructors = _device_constructors()

    class WithoutValues(TorchFunctionMode):  # type: ignore[misc, unused-ignore]
        def __torch_function__(
            self, function: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            kwargs = kwargs or {}
            if function in constructors and kwargs.get("device") is None:
                kwargs["device"] = "meta"
            elif getattr(function, "__name__", "") in _VALUES:
                target = args[0] if args else kwargs["tensor"]
                if target.is_meta:
                    return target
            return function(*args, **kwargs)

    return WithoutValues()
