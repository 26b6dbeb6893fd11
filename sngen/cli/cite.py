"""``sngen cite``: BibTeX of a release, and of the papers of models."""

from __future__ import annotations

from pathlib import Path

import click

from sngen.cli.library import answer, library_options, opened
from sngen.errors import UsageError


@click.command(name="cite")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File for the answer.")
@library_options
def command(
    *, ids: tuple[str, ...], output: Path | None, catalog: Path | None, results: tuple[Path, ...],
    release: Path | None,
) -> None:  # fmt: skip
    """BibTeX of the dataset, as --release names it by version and fingerprint, and of the models' papers.

    Cite the release for measured numbers, and the source of a reported one as well: 'sngen show ID' names it.
    """
    if release is None and not ids:
        raise UsageError("say what to cite: a release (--release FOLDER), models (ID...), or both.")
    parts = []
    if release is not None:
        from sngen.release.citation import bibtex  # noqa: PLC0415 - not for --help
        from sngen.release.identity import Identity  # noqa: PLC0415
        from sngen.release.read import Release  # noqa: PLC0415

        found = Release.open(release)
        parts.append(bibtex(Identity(found.version, found.fingerprint, found.date)))
    if ids:
        from sngen.search.aliases import resolve  # noqa: PLC0415
        from sngen.search.formats.bibtex import write  # noqa: PLC0415
        from sngen.search.select import select  # noqa: PLC0415

        library = opened(catalog, results, release)
        present = dict.fromkeys(resolve(one, library) for one in ids)
        parts.append(write(select(library, f"model_id={','.join(present)}", (), (), None, False)))
    answer("\n".join(parts), output)
