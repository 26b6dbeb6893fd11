"""``sngen fetch``: published checkpoints into the cache, ahead of their use."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sngen.cli.library import library_options, opened
from sngen.errors import CheckFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sngen.search.library import Library

WORKERS = 8


@click.command(name="fetch")
@click.argument("ids", nargs=-1, metavar="ID...")
@click.option(
    "--all-of", "cohorts", multiple=True, metavar="FILE|HASH",
    help="The models of a cohort, or of a file with an id per line.",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(1, 64), default=WORKERS, show_default=True, help="Files at once."
)
@click.option("--check", "only_check", is_flag=True, help="Only verify what is here; asks no network.")
@click.option(
    "--file", "by_hand", type=click.Path(path_type=Path, dir_okay=False),
    help="Take in this file for the one model ID, instead of fetching it.",
)  # fmt: skip
@click.option("--progress", is_flag=True, help="Show a bar even where standard error is no terminal.")
@library_options
def command(
    *, ids: tuple[str, ...], cohorts: tuple[str, ...], workers: int, only_check: bool, by_hand: Path | None,
    progress: bool, catalog: Path | None, results: tuple[Path, ...], release: Path | None,
) -> None:  # fmt: skip
    """Fetch the published checkpoints of models into the cache, and verify them.

    \b
      sngen fetch akamaster/cifar10/resnet20
      sngen fetch 'akamaster/*' 'robustbench/cifar10/linf/*' --workers 16
      sngen fetch --all-of data/cohorts/0123456789abcdef.json
      sngen fetch some/model --file ~/Downloads/model.pth
      sngen fetch --check                                       # everything in the cache

    IDs may hold * and ?. Unfinished downloads are continued. Where the catalogue states no hash, the first
    fetch records what it found; other content is refused from then on. Settings: SECURITYNET_CACHE,
    SECURITYNET_ZOO, SECURITYNET_OFFLINE, HTTPS_PROXY, HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE.
    """
    from sngen.settings import Settings  # noqa: PLC0415 - not for --help

    settings = Settings.from_environment()
    if only_check and not ids and not cohorts:
        _check_everything(settings)
        return
    rows = _rows(opened(catalog, results, release), ids, cohorts)
    if by_hand is not None:
        _take_in(rows, by_hand, settings, only_check)
    elif only_check:
        _check(rows, settings)
    else:
        _fetch(rows, settings, workers, progress)


def _rows(library: Library, ids: Sequence[str], cohorts: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of the models that are meant, each once, in the order asked for."""
    from sngen.schema import MODELS  # noqa: PLC0415
    from sngen.search.aliases import resolve  # noqa: PLC0415

    by_id = {row[MODELS.c.model_id]: dict(row) for row in library.rows(MODELS)}
    wanted: dict[str, None] = {}
    for name in [*ids, *(one for cohort in cohorts for one in _of_cohort(cohort, library))]:
        if "*" not in name and "?" not in name:
            wanted[resolve(name, library)] = None
            continue
        found = [one for one in by_id if fnmatchcase(one, name)]
        if not found:
            raise UsageError(f"no model {name!r} in {library.place}. 'sngen models WORDS' searches.")
        wanted.update(dict.fromkeys(found))
    if not wanted:
        raise UsageError("which models? Name ids, or a cohort with --all-of; 'sngen models' searches.")
    return [by_id[one] for one in wanted]


def _of_cohort(name: str, library: Library) -> list[str]:
    """Ids of a cohort by its file or hash, or of a file with an id per line and # before remarks."""
    from sngen.search.cohorts import cohort_folder, find_cohort, resolve_cohort  # noqa: PLC0415

    path = Path(name)
    if path.is_file() and not path.read_bytes().lstrip().startswith(b"{"):
        lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8", "replace").splitlines())
        return [line for line in lines if line]
    found = resolve_cohort(find_cohort(name, cohort_folder(library)), library)
    if found.gone:
        raise CheckFailed(f"cohort {name}: {', '.join(found.gone)} name no model of {library.place}.")
    return list(found.present)


def _fetch(rows: list[dict[str, Any]], settings: Any, workers: int, progress: bool) -> None:
    from sngen.schema import MODELS  # noqa: PLC0415
    from sngen.zoo.fetching.many import fetch_many  # noqa: PLC0415
    from sngen.zoo.fetching.progress import ManyBar  # noqa: PLC0415

    bar = ManyBar(len(rows), progress)
    counts = {"fetched": 0, "here": 0, "failed": 0}
    outcomes = fetch_many(rows, settings, workers, bar)
    try:
        for outcome in outcomes:
            model_id, found = outcome.model[MODELS.c.model_id], outcome.fetched
            if found is None:
                counts["failed"] += 1
                bar.file_done(f"failed   {model_id}: {_without(str(outcome.error), model_id)}")
                continue
            counts[found.how] += 1
            size = found.path.stat().st_size
            bar.file_done(f"{found.how:8} {model_id}  {size:,} bytes  {found.path}")
            if found.note:
                bar.file_done(f"         {model_id}: {found.note}", counts=False)
    except KeyboardInterrupt:
        outcomes.close()
        bar.end()
        left = len(rows) - sum(counts.values())
        click.echo(f"interrupted: {_summary(counts)}, {left} not done; run again to go on.", err=True)
        raise SystemExit(130) from None
    finally:
        bar.end()
    click.echo(_summary(counts))
    if counts["failed"]:
        raise SystemExit(1)


def _summary(counts: dict[str, int]) -> str:
    return f"{counts['fetched']} fetched, {counts['here']} already here, {counts['failed']} failed"


def _without(message: str, model_id: str) -> str:
    return message.removeprefix(f"{model_id}: ")


def _take_in(rows: list[dict[str, Any]], path: Path, settings: Any, only_check: bool) -> None:
    from sngen.schema import MODELS  # noqa: PLC0415
    from sngen.zoo.fetching import take_in  # noqa: PLC0415

    if len(rows) != 1 or only_check:
        raise UsageError("--file is for one model, and not with --check.")
    found = take_in(rows[0], path, settings)
    click.echo(f"{found.how} {rows[0][MODELS.c.model_id]}  {found.path}")
    if found.note:
        click.echo(found.note)


def _check(rows: list[dict[str, Any]], settings: Any) -> None:
    from sngen.schema import MODELS  # noqa: PLC0415
    from sngen.zoo.fetching import find_local  # noqa: PLC0415

    bad = 0
    for row in rows:
        try:
            path = find_local(row, settings)
            words = (
                f"whole    {row[MODELS.c.model_id]}  {path}" if path else f"absent   {row[MODELS.c.model_id]}"
            )
            bad += path is None
        except CheckFailed as error:
            words, bad = f"damaged  {row[MODELS.c.model_id]}: {error}", bad + 1
        click.echo(words)
    click.echo(f"{len(rows) - bad} of {len(rows)} here and whole")
    if bad:
        raise SystemExit(1)


def _check_everything(settings: Any) -> None:
    from sngen.zoo.cache import damaged_blobs  # noqa: PLC0415

    count, problems = damaged_blobs(settings)
    for problem in problems:
        click.echo(f"damaged  {problem}")
    click.echo(f"{count - len(problems)} of {count} files of {settings.cache} whole")
    if problems:
        raise SystemExit(1)
