"""``sngen import``: take the facts of a source into the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sngen.errors import UsageError

if TYPE_CHECKING:
    from sngen.catalog.importers import Importer
    from sngen.catalog.upstream import Upstream


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
@click.option("--dry-run", is_flag=True, help="Say what would change, and write nothing.")
@click.option("--all-changes", is_flag=True, help=f"List every changed row; {MOST_ROWS} of a kind otherwise.")
def command(
    source: str | None,
    place: Path | None,
    revision: str | None,
    catalog: Path,
    vocabulary: Path,
    dry_run: bool,
    all_changes: bool,
) -> None:
    """Read SOURCE's own files, clean them by named rules and write its folder in the catalogue.

    Without SOURCE, lists the sources that there are importers for.
    """
    from sngen.catalog.importers import find_importer, importer_names  # noqa: PLC0415

    if source is None:
        for name in importer_names():
            importer = find_importer(name)
            click.echo(f"{name}: {importer.title} ({importer.repository}, {', '.join(importer.files)})")
        return
    importer = find_importer(source)
    from sngen.catalog.audit import counts  # noqa: PLC0415
    from sngen.catalog.differences import describe  # noqa: PLC0415
    from sngen.catalog.importing import count_words, write_import  # noqa: PLC0415
    from sngen.catalog.vocabulary import load_vocabulary  # noqa: PLC0415

    words = load_vocabulary(vocabulary)
    upstream = _read(importer, place, revision)
    imported = importer.convert(upstream, words)
    differences = write_import(source, imported, catalog, write=not dry_run)

    checked = (
        f"revision checked by {upstream.checked_by}"
        if upstream.checked_by
        else "revision as given, not checked"
    )
    click.echo(f"{source}: {', '.join(importer.files)} at {upstream.revision} ({checked})")
    click.echo(count_words(imported.tables))
    for (kind, rule), cells in counts(imported.audit).items():
        click.echo(f"  {kind:<10} {rule:<40} {cells:>6,}")
    changes = [
        line
        for difference in differences
        if difference
        for line in describe(difference, None if all_changes else MOST_ROWS)
    ]
    would = " (nothing is written: --dry-run)" if dry_run else ""
    click.echo("\n".join([f"{catalog / source}:{would}", *(changes or ["no row changed"])]))


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
