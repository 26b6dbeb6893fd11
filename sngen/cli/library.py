"""Options of every command that searches: where the facts are, and where the answer goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sngen.search.library import Library

_FOLDER = click.Path(path_type=Path, file_okay=False)


def library_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--catalog``, ``--results`` and ``--release``."""
    for decorator in (
        click.option("--release", type=_FOLDER, help="Folder of a release, to search that instead."),
        click.option(
            "--results", type=_FOLDER, multiple=True,
            help="Folder with result records; default: results beside the catalogue.",
        ),
        click.option(
            "--catalog", type=_FOLDER, help="Folder with the facts; default: data/catalog of the checkout."
        ),
    ):  # fmt: skip
        function = decorator(function)
    return function


def opened(catalog: Path | None, results: tuple[Path, ...], release: Path | None) -> Library:
    from sngen.search.library import open_library  # noqa: PLC0415 - not for --help

    return open_library(catalog, results, release)


def answer(text: str, output: Path | None) -> None:
    """To standard output, or into a file, whole or not at all."""
    if output is None:
        click.echo(text, nl=False)
        return
    from sngen.whole_files import write_files  # noqa: PLC0415

    write_files({output: text.encode()})
