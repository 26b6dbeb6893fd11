"""Vega outside the browser: static pictures, kept by content, and the script for the pages."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sngen.canonical import canonical_json, content_hash
from sngen.whole_files import write_files

_PACKAGE = "vl-convert-python"
#: What the bundle leaves on the page.
_EXPORTS = "window.vegaEmbed=vegaEmbed;"

#: Gives a text when asked; it is made in the background until then.
Later = Callable[[], str]
#: Draws a Vega-Lite specification as SVG text.
Draw = Callable[[dict[str, Any]], Later]


def drawing_processes() -> Executor:
    """Processes to draw in: vl-convert lets no other thread of its own process run meanwhile."""
    return ProcessPoolExecutor(max(1, (os.cpu_count() or 1)), multiprocessing.get_context("spawn"))


@dataclass(frozen=True)
class Drawing:
    """Draws with vl-convert, in ``executor``, while the pages are put together.

    What was drawn before by the same version is read from ``cache``, which may be deleted at any time.
    """

    cache: Path
    executor: Executor

    def svg(self, spec: dict[str, Any]) -> Later:
        """The SVG text of a Vega-Lite specification."""
        key = content_hash([_PACKAGE, version(_PACKAGE), spec])
        return self._kept(f"{key}.svg", _svg, canonical_json(spec).decode())

    def bundle(self) -> tuple[str, Later]:
        """Vega, Vega-Lite and Vega-Embed as one script: its path below the docs folder, and its text.

        The path has a hash of what decides the text: the version of vl-convert, and what is exported.
        """
        key = content_hash([_PACKAGE, version(_PACKAGE), _EXPORTS])[:12]
        return f"assets/vega-{key}.js", self._kept(f"bundle-{key}.js", _bundle, _EXPORTS)

    def _kept(self, name: str, make: Callable[[str], str], argument: str) -> Later:
        path = self.cache / name
        if path.exists():
            return lambda: path.read_text(encoding="utf-8")
        return self.executor.submit(_make, path, make, argument).result


def _make(path: Path, make: Callable[[str], str], argument: str) -> str:
    content = make(argument)
    write_files({path: content.encode()})
    return content


def _svg(spec: str) -> str:
    import vl_convert  # noqa: PLC0415 - an extra, and slow to start

    drawn: str = vl_convert.vegalite_to_svg(spec)
    return drawn


def _bundle(exports: str) -> str:
    import vl_convert  # noqa: PLC0415

    script: str = vl_convert.javascript_bundle(exports)
    return script
