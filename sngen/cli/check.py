"""``sngen check``: the catalogue against the data contract."""

from __future__ import annotations

from pathlib import Path

import click

from sngen.errors import CheckFailed


@click.command(name="check")
@click.option(
    "--catalog", type=click.Path(path_type=Path), default=Path("data/catalog"), show_default=True,
    help="Folder with the facts.",
)  # fmt: skip
def command(catalog: Path) -> None:
    """Check every file, row and cell of the catalogue; all problems are listed at once."""
    from sngen.catalog.audit import load_audit  # noqa: PLC0415
    from sngen.catalog.importing import count_words  # noqa: PLC0415
    from sngen.catalog.store import AUDIT_FILE, check_catalog, source_folders  # noqa: PLC0415
    from sngen.errors import DataProblem  # noqa: PLC0415

    tables, found = check_catalog(catalog)
    problems = [str(problem) for problem in found]
    for folder in source_folders(catalog):
        if (folder / AUDIT_FILE).is_file():
            try:
                load_audit(folder)
            except DataProblem as error:
                problems += error.problems
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise CheckFailed("\n".join([f"{count} in {catalog}:", *(f"  {problem}" for problem in problems)]))
    click.echo(f"{catalog}: {count_words(tables)}; all as the data contract asks")
