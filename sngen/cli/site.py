"""``sngen site``: build the leaderboard from a release, and look at it."""

from __future__ import annotations

import time
from pathlib import Path

import click

from sngen.errors import UsageError
from sngen.leaderboard.build import write_docs
from sngen.leaderboard.context import Context
from sngen.leaderboard.drawing import Drawing
from sngen.leaderboard.escape import web_address
from sngen.leaderboard.protocols import read_protocols
from sngen.leaderboard.rendering import check_installed, render
from sngen.leaderboard.serving import HOST, server
from sngen.leaderboard.snapshot import Snapshot
from sngen.release.read import Release
from sngen.settings import Settings

_FOLDER = click.Path(path_type=Path)
SITE = Path("build/site")


@click.group()
def command() -> None:
    """The static leaderboard."""


@command.command()
@click.option("--release", required=True, type=_FOLDER, help="Folder of a release.")
@click.option("--out", default=SITE, show_default=True, type=_FOLDER, help="Where the site goes.")
@click.option("--docs", default=Path("build/docs"), show_default=True, type=_FOLDER, help="MkDocs' input, generated.")
@click.option("--config", default=Path("mkdocs.yml"), show_default=True, type=_FOLDER, help="MkDocs' settings.")
@click.option("--handwritten", default=Path("site"), show_default=True, type=_FOLDER, help="Hand-written pages.")
@click.option(
    "--protocols", default=Path("evaluations/protocols"), show_default=True, type=_FOLDER, help="Protocol files."
)
@click.option("--repository-url", help="Where mistakes are reported: links to its issue form are made.")
def build(
    release: Path, out: Path, docs: Path, config: Path, handwritten: Path, protocols: Path,
    repository_url: str | None,
) -> None:  # fmt: skip
    """Generate the pages of a release and render them with MkDocs. Run it in a checkout."""
    check_installed()
    if not config.is_file():
        raise UsageError(f"{config}: no such file; run this in a checkout, or give --config, --handwritten, --protocols.")
    if repository_url is not None and web_address(repository_url) is None:
        raise UsageError(f"--repository-url {repository_url!r}: expected an address that starts with https://.")
    start = time.perf_counter()
    drawing = Drawing(Settings.from_environment().cache / "charts")
    bundle, script = drawing.bundle()
    context = Context(Snapshot.of(Release.open(release)), read_protocols(protocols), drawing.svg, bundle, repository_url)
    pages = write_docs(context, script, handwritten, docs)
    generated = time.perf_counter()
    charts = sum(len(page.pictures) for page in pages)
    click.echo(f"{len(pages):,} pages and {charts} charts written to {docs} in {generated - start:.1f} s")
    render(config, docs, out)
    click.echo(f"rendered to {out} in {time.perf_counter() - generated:.1f} s; open {out / 'index.html'}")


@command.command()
@click.option("--site", default=SITE, show_default=True, type=_FOLDER, help="The finished site.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any free port.")
def serve(site: Path, port: int) -> None:
    """Serve the finished site on this machine only, until Ctrl-C."""
    with server(site, port) as running:
        click.echo(f"http://{HOST}:{running.server_address[1]}/ serves {site}; Ctrl-C ends it")
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            click.echo("stopped")
