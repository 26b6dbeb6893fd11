"""``sngen site``: build the leaderboard from a release, and look at it."""

from __future__ import annotations

import time
from pathlib import Path

import click

from sngen.errors import UsageError
from sngen.leaderboard.build import model_pages, write_docs
from sngen.leaderboard.context import Context
from sngen.leaderboard.drawing import Drawing, drawing_processes
from sngen.leaderboard.escape import web_address
from sngen.leaderboard.protocols import read_protocols
from sngen.leaderboard.rendering import check_installed, render
from sngen.leaderboard.serving import HOST, server
from sngen.leaderboard.snapshot import Snapshot
from sngen.leaderboard.spellings import read_spellings
from sngen.release.read import Release
from sngen.settings import Settings

_FOLDER = click.Path(path_type=Path)
SITE, DOCS = Path("build/site"), Path("build/docs")


@click.group()
def command() -> None:
    """The static leaderboard."""


@command.command()
@click.option("--release", required=True, type=_FOLDER, help="Folder of a release.")
@click.option("--out", default=SITE, show_default=True, type=_FOLDER, help="Where the site goes.")
@click.option("--docs", default=DOCS, show_default=True, type=_FOLDER, help="MkDocs' input, generated.")
@click.option(
    "--checkout",
    default=Path(),
    type=_FOLDER,
    help="Folder with mkdocs.yml, site/ and evaluations/protocols/; default: where you are.",
)
@click.option("--repository-url", help="Where mistakes are reported: links to its issue form are made.")
def build(*, release: Path, out: Path, docs: Path, checkout: Path, repository_url: str | None) -> None:
    """Generate the pages of a release and render them with MkDocs."""
    check_installed()
    config = checkout / "mkdocs.yml"
    if not config.is_file():
        raise UsageError(f"{config}: no such file. Run this in a checkout, or name one with --checkout.")
    if repository_url is not None and web_address(repository_url) is None:
        raise UsageError(f"--repository-url {repository_url!r}: expected https://HOST/OWNER/NAME.")
    start = time.perf_counter()
    with drawing_processes() as executor:
        drawing = Drawing(Settings.from_environment().cache / "charts", executor)
        bundle, script = drawing.bundle()
        snapshot = Snapshot.of(Release.open(release))
        protocols = read_protocols(checkout / "evaluations" / "protocols")
        spellings = read_spellings(checkout)
        context = Context(snapshot, protocols, drawing.svg, bundle, repository_url, spellings)
        pages = write_docs(context, script, checkout / "site", docs)
    generated = time.perf_counter()
    charts = sum(len(page.pictures) for page in pages)
    click.echo(f"{len(pages):,} pages and {charts} charts written to {docs} in {generated - start:.1f} s")
    models = render(config, docs, out, model_pages(context))
    seconds = time.perf_counter() - generated
    click.echo(f"rendered to {out} in {seconds:.1f} s, {models:,} pages of models included; ", nl=False)
    click.echo(f"open {out / 'index.html'}")


@command.command()
@click.option("--site", default=SITE, show_default=True, type=_FOLDER, help="The finished site.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any free port."
)
def serve(site: Path, port: int) -> None:
    """Serve the finished site on this machine only, until Ctrl-C."""
    with server(site, port) as running:
        click.echo(f"http://{HOST}:{running.server_address[1]}/ serves {site}; Ctrl-C ends it")
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            click.echo("stopped")
