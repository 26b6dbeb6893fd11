"""Weights and pixels for machines that have none: in the stock by content hash, taken once per machine."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import fields, replace

import numpy as np

from evaluations.datasets.images import Images
from evaluations.engine.inputs import Inputs
from evaluations.engine.plan import Unit
from evaluations.engine.work import is_trained_here
from evaluations.protocol import DataRole
from sngen.errors import CheckFailed, UsageError
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.whole_files import write_files
from sngen.zoo.cache import locked
from sngen.zoo.fetching.obtaining import find_local
from sngen.zoo.stock import BLOBS, stock_of

PIXELS = ".pixels"
_ARRAYS = ("pixels", "labels", "ids")


def with_stock(inputs: Inputs, address: str) -> Inputs:
    """Inputs whose machine shares what it fetches and makes through the store at ``address``."""
    return replace(inputs, settings=replace(inputs.settings, stock=address))


def give_inputs(units: Sequence[Unit], inputs: Inputs) -> Iterator[str]:
    """Share what this machine has of the units' weights and pixels and the stock lacks; names what it shares.

    Weights that are not here are left to the first machine that needs them: it fetches and shares them.
    """
    stock = stock_of(inputs.settings)
    if stock is None:
        return
    there = {*stock.names(BLOBS), *stock.names(PIXELS)}
    for unit in units:
        for model in unit.work.models:
            name = f"{BLOBS}/{inputs.known_weights(model)}"
            if is_trained_here(model) or name in there:
                continue  # what was trained here is shared by its training
            there.add(name)
            path = find_local(model, inputs.settings)
            if path is not None:
                stock.create(f"{BLOBS}/{path.name}", path.read_bytes())
                yield str(model[MODELS.c.model_id])
    asked: set[Hashable] = set()
    for unit in units:
        for role, data in unit.work.data.items():
            question, name = inputs.images_name(unit.work.model, data), _name(unit.fingerprints[role])
            if question in asked or name in there:
                continue
            asked.add(question)
            there.add(name)
            stock.create(name, _to_bytes(inputs.images(unit.work.model, data)))
            yield f"{unit.work.dataset_id} {data.split}"


def images_of(unit: Unit, role: str, data: DataRole, inputs: Inputs) -> Images:
    """The images of a role: this machine's, or else the stock's. Raises what ``Inputs.images`` raises where
    neither has them."""
    try:
        return inputs.images(unit.work.model, data)
    except UsageError:
        shared = _take(unit.fingerprints[role], inputs.settings)
        if shared is None:
            raise
        return shared


def _take(fingerprint: str, settings: Settings) -> Images | None:
    stock, name = stock_of(settings), _name(fingerprint)
    if stock is None:
        return None
    place = settings.cache / "pixels" / f"{fingerprint}.npz"
    with locked(name, settings):
        if not place.is_file():
            stored = stock.read(name)
            if stored is None:
                return None
            write_files({place: stored.content})
    images = _from_bytes(place.read_bytes(), str(place))
    if images.fingerprint != fingerprint:
        raise CheckFailed(f"{place}: holds other images. Delete it, and {stock.where(name)}, and run again.")
    return images


def _to_bytes(images: Images) -> bytes:
    said = {field.name: getattr(images, field.name) for field in fields(images) if field.name not in _ARRAYS}
    buffer = io.BytesIO()
    np.savez(buffer, said=np.array(json.dumps(said)), **{name: getattr(images, name) for name in _ARRAYS})
    return buffer.getvalue()


def _from_bytes(content: bytes, where: str) -> Images:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            said = json.loads(str(arrays["said"]))
            return Images(**said, **{name: arrays[name] for name in _ARRAYS})
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise CheckFailed(f"{where}: cannot be read as images ({error}). Delete it and run again.") from error


def _name(fingerprint: str) -> str:
    return f"{PIXELS}/{fingerprint}.npz"
