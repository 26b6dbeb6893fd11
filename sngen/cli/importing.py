"""``sngen import``: take the facts of a source into the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sngen.errors import UsageError

if TYPE_CHECKING:
    from sngen.catalog.differences import Difference
    from sngen.catalog.importers import Imported, Importer
    from sngen.catalog.upstream import Upstream

#: Where a source is read, and at which revision.
Place = tuple[Path | None, str | None]

#: Changed rows of each kind and table that are listed.
MOST_ROWS = 12


@click.command(name="import")
@click.argument("source", required=False)
@click.option(
    "--from", "place", type=click.Path(path_type=Path), metavar="PATH",
    help="Checkout, zip or tar archive, or folder of the source's repository.",
)  # fmt: skip
@click.option(
    "--revision", metavar="REV", help="Commit that is read; a checkout is asked for exactly that one."
)
@click.option(
    "--into", "catalog", type=click.Path(path_type=Path), default=Path("data/catalog"), show_default=True,
    help="Catalogue in which the folder SOURCE is written.",
)  # fmt: skip
@click.option(
    "--vocabulary", type=click.Path(path_type=Path), default=Path("data/catalog/vocabulary"),
    show_default=True, help="Folder with the spellings of datasets and categories.",
)  # fmt: skip
@click.option(
    "--all", "everything", is_flag=True,
    help="Every source, from the checkouts in the folder PATH, each at the revision on record.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would change, and write nothing.")
@click.option("--all-changes", is_flag=True, help=f"List every changed row; {MOST_ROWS} of a kind otherwise.")
def command(
    source: str | None,
    place: Path | None,
    revision: str | None,
    catalog: Path,
    vocabulary: Path,
    everything: bool,
    dry_run: bool,
    all_changes: bool,
) -> None:
    """Read SOURCE's own files, clean them by named rules and write its folder in the catalogue.

    Without SOURCE, lists the sources that there are importers for. Run `sngen relate` afterwards.
    """
    from sngen.catalog.importers import find_importer, importer_names  # noqa: PLC0415

    if everything:
        if source is not None or place is None or revision is not None:
            raise UsageError("--all takes --from FOLDER, and neither a SOURCE nor --revision.")
        chosen = {name: _on_record(name, place, catalog) for name in importer_names()}
    elif source is not None:
        chosen = {source: (place, revision)}
        find_importer(source)
    else:
        for name in importer_names():
            importer = find_importer(name)
            click.echo(f"{name}: {importer.title} ({importer.repository}, {', '.join(importer.files)})")
        return
    _import(chosen, catalog, vocabulary, dry_run, None if all_changes else MOST_ROWS)


def _import(
    chosen: Mapping[str, Place], catalog: Path, vocabulary: Path, dry_run: bool, most: int | None
) -> None:
    from sngen.catalog.importers import find_importer  # noqa: PLC0415
    from sngen.catalog.importing import write_imports  # noqa: PLC0415
    from sngen.catalog.vocabulary import load_vocabulary  # noqa: PLC0415

    words = load_vocabulary(vocabulary)
    imports, said = {}, {}
    for source, (place, revision) in chosen.items():
        importer = find_importer(source)
        upstream = _read(importer, place, revision)
        imports[source] = importer.convert(upstream, words)
        said[source] = _summary(source, importer, upstream, imports[source])
    differences = write_imports(imports, catalog, write=not dry_run)
    would = " (nothing is written: --dry-run)" if dry_run else ""
    for source in chosen:
        click.echo(
            "\n".join([*said[source], f"{catalog / source}:{would}", *_changes(differences[source], most)])
        )


def _summary(source: str, importer: Importer, upstream: Upstream, imported: Imported) -> Iterator[str]:
    from sngen.catalog.audit import counts  # noqa: PLC0415
    from sngen.catalog.importing import count_words  # noqa: PLC0415

    by = upstream.checked_by
    checked = f"revision checked by {by}" if by else "revision as given, not checked"
    yield f"{source}: {', '.join(importer.files)} at {upstream.revision} ({checked})"
    yield count_words(imported.tables)
    for (kind, rule), cells in counts(imported.audit).items():
        yield f"  {kind:<10} {rule:<40} {cells:>6,}"


def _changes(differences: Iterable[Difference], most: int | None) -> list[str]:
    from sngen.catalog.differences import describe  # noqa: PLC0415

    lines = [line for difference in differences if difference for line in describe(difference, most)]
    return lines or ["no row changed"]


def _on_record(source: str, folder: Path, catalog: Path) -> Place:
    """The source's checkout in ``folder``, called like the source or its repository, and the commit that the
    catalogue has of it. An installed package needs neither."""
    from sngen.catalog.importers import find_importer  # noqa: PLC0415
    from sngen.catalog.text_tables import read_table  # noqa: PLC0415
    from sngen.schema import SOURCES  # noqa: PLC0415

    importer = find_importer(source)
    if importer.package is not None:
        return None, None
    names = (source, importer.repository.rpartition("/")[2])
    place = next((folder / name for name in names if (folder / name).exists()), None)
    if place is None:
        raise UsageError(f"{folder} has no {' or '.join(names)}: a checkout of {importer.repository}.")
    record = catalog / source / f"{SOURCES.name}.csv"
    rows = read_table(SOURCES, record) if record.is_file() else []
    commit = re.search(r"\b[0-9a-f]{40}\b", rows[0][SOURCES.c.revision] or "") if rows else None
    if commit is None:
        raise UsageError(f"{record} names no commit; import {source} by itself, with --revision.")
    return place, commit[0]


def _read(importer: Importer, place: Path | None, revision: str | None) -> Upstream:
    from sngen.catalog.upstream import read_package, read_upstream  # noqa: PLC0415

    if importer.package is not None and place is None:
        return read_package(importer.package, revision, importer.files)
    if place is not None and revision is not None:
        return read_upstream(place, revision, importer.files)
    missing = " and ".join(
        option for option, value in (("--from PATH", place), ("--revision REV", revision)) if value is None
    )
    raise UsageError(f"{missing} is missing: where a copy of {importer.repository} is, and which commit.")
