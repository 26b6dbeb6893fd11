"""``sngen cohort``: a chosen set of models as an object with a hash."""

from __future__ import annotations

from pathlib import Path

import click

from sngen.cli.library import library_options, opened
from sngen.errors import CheckFailed


@click.group(name="cohort")
def command() -> None:
    """Keep a chosen set of models under a hash, and find it again."""


@command.command(context_settings={"ignore_unknown_options": True})
@click.argument("terms", nargs=-1, type=click.UNPROCESSED)
@click.option("--name", help="What the set is called.")
@click.option("--distinct", is_flag=True, help="One model of those that share their weights.")
@click.option("--sort", help="Order in which --limit counts, e.g. -accuracy.")
@click.option("--limit", type=click.IntRange(1), help="Models at most.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path),
    help="File; default: HASH.json in the folder cohorts beside the catalogue.",
)  # fmt: skip
@library_options
def make(
    *, terms: tuple[str, ...], name: str | None, distinct: bool, sort: str | None, limit: int | None,
    output: Path | None, catalog: Path | None, results: tuple[Path, ...], release: Path | None,
) -> None:  # fmt: skip
    """Make a cohort of the models that TERMS find (see 'sngen models'). The hash depends on the ids alone."""
    from sngen.search.cohorts import cohort_folder, make_cohort, write_cohort  # noqa: PLC0415
    from sngen.search.options import query_of_arguments  # noqa: PLC0415
    from sngen.search.select import select  # noqa: PLC0415

    library = opened(catalog, results, release)
    query = query_of_arguments(terms, [option.name or "" for option in make.params])
    selection = select(library, query, (sort,) if sort else (), (), limit, distinct)
    cohort = make_cohort(selection, library, " ".join(terms), name)
    path = output or cohort_folder(library) / f"{cohort.hash}.json"
    write_cohort(cohort, path)
    models = f"{len(cohort.models):,} model{'' if len(cohort.models) == 1 else 's'}"
    click.echo(f"cohort {cohort.hash}: {models}, written to {path}")


@command.command()
@click.argument("cohort", metavar="FILE|HASH")
@click.option("--ids", is_flag=True, help="Only the ids, one a line.")
@library_options
def show(
    *, cohort: str, ids: bool, catalog: Path | None, results: tuple[Path, ...], release: Path | None
) -> None:
    """Show the models of a cohort today, which were renamed since, and which are gone."""
    from sngen.search.cohorts import cohort_folder, find_cohort, resolve_cohort  # noqa: PLC0415

    library = opened(catalog, results, release)
    found = resolve_cohort(find_cohort(cohort, cohort_folder(library)), library)
    kept = found.cohort
    if not ids:
        title = f" ({kept.name})" if kept.name else ""
        click.echo(
            f"cohort {kept.hash}{title}: {len(kept.models):,} models, found by {kept.query or 'hand'!r}"
        )
    click.echo("".join(f"{model_id}\n" for model_id in found.present), nl=False)
    for old, new in found.renamed.items():
        click.echo(f"renamed: {old} is {new} now", err=True)
    for model_id in found.gone:
        click.echo(f"gone: {model_id} names no model of {library.place}", err=True)


@command.command()
@click.argument("cohort", metavar="FILE|HASH")
@library_options
def check(*, cohort: str, catalog: Path | None, results: tuple[Path, ...], release: Path | None) -> None:
    """Check that a cohort is as it was made and that all its models are there."""
    from sngen.search.cohorts import cohort_folder, find_cohort, resolve_cohort  # noqa: PLC0415

    library = opened(catalog, results, release)
    found = resolve_cohort(find_cohort(cohort, cohort_folder(library)), library)
    if found.gone:
        names = "\n".join(f"  {model_id}" for model_id in found.gone)
        raise CheckFailed(f"cohort {found.cohort.hash}: these ids name no model of {library.place}:\n{names}")
    renamed = f", {len(found.renamed)} of them renamed" if found.renamed else ""
    click.echo(f"cohort {found.cohort.hash}: {len(found.present):,} models, all there{renamed}")
