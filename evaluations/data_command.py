"""``python -m evaluations data``: publishers' files into the data folder, ahead of a run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from sngen.errors import CheckFailed, UsageError
from sngen.settings import Settings

if TYPE_CHECKING:
    from evaluations.datasets.downloading import Need
    from evaluations.datasets.publication import Download

INTERRUPTED = 130


@click.command(name="data")
@click.argument("names", nargs=-1, metavar="[DATASET]...")
@click.option(
    "--to", "folder", type=click.Path(path_type=Path, file_okay=False),
    help="Folder to put them in. Default: SECURITYNET_DATA, or the folder 'data' of the cache.",
)  # fmt: skip
@click.option("--progress", is_flag=True, help="Show a bar even where standard error is no terminal.")
def command(names: tuple[str, ...], folder: Path | None, progress: bool) -> None:
    """Download public datasets from their publishers, checked by published checksums.

    \b
      python -m evaluations data                      # what there is, and how large
      python -m evaluations data cifar10 mnist
      python -m evaluations data '*mnist' --to ~/data

    DATASET may hold * and ?. What is there and whole is left alone; unfinished downloads are continued. Exit
    code 1 if any failed. Settings: SECURITYNET_DATA, SECURITYNET_OFFLINE, HTTPS_PROXY.
    """
    settings = Settings.from_environment()
    if folder is not None:
        settings = replace(settings, data=folder.expanduser())
    if not names:
        _list(settings.data)
        return
    wanted = _chosen(names)
    try:
        failed = [dataset_id for dataset_id in wanted if not _done(dataset_id, settings, progress)]
    except KeyboardInterrupt:
        click.echo("interrupted; what was downloaded is kept. Run again to go on.", err=True)
        sys.exit(INTERRUPTED)
    if failed:
        sys.exit(1)


def _list(folder: Path) -> None:
    from evaluations.datasets import dataset_ids, find_dataset  # noqa: PLC0415 - not for --help
    from evaluations.engine.tables import aligned  # noqa: PLC0415

    rows = []
    for dataset_id in dataset_ids():
        dataset = find_dataset(dataset_id)
        places = [placed.path for one in dataset.DOWNLOADS for placed in one.results]
        there = sum((folder / path).is_file() for path in places)
        state = f"{there} of {len(places)} files" if places else dataset.BY_HAND
        rows.append((dataset_id, _size(dataset.DOWNLOADS), state))
    click.echo(aligned(("dataset", "download", f"publisher's files in {folder}"), rows))


def _chosen(names: Sequence[str]) -> list[str]:
    """The datasets that are meant, each once. Raises ``UsageError`` for one that no program can get."""
    from evaluations.datasets import dataset_ids, find_dataset  # noqa: PLC0415

    chosen: dict[str, None] = {}
    for name in names:
        found = [one for one in dataset_ids() if fnmatchcase(one, name)]
        if "*" in name or "?" in name:
            found = [one for one in found if find_dataset(one).DOWNLOADS]
        elif not find_dataset(name).DOWNLOADS:
            raise UsageError(f"{name} is not downloaded: {find_dataset(name).BY_HAND}.")
        if not found:
            raise UsageError(
                f"no dataset {name!r} can be downloaded; 'python -m evaluations data' lists them."
            )
        chosen.update(dict.fromkeys(found))
    return list(chosen)


def _done(dataset_id: str, settings: Settings, progress: bool) -> bool:
    """Whether the dataset is there in the end; what happens is said on the way."""
    from evaluations.datasets import find_dataset  # noqa: PLC0415
    from evaluations.datasets.downloading import check_possible, find_need  # noqa: PLC0415

    need = find_need(find_dataset(dataset_id).DOWNLOADS, settings.data)
    if not need.absent:
        click.echo(f"{dataset_id}: everything is in {settings.data}, and is the published data.")
        return True
    click.echo(_announcement(dataset_id, need, settings.data))
    check_possible(need, settings.data)
    try:
        for one in need.absent:
            _bring(one, settings, progress)
    except CheckFailed as error:
        click.echo(f"{dataset_id}: failed: {error}", err=True)
        return False
    click.echo(f"{dataset_id}: done, in {settings.data}.")
    return True


def _announcement(dataset_id: str, need: Need, folder: Path) -> str:
    hosts = sorted({urlsplit(one.addresses[0]).hostname or "" for one in need.absent})
    files = f"{len(need.absent)} file{'s' if len(need.absent) > 1 else ''}"
    lines = [f"{path}: not the published file; it will be replaced." for path in need.damaged]
    return "\n".join(
        [*lines, f"{dataset_id}: {_size(need.absent)} in {files} from {', '.join(hosts)} to {folder}"]
    )


def _bring(one: Download, settings: Settings, progress: bool) -> None:
    from evaluations.datasets.downloading import bring  # noqa: PLC0415
    from sngen.zoo.fetching.progress import bar_for  # noqa: PLC0415

    bar = bar_for(one.addresses[0].partition("?")[0].rpartition("/")[2], progress)
    try:
        bring(one, settings, bar)
    finally:
        bar.close()


def _size(downloads: Sequence[Download]) -> str:
    if not downloads:
        return "-"
    most = "" if all(one.size_is_exact for one in downloads) else "at most "
    return f"{most}{sum(one.size for one in downloads) / 1e6:,.1f} MB"
