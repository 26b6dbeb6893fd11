"""Find one row's file here, or bring it, check it and give it its name; each step once, under one lock."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sngen.errors import UsageError
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.cache import keep, keep_archive, kept_archive, local_blob, locked, partial_path, writing
from sngen.zoo.fetching.acceptance import Arrival, Expected, accept
from sngen.zoo.fetching.archives import is_archive_with
from sngen.zoo.fetching.connection import Connections
from sngen.zoo.fetching.job import Bar, Brought, Job, NoBar, Patience
from sngen.zoo.fetching.known import read_known, write_known
from sngen.zoo.fetching.partial import forget, take
from sngen.zoo.fetching.sources import source_of
from sngen.zoo.stock import give_blob

BY_HAND = "taken in by hand"


@dataclass(frozen=True)
class Fetched:
    """``how``: "here" or "fetched" or "taken in". ``note``: what the user should know of it."""

    path: Path
    how: str
    note: str | None = None


def obtain(
    model: Mapping[str, Any],
    settings: Settings,
    *,
    bar: Bar | None = None,
    patience: Patience | None = None,
    session: Any = None,
    stop: threading.Event | None = None,
) -> Fetched:
    """See ``sngen.zoo.fetching.fetch``. ``session``: connections to go on using; ``stop``: set to give up."""
    local = find_local(model, settings)
    if local is not None:
        return Fetched(local, "here")
    source = source_of(model)
    with locked(source.address, settings):
        local = find_local(model, settings)  # another process may have brought it in the meantime
        if local is not None:
            return Fetched(local, "here")
        expected = Expected.of(model, read_known(model[MODELS.c.model_id], settings), source.address)
        job = Job(
            settings=settings,
            partial=partial_path(source.address, settings),
            session=session or Connections(),
            sha256=expected.sha256_of_file,
            size=expected.size_of_file,
            patience=patience or Patience(),
            bar=bar or NoBar(),
            stop=stop or threading.Event(),
        )
        kept = kept_archive(source.address, settings) if expected.of_archive else None
        if kept is None:
            brought = source.bring(job)
        else:
            brought = Brought(source.address)
            take(kept, job.partial)
        return _accepted(model, settings, expected, Arrival(job.partial, source.address, brought), "fetched")


def take_in(model: Mapping[str, Any], path: Path, settings: Settings) -> Fetched:
    """A file that the user got by hand, checked like a fetched one; of an archive the checkpoint in it."""
    address = _address(model)
    key = f"{BY_HAND}: {address}"  # not the lock of its download, which may be held while this is called
    with locked(key, settings):
        expected = Expected.of(model, read_known(model[MODELS.c.model_id], settings), address)
        partial = partial_path(key, settings)
        _copy(path, partial)
        return _accepted(model, settings, expected, Arrival(partial, address, None), "taken in")


def find_local(model: Mapping[str, Any], settings: Settings) -> Path | None:
    """The row's file, or its archive's checkpoint, from the zoo folder or the cache, verified; else None.

    Asks no network. Raises ``CheckFailed`` for a damaged file.
    """
    known = read_known(model[MODELS.c.model_id], settings)
    sha256 = model[MODELS.c.weights_sha256] or None
    file = model[MODELS.c.weights_file] or None
    if known is not None and known.member_sha256 and known.member != file:
        known = None  # the catalogue means another member now
    if known is not None and (known.sha256 == sha256 or (sha256 is None and known.url == _address(model))):
        member = local_blob(known.member_sha256 or known.sha256, settings)
        if member is not None:
            return member
    whole = local_blob(sha256, settings) if sha256 else None
    if whole is None or model[MODELS.c.weights_kind] != "archive":
        return whole
    if not is_archive_with(whole, file):
        return whole
    return take_in(model, whole, settings).path


def _accepted(
    model: Mapping[str, Any], settings: Settings, expected: Expected, arrival: Arrival, how: str
) -> Fetched:
    """The arrival under its name in the cache; what is refused is deleted."""
    member = arrival.path.with_name(f"{arrival.path.name}.member")
    try:
        accepted = accept(model, settings, expected, arrival, member)
        known = accepted.known
        final = arrival.path if known.member_sha256 is None else member
        path = keep(final, known.member_sha256 or known.sha256, settings)
        give_blob(path, path.name, settings)
        if accepted.worth_keeping:
            keep_archive(arrival.path, known.sha256, arrival.address, settings)
    finally:
        forget(arrival.path)
        member.unlink(missing_ok=True)
    if expected.sha256 is not None and known.member_sha256 is None:
        return Fetched(path, how)
    if expected.known is not None and known.member_sha256 in (None, expected.known.member_sha256):
        return Fetched(path, how)
    place = write_known(model[MODELS.c.model_id], known, settings)
    if expected.sha256 is not None:
        return Fetched(path, how)
    return Fetched(
        path, how,
        f"the catalogue states no SHA-256; found {known.sha256} ({known.size:,} bytes), recorded in {place}. "
        "Other content will not be accepted from now on.",
    )  # fmt: skip


def _address(model: Mapping[str, Any]) -> str:
    try:
        return source_of(model).address
    except UsageError:
        return str(model[MODELS.c.weights_url] or f"{BY_HAND}: {model[MODELS.c.model_id]}")


def _copy(path: Path, partial: Path) -> None:
    forget(partial)
    try:
        source = path.open("rb")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror or error}).") from error
    with source, writing(partial), partial.open("xb") as target:
        while chunk := source.read(2**20):
            target.write(chunk)
