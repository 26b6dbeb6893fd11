"""Keras weights in HDF5: every dataset of numbers under its path.

``save_weights`` puts the layers at the top of the file, ``save`` puts them into the group
``model_weights``, beside the optimiser's; the catalogue's key names another group. Names keep the path below
that group: ``conv2d_1/conv2d_1/kernel:0``. Kernels stay as Keras has them, H x W x in x out.
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import h5py

from sngen.zoo.formats.arrays import MAX_TENSORS, Array, from_numpy
from sngen.zoo.formats.refusal import Refused

BEGINNINGS = (b"\x89HDF\r\n\x1a\n",)
MODEL_WEIGHTS = "model_weights"
_FILTERS = {"1": "gzip", "2": "shuffle", "3": "fletcher32"}  # those of HDF5 itself, which load no plugin
_MAX_DEPTH = 16


def read(stream: BinaryIO, max_bytes: int, key: str | None) -> dict[str, Array]:
    # From memory, so that the library never opens a file, whatever links this one holds.
    content = io.BytesIO(stream.read())
    try:
        with h5py.File(content, "r") as file:
            group = _group(file, key)
            datasets = _datasets(group)
            _check(datasets, max_bytes)
            return {name: from_numpy(name, dataset[()]) for name, dataset in datasets.items()}
    except (Refused, MemoryError):
        raise
    except Exception as error:  # the library raises many kinds on malformed input
        raise Refused(f"a damaged HDF5 file ({str(error)[:200]})", "one written by Keras") from error


def _group(file: h5py.File, key: str | None) -> Any:
    wanted = key or (MODEL_WEIGHTS if MODEL_WEIGHTS in file else "/")
    found = file.get(wanted, getlink=True) if wanted != "/" else None
    if isinstance(found, (h5py.ExternalLink, h5py.SoftLink)) or (wanted != "/" and wanted not in file):
        raise Refused(f"no group {wanted} among {', '.join(list(file)[:8])}", "the catalogue's weights_key")
    if not isinstance(file[wanted], h5py.Group):
        raise Refused(f"{wanted} that is no group", "a group of layers")
    return file[wanted]


def _datasets(group: h5py.Group) -> dict[str, h5py.Dataset]:
    """Path -> dataset below the group. Links to elsewhere and groups within themselves are refused."""
    found: dict[str, h5py.Dataset] = {}
    waiting = [("", group)]
    while waiting:
        place, here = waiting.pop()
        for name in here:
            path = f"{place}/{name}" if place else name
            if not isinstance(here.get(name, getlink=True), h5py.HardLink):
                raise Refused(f"a link to another place or file at {path[:200]}", "the numbers themselves")
            item = here[name]
            if isinstance(item, h5py.Dataset):
                found[path] = item
            elif path.count("/") < _MAX_DEPTH:
                waiting.append((path, item))
            else:
                raise Refused(f"groups {_MAX_DEPTH} deep at {path[:80]}", "layers and their weights")
            if len(found) + len(waiting) > MAX_TENSORS:
                raise Refused(f"more than {MAX_TENSORS} datasets", f"at most {MAX_TENSORS}")
    return dict(sorted(found.items()))


def _check(datasets: dict[str, h5py.Dataset], max_bytes: int) -> None:
    """Before a number is read: none is in another file, and together they are no larger than allowed."""
    for name, dataset in datasets.items():
        settings = dataset.id.get_create_plist()
        if dataset.is_virtual or settings.get_external_count():
            raise Refused(f"{name} whose numbers are in another file", "numbers within the file")
        if strange := set(dataset._filters) - _FILTERS.keys() - set(_FILTERS.values()):
            raise Refused(
                f"{name} behind the filter {', '.join(sorted(strange))}", ", ".join(_FILTERS.values())
            )
        if not dataset._filters and dataset.nbytes > dataset.id.get_storage_size():
            stored = dataset.id.get_storage_size()
            raise Refused(
                f"{name} of shape {list(dataset.shape or ())}, {dataset.nbytes} bytes out of {stored} stored",
                "no more bytes than are stored",
            )
    total = sum(dataset.nbytes for dataset in datasets.values())
    if total > max_bytes:
        raise Refused(f"{total} bytes of tensors", f"at most {max_bytes}")


def warm_up() -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.create_group("layer").create_dataset("kernel:0", data=[[0.0]], dtype="f4")
    return stream.getvalue()
