"""How a result came about: the code's commit, the packages' versions, the processor."""

from __future__ import annotations

import platform
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from evaluations.engine.devices import names
from evaluations.method import CPU
from sngen.schema import SCORES

CODE = Path(__file__).resolve().parents[2]
CODE_FOLDERS = ("evaluations", "sngen")
PACKAGES = ("securitynet", "torch", "torchvision", "timm", "numpy", "scipy", "scikit-learn")


@dataclass(frozen=True)
class Environment:
    """What is equal for all units of a batch."""

    code_commit: str | None
    code_dirty: bool | None
    packages: dict[str, str]
    device: str

    @classmethod
    def here(cls, device: str = CPU) -> Environment:
        """Raises ``UsageError`` for an accelerator that is not there."""
        commit, dirty = _commit(CODE)
        return cls(commit, dirty, _packages(), names(device, _processor()))

    def columns(self) -> dict[str, Any]:
        """By column name of the table scores."""
        c = SCORES.c
        return {
            c.code_commit: self.code_commit,
            c.code_dirty: self.code_dirty,
            c.packages: self.packages,
            c.device: self.device,
        }


def _commit(folder: Path) -> tuple[str | None, bool | None]:
    """Commit of the checkout that holds this code, and whether code in it is uncommitted; else nulls.

    An installed copy may lie inside somebody else's checkout: the code itself has to be tracked there.
    Only code counts as uncommitted, for a batch writes records into the checkout while it runs.
    """
    if _git(folder, "ls-files", "--error-unmatch", "evaluations/method.py") is None:
        return None, None
    commit = _git(folder, "rev-parse", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--", *CODE_FOLDERS)
    return commit, None if changes is None else bool(changes)


def _git(folder: Path, *arguments: str) -> str | None:
    """Standard output of git, or None if there is no git or it refuses."""
    try:
        command = ["git", "-C", str(folder), *arguments]
        run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - fixed words
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout.strip()


def _packages() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def _processor() -> str:
    """The processor's model name where the system tells it, else its architecture."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
