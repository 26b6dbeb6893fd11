"""The command ``sngen``: one file per command group, imported only when the command is called."""

from __future__ import annotations

import importlib
import sys

import click

from sngen import __version__
from sngen.errors import SecurityNetError

# command name -> module with a click command of the name ``command``
COMMANDS = {
    "check": "sngen.cli.check",
    "import": "sngen.cli.importing",
    "release": "sngen.cli.release",
    "site": "sngen.cli.site",
}


class _LazyGroup(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[name]).command
        return command


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
