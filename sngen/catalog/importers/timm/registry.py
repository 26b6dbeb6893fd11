"""The registry of pretrained models of the installed package."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sngen.catalog.upstream import Upstream, read_package
from sngen.errors import UsageError

PACKAGE = "timm"
_MODULES = "timm/models/*.py"
#: The key of an entry in a module's table of default configurations.
_KEY = re.compile(r"""^\s*['"](?P<name>[\w.-]+)['"]\s*:""")


@dataclass(frozen=True)
class Entry:
    """One pretrained configuration, under timm's own names (``timm.models.PretrainedCfg``). ``source_file``
    and ``line`` say where it is defined; the line is None where the name is put together by code."""

    architecture: str
    tag: str
    source_file: str
    line: int | None
    num_classes: int
    input_size: tuple[int, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str
    crop_pct: float
    crop_mode: str = "center"
    test_input_size: tuple[int, ...] | None = None
    test_crop_pct: float | None = None
    hf_hub_id: str | None = None
    hf_hub_filename: str | None = None
    url: str | None = None
    license: str | None = None
    origin_url: str | None = None
    paper_ids: str | None = None
    paper_name: str | None = None
    notes: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        return f"{self.architecture}.{self.tag}" if self.tag else self.architecture


_TAKEN = tuple(
    name for name in Entry.__dataclass_fields__ if name not in ("architecture", "tag", "source_file", "line")
)


def read_registry() -> tuple[list[Entry], Upstream]:
    """Every entry that has weights, by name, and the package's files. Raises ``UsageError`` if timm or torch
    is not installed."""
    package = read_package(PACKAGE, None, (_MODULES,))
    try:
        from timm.models import get_pretrained_cfg, list_pretrained, model_entrypoint  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            f"timm {package.revision} cannot be imported ({error}). pip install 'securitynet[evaluate]'."
        ) from error
    lines = {path: _lines(file.text) for path, file in package.files.items()}

    def entry(name: str) -> Entry:
        architecture, _, tag = name.partition(".")
        config: Any = get_pretrained_cfg(name)
        path = model_entrypoint(architecture).__module__.replace(".", "/") + ".py"
        taken = {field: getattr(config, field) for field in _TAKEN}
        taken["url"] = taken["url"] or None
        return Entry(architecture, tag, path, lines.get(path, {}).get(name), **taken)

    return [entry(name) for name in sorted(list_pretrained())], package


def _lines(text: str) -> dict[str, int]:
    """Line of the first key of each name, from 1."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _KEY.match(line)
        if match:
            found.setdefault(match["name"], number)
    return found
