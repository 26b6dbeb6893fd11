"""The command ``sngen`` as a whole: its help costs nothing, its mistakes end in a sentence and a code."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import click
import pytest

from sngen.cli import COMMANDS


def _sngen(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    code = "import sys; from sngen.cli import main; sys.argv[0] = 'sngen'; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, cwd=folder
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_documented(name: str) -> None:
    module, words = COMMANDS[name]
    command = importlib.import_module(module).command
    assert isinstance(command, click.Command)
    assert words.endswith(".")
    assert command.help


def test_help_names_every_command_without_loading_one() -> None:
    code = (
        "import sys; from sngen.cli import cli; cli(['--help'], standalone_mode=False); "
        "print(sorted({'pandas', 'altair', 'pyarrow'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(name in run.stdout for name in COMMANDS)
    assert run.stdout.splitlines()[-1] == "[]"


def test_unknown_command_is_a_usage_error() -> None:
    run = _sngen("nonsense")
    assert run.returncode == 2
    assert "nonsense" in run.stderr


def test_a_missing_folder_is_a_usage_error_without_a_traceback(tmp_path: Path) -> None:
    for arguments in (
        ("check", "--catalog", "nowhere"),
        ("release", "verify", "nowhere"),
        ("site", "build", "--release", "nowhere"),
        ("import", "securitynet", "--from", "nowhere", "--revision", "abc"),
    ):
        run = _sngen(*arguments, folder=tmp_path)
        assert run.returncode == 2, arguments
        assert "Traceback" not in run.stderr
        assert run.stderr.startswith("error: ") or run.stderr.startswith("Usage:"), run.stderr


def test_invalid_data_is_a_failed_check(tmp_path: Path, repository: Path) -> None:
    folder = tmp_path / "catalog" / "somebody"
    folder.mkdir(parents=True)
    (folder / "sources.csv").write_text("source_id,title,url\nsomebody,Some Body,javascript:alert(1)\n")
    run = _sngen("check", "--catalog", str(tmp_path / "catalog"), folder=repository)
    assert run.returncode == 1
    for part in ("sources.csv", "somebody", "url", "javascript:alert(1)", "expected"):
        assert part in run.stderr
    assert "Traceback" not in run.stderr
