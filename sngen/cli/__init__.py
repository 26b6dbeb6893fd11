"""The command ``sngen``: one file per command group, imported only when the command is called."""

from __future__ import annotations

import importlib
import sys

import click

from sngen import __version__
from sngen.errors import SecurityNetError

# Command name -> module with a click command of the name ``command``, and what it is for. The words stand
# here because asking the commands for theirs would import pandas, Altair and the rest for ``--help``.
COMMANDS = {
    "check": ("sngen.cli.check", "Check the whole catalogue and name every problem at once."),
    "cite": ("sngen.cli.cite", "BibTeX of a release, and of the papers of models."),
    "cohort": ("sngen.cli.cohort", "Keep a chosen set of models under a hash, and find it again."),
    "fetch": ("sngen.cli.fetch", "Fetch published checkpoints into the cache, and verify them."),
    "fields": ("sngen.cli.fields", "List what 'sngen models' searches by."),
    "import": ("sngen.cli.importing", "Import a source's own files into the catalogue."),
    "relate": ("sngen.cli.relating", "Find relatives and contradictions across sources."),
    "models": ("sngen.cli.models", "Search the catalogue by any field."),
    "release": ("sngen.cli.release", "Build, verify, compare and publish releases of the dataset."),
    "show": ("sngen.cli.show", "Show all that is known of one model."),
    "site": ("sngen.cli.site", "Build the static leaderboard, and look at it."),
}


class _LazyGroup(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[name][0]).command
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in sorted(COMMANDS.items())])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sngen")
def cli() -> None:
    """SecurityNet: facts about public image classifiers, their measured weaknesses, a dataset, a site."""


def run(command: click.Command, program: str) -> None:
    """Run a click command; a mistake of the user ends in a sentence and an exit code, not a traceback."""
    try:
        sys.exit(command(prog_name=program, standalone_mode=True))
    except SecurityNetError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)


def main() -> None:
    run(cli, "sngen")
