"""``sngen check``: the catalogue against the data contract."""

from __future__ import annotations

from pathlib import Path

import click

from sngen.errors import CheckFailed


@click.command(name="check")
@click.option(
    "--catalog", type=click.Path(path_type=Path),
    help="Folder with the facts; default: data/catalog of the checkout.",
)  # fmt: skip
def command(catalog: Path | None) -> None:
    """Check every file, row and cell of the catalogue; all problems are listed at once."""
    from sngen.catalog.audit import load_audit  # noqa: PLC0415
    from sngen.catalog.importing import count_words  # noqa: PLC0415
    from sngen.catalog.store import AUDIT_FILE, check_catalog, source_folders  # noqa: PLC0415
    from sngen.errors import DataProblem  # noqa: PLC0415
    from sngen.search.library import catalog_folder  # noqa: PLC0415

    folder = catalog_folder(catalog)
    tables, found = check_catalog(folder)
    problems = [str(problem) for problem in found]
    for source in source_folders(folder):
        if (source / AUDIT_FILE).is_file():
            try:
                load_audit(source)
            except DataProblem as error:
                problems += error.problems
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise CheckFailed("\n".join([f"{count} in {folder}:", *(f"  {problem}" for problem in problems)]))
    click.echo(f"{folder}: {count_words(tables)}; all as the data contract asks")
