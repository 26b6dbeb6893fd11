"""``sngen models``: search the catalogue."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from sngen.cli.library import answer, library_options, opened
from sngen.search.formats import FORMATS, formatted

#: Rows of a table that fit a glance; every other format gives all.
TABLE_LIMIT = 40


@click.command(
    name="models", context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]}
)
@click.argument("terms", nargs=-1, type=click.UNPROCESSED)
@click.option("--sort", multiple=True, metavar="FIELDS", help="Order, e.g. -accuracy,year; - descends.")
@click.option(
    "--columns", multiple=True, metavar="FIELDS", help="Columns; +FIELD adds one to the usual ones; all."
)
@click.option("--limit", type=click.IntRange(0), help=f"Rows; 0 is all. Default: {TABLE_LIMIT} in a table.")
@click.option("--distinct", is_flag=True, help="One row of those that share their weights.")
@click.option(
    "--format", "format_", type=click.Choice(tuple(FORMATS)), default="table", show_default=True,
    help="How the answer is written.",
)  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File for the answer.")
@library_options
def command(
    *, terms: tuple[str, ...], sort: tuple[str, ...], columns: tuple[str, ...], limit: int | None,
    distinct: bool, format_: str, output: Path | None, catalog: Path | None, results: tuple[Path, ...],
    release: Path | None,
) -> None:  # fmt: skip
    """Search the catalogue. TERMS are conditions that must all hold, or words:

    \b
      sngen models dataset=cifar10 accuracy=0.9..0.96 --sort -accuracy
      sngen models --dataset cifar10 --year 2018.. --purpose security
      sngen models 'accuracy>=90%' 'name=resnet*' wide --columns +paper_url
      sngen models evaluated_on=imagenet-a --format csv -o found.csv

    Every field is an option, too. Put terms with > < * or spaces in quotes. field=a,b is either value,
    field!=a excludes, field~words contains, field=unknown has none. 'sngen fields' lists the fields.
    """
    from sngen.search.hints import hints  # noqa: PLC0415 - not for --help
    from sngen.search.options import query_of_arguments  # noqa: PLC0415
    from sngen.search.select import select  # noqa: PLC0415

    own = [name for option in command.params for name in (option.name or "",)]
    query = query_of_arguments(terms, [*own, "format"])
    library = opened(catalog, results, release)
    if limit is None and format_ == "table" and output is None:
        limit = TABLE_LIMIT
    selection = select(library, query, sort, columns, limit or None, distinct)
    on_screen = output is None and sys.stdout.isatty()
    answer(formatted(selection, format_, shutil.get_terminal_size().columns if on_screen else None), output)
    for hint in hints(selection):
        click.echo(hint, err=True)
    if selection.sharing and not distinct:
        rows = "row shares its" if selection.sharing == 1 else "rows share their"
        click.echo(
            f"{selection.sharing:,} {rows} weights with another; --distinct keeps one of each.", err=True
        )
    if format_ != "table" or output is not None:
        from sngen.search.formats.table import counted  # noqa: PLC0415

        click.echo(counted(selection), err=True)
