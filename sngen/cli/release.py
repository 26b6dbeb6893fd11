"""``sngen release``: build and verify releases of the dataset."""

from __future__ import annotations

from pathlib import Path

import click

from sngen.errors import CheckFailed

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group(name="release")
def command() -> None:
    """Build and verify releases of the dataset."""


@command.command()
@click.option("--version", required=True, metavar="X.Y.Z", help="Version of the release.")
@click.option(
    "--catalog", type=FOLDER, default="data/catalog", show_default=True, help="Folder with the facts."
)
@click.option(
    "--results", type=FOLDER, multiple=True, default=["data/results"], show_default=True,
    help="Folder with result records; may be given several times.",
)  # fmt: skip
@click.option("--out", type=FOLDER, required=True, help="Folder in which the folder securitynet is written.")
@click.option("--date", metavar="YYYY-MM-DD", help="Day of the release; else that of the newest record.")
def build(version: str, catalog: Path, results: tuple[Path, ...], out: Path, date: str | None) -> None:
    """Write a release: Parquet tables, dataset card, manifest, citation, audit report."""
    from sngen.release.build import build as build_release  # noqa: PLC0415 - pandas and pyarrow take a while
    from sngen.release.read import Release  # noqa: PLC0415

    folder = build_release(version, catalog, results, out, date)
    release = Release.open(folder)
    rows = ", ".join(f"{name} {entry['rows']:,}" for name, entry in release.manifest["tables"].items())
    click.echo(f"{folder}: version {release.version}, fingerprint {release.fingerprint}")
    click.echo(f"rows: {rows}")
    superseded = release.manifest["superseded"]
    if superseded:
        click.echo(
            f"records left out because a better one is published: {len(superseded)} (in manifest.json)"
        )


@command.command()
@click.argument("folder", type=FOLDER)
def verify(folder: Path) -> None:
    """Check every hash, row and fingerprint of the release in FOLDER."""
    from sngen.release.read import Release  # noqa: PLC0415 - pandas and pyarrow take a while
    from sngen.release.verify import verify as problems_of  # noqa: PLC0415

    problems = problems_of(folder)
    if problems:
        lines = "\n".join(f"  {problem}" for problem in problems)
        raise CheckFailed(f"{folder} is not as it was built:\n{lines}\nBuild or download the release again.")
    release = Release.open(folder)
    click.echo(f"{folder}: version {release.version}, fingerprint {release.fingerprint}, all as it was built")
