"""Publishers' files into the data folder: resumed, checked before anything is unpacked, whole or not at all.

Unfinished downloads are kept beside where they belong, so that the finished file only has to be renamed. Of
an archive, only the members that a dataset names are taken; no path in it becomes a path on disk.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from evaluations.datasets.publication import Download, Placed
from sngen.errors import CheckFailed, UsageError
from sngen.settings import Settings
from sngen.zoo.cache import locked, writing
from sngen.zoo.fetching.archives import extract
from sngen.zoo.fetching.checksums import Checksum
from sngen.zoo.fetching.connection import OFFLINE, Connections, is_set
from sngen.zoo.fetching.https import download as download_file
from sngen.zoo.fetching.job import Bar, Failed, Job, NoBar, Patience
from sngen.zoo.fetching.partial import Partial, forget


@dataclass(frozen=True)
class Need:
    """``absent`` downloads, and ``damaged`` files in their places that are not the published ones."""

    absent: tuple[Download, ...]
    damaged: tuple[Path, ...]

    @property
    def size(self) -> int:
        return sum(one.size for one in self.absent)


def find_need(downloads: Sequence[Download], folder: Path) -> Need:
    """What has to be downloaded, every file that is there read and compared with its checksum."""
    absent, damaged = [], []
    for one in downloads:
        unlike = [placed for placed in one.results if not is_there(placed, folder)]
        if unlike:
            absent.append(one)
        damaged += [folder / placed.path for placed in unlike if (folder / placed.path).exists()]
    return Need(tuple(absent), tuple(damaged))


def is_there(placed: Placed, folder: Path) -> bool:
    path = folder / placed.path
    return path.is_file() and _checksum_fits(path, placed.checksum)


def check_possible(need: Need, folder: Path) -> None:
    """Raises ``UsageError`` where the network is off by the user's wish, or the disk too small."""
    if need.absent and is_set(OFFLINE):
        raise UsageError(
            f"{need.absent[0].addresses[0]} is not in {folder}, and {OFFLINE} is set. Download with the "
            "network on, or copy the files there."
        )
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    free = shutil.disk_usage(there).free
    if need.size > free:
        raise UsageError(
            f"{need.size:,} bytes to come, but {there} has {free:,} free. Free some space, or name another "
            "folder with --to."
        )


def bring(
    download: Download, settings: Settings, bar: Bar | None = None, patience: Patience | None = None
) -> None:
    """Put the files of one download into ``settings.data``; nothing happens if they are there.

    Safe with several processes at once. Raises ``CheckFailed`` for content that is not the published one, its
    kind ``job.Failed`` where the network fails, ``UsageError`` for a folder that cannot be written.
    """
    folder = settings.data
    partial = _unfinished(download, folder)
    with locked(f"{folder.absolute()} {download.addresses[0]}", settings):
        if all(is_there(placed, folder) for placed in download.results):
            return
        with writing(partial.parent):
            partial.parent.mkdir(parents=True, exist_ok=True)
        job = Job(
            settings, partial, Connections(), _sha256(download.checksum),
            download.size if download.size_is_exact else None, patience or Patience(), bar or NoBar(),
        )  # fmt: skip
        address = _brought(download, job)
        for member, placed in download.members.items():
            _take_out(partial, member, address, folder, placed)
        if download.place is not None:
            _put(partial, folder / download.place)
        forget(partial)


def _unfinished(download: Download, folder: Path) -> Path:
    name = urlsplit(download.addresses[0]).path.rpartition("/")[2]
    return (folder / download.results[0].path).with_name(f".{name}.unfinished")


def _brought(download: Download, job: Job) -> str:
    """The address that gave the published bytes, which are at ``job.partial`` then."""
    problems: list[CheckFailed] = []
    for address in _unfinished_first(download, job.partial):
        try:
            download_file(job, address)
            _check(job.partial, download, address)
            return address
        except CheckFailed as error:
            problems.append(error)
            if not isinstance(error, Failed) and Partial.open(job.partial, address).validator:
                forget(job.partial)  # of this address, which will not have it
    place = job.settings.data / download.place if download.place else None
    by_hand = f" Or get it elsewhere and save it as {place}." if place else ""
    kind = Failed if all(isinstance(one, Failed) for one in problems) else CheckFailed
    raise kind(f"{' '.join(map(str, problems))}{by_hand}")


def _unfinished_first(download: Download, partial: Path) -> list[str]:
    """The addresses in their order, but first the one that an unfinished download came from."""
    return sorted(download.addresses, key=lambda address: Partial.open(partial, address).size == 0)


def _check(partial: Path, download: Download, address: str) -> None:
    """Raises ``CheckFailed``, and deletes what came, unless it is the published file."""
    size, stated = partial.stat().st_size, Checksum.parse(download.checksum)
    found = stated.of(partial)
    if stated.fits(found) and size <= download.size:
        return
    forget(partial)
    raise CheckFailed(
        f"{address}: not the published file. Found {size:,} bytes with {stated.algorithm} {found}; expected "
        f"{'' if download.size_is_exact else 'at most '}{download.size:,} bytes with {stated}. Nothing of it "
        "was kept."
    )


def _take_out(archive: Path, member: str, address: str, folder: Path, placed: Placed) -> None:
    """One member to its place, compared with its own checksum first."""
    if is_there(placed, folder):
        return
    target = archive.with_name(f"{archive.name}.member")
    try:
        extract(archive, member, target, address)
        if not _checksum_fits(target, placed.checksum):
            found = Checksum.parse(placed.checksum).of(target)
            raise CheckFailed(
                f"{address}: {member} is not the published file. Found {found}, expected {placed.checksum}."
            )
        _put(target, folder / placed.path)
    except CheckFailed:
        forget(archive)
        raise
    finally:
        target.unlink(missing_ok=True)


def _put(path: Path, place: Path) -> None:
    with writing(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        path.chmod(0o644)
        path.replace(place)


def _checksum_fits(path: Path, checksum: str) -> bool:
    stated = Checksum.parse(checksum)
    try:
        return stated.fits(stated.of(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror or error}).") from error


def _sha256(checksum: str) -> str | None:
    stated = Checksum.parse(checksum)
    return stated.value if stated.algorithm == "sha256" else None
