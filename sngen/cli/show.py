"""``sngen show``: everything about one model."""

from __future__ import annotations

from pathlib import Path

import click

from sngen.cli.library import answer, library_options, opened


@click.command(name="show")
@click.argument("model_id", metavar="ID")
@click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True,
    help="How the answer is written.",
)  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File for the answer.")
@library_options
def command(
    *, model_id: str, format_: str, output: Path | None, catalog: Path | None, results: tuple[Path, ...],
    release: Path | None,
) -> None:  # fmt: skip
    """Show all that is known of the model ID: facts, where they come from, scores, relatives, audit."""
    from sngen.search.show import about, as_json, as_text  # noqa: PLC0415 - not for --help

    found = about(model_id, opened(catalog, results, release))
    answer(as_json(found) if format_ == "json" else as_text(found), output)
