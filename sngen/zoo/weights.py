"""From a catalogue row to a safetensors file: find the published bytes, convert them once, load only that.

In the cache, ``blobs/<sha256>`` holds published files by the hash of their bytes and ``tensors/`` the
conversions, by that hash, the format and its version, and where in the file the tensors are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sngen.errors import CheckFailed, UsageError
from sngen.schema import MODELS
from sngen.settings import ZOO, Settings
from sngen.zoo.cache import blob_path, local_blob, locked, zoo_path
from sngen.zoo.formats import NOT_READ, READERS
from sngen.zoo.formats.recognise import recognise
from sngen.zoo.formats.refusal import CheckpointRefused, Refused
from sngen.zoo.formats.safetensors_file import read_header
from sngen.zoo.jail import Job, convert

__all__ = ["blob_path", "find_blob", "published_file", "safe_tensors"]

TENSORS = "tensors"


def find_blob(sha256: str, settings: Settings) -> Path:
    """The file with this SHA-256, from the zoo folder or else the cache, its hash verified; never fetched.

    Raises ``UsageError`` where it is in neither folder, ``CheckFailed`` where its bytes do not have the hash
    of its name.
    """
    found = local_blob(sha256, settings)
    if found is not None:
        return found
    in_cache, in_zoo = blob_path(sha256, settings), zoo_path(sha256, settings)
    looked = f"{in_zoo} and {in_cache}" if in_zoo else f"{in_cache} ({ZOO} is not set)"
    raise UsageError(f"weights {sha256}: not found at {looked}. Save it as {in_cache}.")


def safe_tensors(model: Mapping[str, Any], settings: Settings) -> Path:
    """The model's tensors as a safetensors file; ``model`` is a row of the table models.

    It holds exactly the network's tensors, under the names they have after ``weights_key`` and
    ``weights_prefix``. A published file that is not on this machine is fetched, and converted in the jail at
    its first use; where the row states no format, it is recognised by the file's content. Safe with several
    processes: the file appears whole or not at all, always with the same content. Raises what
    ``sngen.zoo.fetching.fetch`` raises, ``CheckpointRefused`` for a file that does not hold plain tensors,
    and ``UsageError`` for a row that does not say enough.
    """
    _check_format(model)  # before anything is fetched
    key, prefix = model[MODELS.c.weights_key], model[MODELS.c.weights_prefix]
    blob = published_file(model, settings)
    weights_format = model[MODELS.c.weights_format] or _recognised(blob)
    if weights_format == "safetensors" and key is None and prefix is None:
        _check_header(blob)
        return blob
    job = Job(weights_format, key, prefix)
    converted = settings.cache / TENSORS / f"{blob.name}-{job.digest()}.safetensors"
    if not _is_there(converted):
        with locked(converted.name, settings):
            if not _is_there(converted):
                convert(blob, converted, job)
    return converted


def published_file(model: Mapping[str, Any], settings: Settings) -> Path:
    """The file as it was published, verified: from the zoo folder, the cache, or where the row says."""
    sha256 = model[MODELS.c.weights_sha256]
    found = local_blob(sha256, settings) if sha256 is not None else None
    if found is None:
        from sngen.zoo.fetching import fetch  # noqa: PLC0415 - most files are here already

        found = fetch(model, settings)
    return found


def _check_format(model: Mapping[str, Any]) -> None:
    model_id, weights_format = model[MODELS.c.model_id], model[MODELS.c.weights_format]
    if weights_format in NOT_READ:
        raise UsageError(f"{model_id}: {NOT_READ[weights_format]}.")
    if weights_format is not None and weights_format not in READERS:
        raise UsageError(
            f"{model_id}: {MODELS.c.weights_format} is {weights_format!r}; can be read: {', '.join(READERS)}."
        )


def _recognised(blob: Path) -> str:
    """The format by the file's content, where the catalogue does not state it."""
    try:
        with blob.open("rb") as stream:
            return recognise(stream)
    except Refused as error:
        raise CheckpointRefused(blob, error.found, error.expected) from error


def _is_there(converted: Path) -> bool:
    """The cache itself holds no links: what one leads to was not written here."""
    if converted.is_symlink():
        raise CheckFailed(f"{converted} is a symbolic link, expected a regular file. Delete it.")
    return converted.is_file()


def _check_header(blob: Path) -> None:
    """A published safetensors file is used as it is, so its header has to be exactly right."""
    try:
        with blob.open("rb") as stream:
            read_header(stream)
    except Refused as error:
        raise CheckpointRefused(blob, error.found, error.expected) from error
