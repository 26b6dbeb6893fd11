"""What importing costs: the library and the parts that need no network must not bring torch along."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import sngen

WITHOUT_TORCH = [
    module.name
    for module in pkgutil.walk_packages(sngen.__path__, "sngen.")
    if not module.name.startswith("sngen.zoo")
]


def _modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_everything_but_the_zoo_imports_without_torch() -> None:
    assert len(WITHOUT_TORCH) > 10
    loaded = _modules_after("\n".join(f"import {name}" for name in WITHOUT_TORCH))
    assert not {"torch", "torchvision", "timm", "evaluations"} & loaded


def test_importing_sngen_brings_no_heavy_package() -> None:
    assert not {"pandas", "numpy", "pyarrow", "altair", "scipy", "click"} & _modules_after("import sngen")


def test_torch_is_seen_when_it_is_imported() -> None:
    """The probe itself works: where torch is wanted, it is found."""
    assert "torch" in _modules_after("import evaluations.target")
