"""Vega outside the browser: static pictures, kept by content, and the script for the pages."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sngen.canonical import canonical_json, content_hash

_PACKAGE = "vl-convert-python"
#: What the bundle leaves on the page.
_EXPORTS = "window.vegaEmbed=vegaEmbed;"


@dataclass(frozen=True)
class Drawing:
    """Draws with vl-convert. What was drawn before by the same version is read from ``cache``, which may be
    deleted at any time."""

    cache: Path

    def svg(self, spec: dict[str, Any]) -> str:
        """The SVG text of a Vega-Lite specification."""
        key = content_hash([_PACKAGE, version(_PACKAGE), spec])

        def draw() -> str:
            import vl_convert  # noqa: PLC0415 - an extra, and slow to start

            drawn: str = vl_convert.vegalite_to_svg(canonical_json(spec).decode())
            return drawn

        return self._kept(f"{key}.svg", draw)

    def bundle(self) -> tuple[str, str]:
        """Vega, Vega-Lite and Vega-Embed as one script: its path below the docs folder, and its text."""

        def make() -> str:
            import vl_convert  # noqa: PLC0415

            script: str = vl_convert.javascript_bundle(_EXPORTS)
            return script

        script = self._kept(f"bundle-{version(_PACKAGE)}.js", make)
        return f"assets/vega-{content_hash(script)[:12]}.js", script

    def _kept(self, name: str, make: Callable[[], str]) -> str:
        path = self.cache / name
        if path.exists():
            return path.read_text(encoding="utf-8")
        content = make()
        self.cache.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self.cache, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(content)
        Path(temporary).replace(path)
        return content
