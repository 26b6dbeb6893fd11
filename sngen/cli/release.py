"""``sngen release``: build, verify, compare and publish releases of the dataset."""

from __future__ import annotations

from pathlib import Path

import click

from sngen.errors import CheckFailed, UsageError

FOLDER = click.Path(path_type=Path, file_okay=False)


_releases = click.option(
    "--releases", type=FOLDER, default="data/releases", show_default=True,
    help="Folder of the published versions.",
)  # fmt: skip


@click.group(name="release")
def command() -> None:
    """Build, verify, compare and publish releases of the dataset."""


@command.command()
@click.option("--version", required=True, metavar="X.Y.Z", help="Version of the release.")
@click.option(
    "--catalog", type=FOLDER, default="data/catalog", show_default=True, help="Folder with the facts."
)
@click.option(
    "--results", multiple=True, default=["data/results"], show_default=True, metavar="FOLDER|ADDRESS",
    help="Result records: a folder, or a store such as s3://bucket/folder; may be given several times.",
)  # fmt: skip
@click.option("--out", type=FOLDER, required=True, help="Folder in which the folder securitynet is written.")
@click.option("--date", metavar="YYYY-MM-DD", help="Day of the release; else that of the newest record.")
@_releases
def build(
    version: str, catalog: Path, results: tuple[str, ...], out: Path, date: str | None, releases: Path
) -> None:
    """Write a release: Parquet tables, dataset card, manifest, change log, citation, audit report.

    A version that is published stays as it is, and a new one has to follow from what changed since the one
    before; both are found in the folder of --releases.
    """
    from sngen.release.build import build as build_release  # noqa: PLC0415 - pandas and pyarrow take a while
    from sngen.release.read import Release  # noqa: PLC0415

    folder = build_release(version, catalog, results, out, date, releases)
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


@command.command()
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="AFTER")
@click.option(
    "--models",
    "chosen",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Only these models: a cohort, or a CSV with a column model_id.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown", "html"]),
    default="text",
    show_default=True,
    help="json and html, a page by itself, are complete; the others show the first 50 lines of a section.",
)
@_releases
def diff(before: str, after: str, chosen: Path | None, form: str, releases: Path) -> None:
    """Show what changed from release BEFORE to release AFTER, by how much, and why.

    Each is a folder, or the version of a published release. Derived tables are not compared: what follows
    from a changed score is no change of its own.
    """
    from sngen.release.changes.command import difference  # noqa: PLC0415 - pandas and pyarrow take a while

    click.echo(difference(_folder(before, releases), _folder(after, releases), chosen, form))


def _folder(given: str, releases: Path) -> Path:
    published = releases / given / "securitynet"
    return published if published.is_dir() and not Path(given).is_dir() else Path(given)


@command.command()
@click.argument("folder", type=FOLDER)
@click.option("--hub", "repository", metavar="NAMESPACE/NAME", help="Publish in this dataset repository.")
@click.option("--private", is_flag=True, help="With --hub: make a new repository private.")
@click.option("--dry-run", is_flag=True, help="With --hub: say what would be done, and change nothing.")
@click.option("--archives", type=FOLDER, help="Pack a zip into this folder, for GitHub Pages and Zenodo.")
def publish(
    folder: Path, repository: str | None, private: bool, dry_run: bool, archives: Path | None
) -> None:
    """Publish the release in FOLDER, after verifying it.

    On the Hugging Face Hub as one commit with a tag (log in with 'hf auth login', or set HF_TOKEN), or as a
    zip beside an index of all versions. A version that is there with another content is refused; a run that
    was cut off goes on when it is repeated.
    """
    from sngen.release.publishing.archive import publish_as_archive  # noqa: PLC0415
    from sngen.release.publishing.hub import publish_on_hub  # noqa: PLC0415

    if (repository is None) == (archives is None):
        raise UsageError("say where to publish: either --hub NAMESPACE/NAME or --archives FOLDER.")
    if archives is not None:
        click.echo(publish_as_archive(folder, archives))
    elif repository is not None:
        publish_on_hub(folder, repository, click.echo, private=private, dry_run=dry_run)


@command.command(name="eval-results")
@click.argument("folder", type=FOLDER)
@click.option(
    "--hub", "repository", metavar="NAMESPACE/NAME", required=True, help="The release's repository."
)
@click.option("--out", type=FOLDER, required=True, help="Folder that gets a folder per model repository.")
def eval_results(folder: Path, repository: str, out: Path) -> None:
    """Write the .eval_results files of the release in FOLDER, for the models' own repositories on the Hub.

    For every model that has a repository and measured headline scores. Whoever owns the repository, or opens
    a pull request there, adds the file; nothing is sent.
    """
    from sngen.release.publishing.eval_results import write_eval_results  # noqa: PLC0415 - pandas, hub client
    from sngen.release.publishing.verified import verified  # noqa: PLC0415

    written = write_eval_results(verified(folder), repository, out)
    for path in written:
        click.echo(path)
    if not written:
        click.echo("no measured model of this release has a repository on the Hub; nothing was written")
