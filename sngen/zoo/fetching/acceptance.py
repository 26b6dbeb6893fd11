"""Whether the bytes that came are those that were meant; only then they get a name in the cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sngen.canonical import file_hash
from sngen.errors import CheckFailed
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.fetching.archives import extract, is_archive_with
from sngen.zoo.fetching.checksums import Checksum
from sngen.zoo.fetching.job import Brought
from sngen.zoo.fetching.known import Known, known_path
from sngen.zoo.fetching.pages import HEAD_BYTES, large_file_pointer, page_in_place_of_file


@dataclass(frozen=True)
class Expected:
    """What is stated about a row's file: by the catalogue (``sha256``, ``size``, ``checksum``), and by the
    first fetch from the same address (``known``). Of an archive, they may be of the checkpoint in it."""

    sha256: str | None
    size: int | None
    checksum: Checksum | None
    known: Known | None
    of_archive: bool

    @classmethod
    def of(cls, model: Mapping[str, Any], known: Known | None, address: str) -> Expected:
        text = model[MODELS.c.weights_checksum] or None
        same = known is not None and known.url == address
        return cls(
            model[MODELS.c.weights_sha256] or None,
            model[MODELS.c.weights_bytes] or None,
            Checksum.parse(text) if text else None,
            known if same else None,
            model[MODELS.c.weights_kind] == "archive",
        )

    @property
    def sha256_of_file(self) -> str | None:
        return None if self.of_archive else self.sha256 or (self.known.sha256 if self.known else None)

    @property
    def size_of_file(self) -> int | None:
        return None if self.of_archive else self.size


@dataclass(frozen=True)
class Arrival:
    """A complete file that was not looked at yet, and where it came from."""

    path: Path
    address: str
    brought: Brought | None


@dataclass(frozen=True)
class Accepted:
    """``worth_keeping``: an archive that has the checkpoints of other models, too."""

    known: Known
    worth_keeping: bool = False


@dataclass(frozen=True)
class Hashed:
    """``what`` it is called in errors."""

    path: Path
    what: str
    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path, what: str) -> Hashed:
        return cls(path, what, path.stat().st_size, file_hash(path))


def accept(
    model: Mapping[str, Any], settings: Settings, expected: Expected, arrival: Arrival, member: Path
) -> Accepted:
    """What was found, if it is what was stated; the checkpoint of an archive is written to ``member``.

    A row of an archive may state size and checksum of either: sources differ. Raises ``CheckFailed``.
    """
    _check_content(arrival.path, arrival.address)
    whole = Hashed.of(arrival.path, arrival.address)
    _check_server(whole, arrival.brought)
    name, files, member_sha256 = model[MODELS.c.weights_file] or None, [whole], None
    has_others = False
    if expected.of_archive and _is_the_archive(arrival, name):
        found = extract(arrival.path, name, member, arrival.address)
        _check_content(member, f"{arrival.address} ({found.name})")
        files.append(Hashed.of(member, f"{found.name} in {arrival.address}"))
        member_sha256, has_others = files[-1].sha256, found.has_others
    _check_unchanged(model[MODELS.c.model_id], expected.known, files, settings)
    _check_stated(files, expected)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    revision = arrival.brought.revision if arrival.brought else None
    known = Known(
        arrival.address, whole.size, whole.sha256, now, revision, member_sha256, member_sha256 and name
    )
    return Accepted(replace(known, member=name) if member_sha256 else known, has_others)


def _is_the_archive(arrival: Arrival, name: str | None) -> bool:
    """What was downloaded is; a user may give the checkpoint alone."""
    return arrival.brought is not None or is_archive_with(arrival.path, name)


def _check_content(path: Path, address: str) -> None:
    """Raises ``CheckFailed`` for what no format of weights looks like."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        raise CheckFailed(f"{address}: the file is empty.")
    page = page_in_place_of_file(head)
    if page is not None:
        raise CheckFailed(f"{address}: {page} in place of the file. Open the address to see what it wants.")
    if large_file_pointer(head) is not None:
        raise CheckFailed(f"{address}: a pointer of Git LFS in place of the file, which is kept elsewhere.")


def _check_server(whole: Hashed, brought: Brought | None) -> None:
    if brought is None or brought.checksum is None:
        return
    stated = Checksum.parse(brought.checksum)
    found = stated.of(whole.path)
    if not stated.fits(found):
        raise CheckFailed(
            f"{whole.what}: {stated.algorithm} {found}, but the server states {stated}. It was damaged on "
            "its way; fetch it again."
        )


def _check_unchanged(model_id: str, known: Known | None, files: list[Hashed], settings: Settings) -> None:
    """Raises ``CheckFailed`` with both hashes where the address has other content than at the first fetch."""
    if known is None or any(one.sha256 in (known.sha256, known.member_sha256) for one in files):
        return
    whole = files[0]
    older = f" ({known.revision})" if known.revision else ""
    raise CheckFailed(
        f"{model_id}: the content of {known.url} changed. Found {whole.size:,} bytes with SHA-256 "
        f"{whole.sha256}; expected {known.size:,} bytes with {known.sha256}, as on {known.date}. It was not "
        f"accepted. If the change is right, delete {known_path(model_id, settings)} and fetch again; else "
        f"name the older content's revision in the catalogue{older}."
    )


def _check_stated(files: list[Hashed], expected: Expected) -> None:
    """Every stated size and checksum is that of the file, or of the checkpoint in it."""
    words = " and ".join(f"{one.what} has {one.size:,} bytes and SHA-256 {one.sha256}" for one in files)
    if expected.sha256 is not None and expected.sha256 not in [one.sha256 for one in files]:
        raise CheckFailed(
            f"{words}; the catalogue says {expected.sha256}. It is another file, or was changed on its way; "
            "not accepted."
        )
    if expected.size is not None and expected.size not in [one.size for one in files]:
        raise CheckFailed(f"{words}; the catalogue says {expected.size:,} bytes. Not accepted.")
    if expected.checksum is not None:
        found = [expected.checksum.of(one.path) for one in files]
        if not any(expected.checksum.fits(one) for one in found):
            raise CheckFailed(
                f"{words}; {expected.checksum.algorithm} is {' and '.join(found)}, but its publisher states "
                f"{expected.checksum}. Not accepted."
            )
