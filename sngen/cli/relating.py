"""``sngen relate``: what follows from looking at all sources of the catalogue at once."""

from __future__ import annotations

from pathlib import Path

import click

#: Changed rows that are named, of each table.
MOST_ROWS = 10


@click.command(name="relate")
@click.option(
    "--catalog", type=click.Path(path_type=Path), default=Path("data/catalog"), show_default=True,
    help="Catalogue that is read, and in which the folder relatives is written.",
)  # fmt: skip
def command(catalog: Path) -> None:
    """Find relatives among the models of all sources, and numbers that contradict each other.

    Writes the folder relatives of the catalogue: pairs of related models, each with the rule that found it
    and the ground for it, and an audit of what sources report of the same weights. Run it after an import.
    """
    from sngen.catalog.audit import counts  # noqa: PLC0415
    from sngen.catalog.differences import describe  # noqa: PLC0415
    from sngen.catalog.importing import write_import  # noqa: PLC0415
    from sngen.catalog.relating.relate import SOURCE_ID, relate  # noqa: PLC0415
    from sngen.catalog.store import read_folder  # noqa: PLC0415
    from sngen.errors import DataProblem  # noqa: PLC0415
    from sngen.schema import RELATIVES  # noqa: PLC0415

    tables, problems = read_folder(catalog, leave_out=(SOURCE_ID,))
    if problems:
        raise DataProblem([str(problem) for problem in problems])
    found = relate(tables)
    differences = write_import(SOURCE_ID, found, catalog)

    pairs: dict[str, int] = {}
    for row in found.tables[RELATIVES.name]:
        pairs[row[RELATIVES.c.rule]] = pairs.get(row[RELATIVES.c.rule], 0) + 1
    for (kind, rule), cells in counts(found.audit).items():
        number = pairs.get(rule, 0) if kind == "derivation" else cells
        click.echo(f"  {kind:<10} {rule:<44} {number:>6,}")
    changes = [line for one in differences if one for line in describe(one, MOST_ROWS)]
    click.echo("\n".join([f"{catalog / SOURCE_ID}:", *(changes or ["no row changed"])]))
