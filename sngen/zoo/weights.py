"""From a catalogue row to a safetensors file: find the published bytes, convert them once, load only that.

In the cache, ``blobs/<sha256>`` holds files by the hash of their bytes and ``tensors/`` the conversions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sngen.canonical import file_hash
from sngen.errors import CheckFailed, UsageError
from sngen.schema import MODELS, SHA256_PATTERN
from sngen.settings import ZOO, Settings
from sngen.whole_files import write_files


def blob_path(sha256: str, settings: Settings) -> Path:
    """Where the cache keeps the file with this hash."""
    return settings.cache / "blobs" / sha256


def find_blob(sha256: str, settings: Settings, source: str | None = None) -> Path:
    """The file with this SHA-256, from the zoo folder or else the cache, its hash verified.

    ``source`` says in an error where the file can be had. Raises ``UsageError`` where it is in neither
    folder, ``CheckFailed`` where its bytes do not have the hash of its name.
    """
    if not re.fullmatch(SHA256_PATTERN, sha256):
        raise UsageError(f"{sha256!r} is not a SHA-256: expected 64 hexadecimal digits in lower case.")
    in_cache = blob_path(sha256, settings)
    in_zoo = settings.zoo / "blobs" / sha256 if settings.zoo else None
    for path in (in_zoo, in_cache):
        if path is not None and path.is_file():
            status = path.stat()
            found = _hash_once(path, status.st_size, status.st_mtime_ns)
            if found != sha256:
                raise CheckFailed(f"{path}: its SHA-256 is {found}. Delete it and get the file again.")
            return path
    looked = f"{in_zoo} and {in_cache}" if in_zoo else f"{in_cache} ({ZOO} is not set)"
    get = f"Get it from {source} and save" if source else "Save"
    raise UsageError(f"weights {sha256}: not found at {looked}. {get} it as {in_cache}.")


def safe_tensors(model: Mapping[str, Any], settings: Settings) -> Path:
    """The model's tensors as a safetensors file; ``model`` is a row of the table models.

    A torch checkpoint is converted at its first use and kept in the cache, keyed by its hash. Safe with
    several processes: the file appears whole or not at all, and always with the same content.
    Raises what ``find_blob`` and the reader of the format raise.
    """
    model_id, sha256 = model[MODELS.c.model_id], model[MODELS.c.weights_sha256]
    if sha256 is None:
        raise UsageError(
            f"{model_id}: the catalogue has no SHA-256 of its weights, so they cannot be loaded."
        )
    blob = find_blob(sha256, settings, _source(model))
    weights_format = model[MODELS.c.weights_format]
    if weights_format == "safetensors":
        return blob
    if weights_format != "torch":
        raise UsageError(
            f"{model_id}: {MODELS.c.weights_format} is {weights_format!r}; can be read: safetensors, torch."
        )
    from sngen.zoo.formats.torch_checkpoint import VERSION, read_torch_checkpoint  # noqa: PLC0415 - torch

    converted = settings.cache / "tensors" / f"{sha256}-{VERSION}.safetensors"
    if not converted.is_file():
        from safetensors.torch import save  # noqa: PLC0415 - needs torch

        write_files({converted: save(read_torch_checkpoint(blob))})
    return converted


@cache
def _hash_once(path: Path, size: int, modified_ns: int) -> str:
    """A file is hashed again in one process only if its size or time of change is another."""
    return file_hash(path)


def _source(model: Mapping[str, Any]) -> str | None:
    """Where the file can be had, in words, from the catalogue's columns."""
    url = model[MODELS.c.weights_url]
    file, revision = model[MODELS.c.weights_file], model[MODELS.c.weights_revision]
    if url is None:
        return None
    details = [f"file {file}"] if file else []
    details += [f"revision {revision}"] if revision else []
    return f"{url} ({', '.join(details)})" if details else str(url)
