"""``sngen fields``: what one can search by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from sngen.cli.library import library_options, opened
from sngen.search.fields import FIELDS, Field, field_named

MOST_VALUES = 300


@click.command(name="fields")
@click.argument("name", required=False)
@library_options
def command(
    *, name: str | None, catalog: Path | None, results: tuple[Path, ...], release: Path | None
) -> None:
    """List the fields of 'sngen models', or everything about the field NAME with its values."""
    if name is None:
        width = max(map(len, FIELDS))
        for field in FIELDS.values():
            click.echo(f"{field.name:<{width}}  {field.column.description}{_also(field)}")
        return
    field = field_named(name)
    click.echo("\n".join(_about(field)))
    table = opened(catalog, results, release).search_table(every_dataset=True)
    cells = [cell for value in table.column(field.name) if value is not None
             for cell in (value if isinstance(value, (list, tuple)) else (value,))]  # fmt: skip
    click.echo(f"known in {sum(v is not None for v in table.column(field.name)):,} of {len(table):,} rows")
    if field.kind == "number":
        if cells:
            click.echo(f"from {min(cells):.10g} to {max(cells):.10g}")
        return
    counts = Counter(cells)
    meant = field.column.allowed or ()
    if len(counts) > MOST_VALUES:
        click.echo(f"{len(counts):,} different values, for example {', '.join(map(str, sorted(counts)[:3]))}")
        return
    for value in [*counts, *(word for word in meant if word not in counts)]:
        counts.setdefault(value, 0)
    for value, count in sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0]))):
        click.echo(f"  {count:>7,}  {value}")


def _also(field: Field) -> str:
    return f" Also: {', '.join(field.aliases)}." if field.aliases else ""


def _about(field: Field) -> Iterator[str]:
    column = field.column
    yield f"{field.name}: {column.description}{_also(field)}"
    yield f"values: {column.expectation.removesuffix(', or null')}" + (
        f", unit: {column.unit}" if column.unit else ""
    )
