"""Calling MkDocs: from the folder of Markdown to the finished site."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from sngen.errors import CheckFailed, UsageError
from sngen.leaderboard.build import fresh_folder
from sngen.leaderboard.shell import PATH as SHELL
from sngen.leaderboard.shell import Middle, write_middles

#: Module -> package of the extra [site].
NEEDED = {"mkdocs": "mkdocs-material", "material": "mkdocs-material", "vl_convert": "vl-convert-python"}


def check_installed() -> None:
    """Raises ``UsageError`` naming what is missing and how to get it."""
    missing = sorted(
        {package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None}
    )
    if missing:
        raise UsageError(
            f"building the site needs {' and '.join(missing)}, not installed here. Install the extra: "
            f'python -m pip install "securitynet[site]" (in a checkout: python -m pip install -e ".[site]").'
        )


def render(config: Path, docs: Path, site: Path, middles: Iterable[Middle] = ()) -> int:
    """``mkdocs build --strict`` of ``docs`` into ``site``, which changes only if that succeeds.

    The pages of ``middles`` are put together while MkDocs works, and take their places in the site after it.
    Returns how many. Raises ``CheckFailed`` with MkDocs' own words if it finds something wrong.
    """
    with fresh_folder(site) as fresh, tempfile.TemporaryDirectory() as folder:
        # INHERIT instead of options: MkDocs has none for docs_dir.
        inherited = Path(folder) / "mkdocs.yml"
        inherited.write_text(
            f"INHERIT: {_quoted(config)}\ndocs_dir: {_quoted(docs)}\nsite_dir: {_quoted(fresh)}\n",
            encoding="utf-8",
        )
        # Without --quiet, which would hide warnings from --strict as well.
        arguments = ["build", "--strict", "--config-file", str(inherited)]
        command = [sys.executable, "-m", "mkdocs", *arguments]
        # The same time stamp in every build; the theme's notice about MkDocs 2 is not about this site.
        environment = {"SOURCE_DATE_EPOCH": "0", **os.environ, "NO_MKDOCS_2_WARNING": "1"}
        log = Path(folder) / "log"
        with (
            log.open("wb") as output,
            subprocess.Popen(  # noqa: S603
                command, stdout=output, stderr=subprocess.STDOUT, env=environment
            ) as running,
        ):
            made = list(middles)
        if running.returncode:
            words = log.read_text(encoding="utf-8", errors="replace").strip()
            raise CheckFailed(f"mkdocs build --strict failed on {docs}; the site was not changed.\n{words}")
        return write_middles(made, fresh) if (docs / SHELL).is_file() else 0


def _quoted(path: Path) -> str:
    return "'" + str(path.absolute()).replace("'", "''") + "'"
