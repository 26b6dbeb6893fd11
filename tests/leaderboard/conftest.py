"""A small stand-in release, its pages, and the site that MkDocs makes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_texts import written
from stand_in import StandIn, stand_in

from sngen.leaderboard.build import model_pages, write_docs
from sngen.leaderboard.context import Context
from sngen.leaderboard.protocols import read_protocols
from sngen.leaderboard.rendering import render
from sngen.leaderboard.snapshot import Snapshot

BUNDLE = "assets/vega-test.js"


def flat_svg(spec: dict[str, Any]) -> Callable[[], str]:
    """In the place of a drawing, where a test is not about drawings."""
    return lambda: f'<svg viewBox="0 0 {spec["width"]} 10"><g id="clip7"/></svg>'


@pytest.fixture(scope="session")
def make_context(repository: Path) -> Callable[..., Context]:
    protocols = read_protocols(repository / "evaluations" / "protocols")

    def make(release: StandIn, draw: Callable[[dict[str, Any]], Callable[[], str]] = flat_svg) -> Context:
        spellings = {"CIFAR-10": "cifar10"}
        return Context(
            Snapshot.of(release), protocols, draw, BUNDLE, "https://example.org/project", spellings
        )

    return make


@pytest.fixture(scope="session")
def small() -> StandIn:
    return stand_in({"cifar10": 14, "bloodmnist": 3}, measured=5)


@pytest.fixture(scope="session")
def context(make_context: Callable[..., Context], small: StandIn) -> Context:
    return make_context(small)


@pytest.fixture(scope="session")
def texts(context: Context, repository: Path) -> dict[str, str]:
    return written(context, repository)


@pytest.fixture(scope="session")
def docs(context: Context, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "build" / "docs"
    write_docs(context, lambda: "window.vegaEmbed=null;", repository / "site", folder)
    return folder


@pytest.fixture(scope="session")
def site(docs: Path, context: Context, repository: Path) -> Path:
    folder = docs.with_name("site")
    render(repository / "mkdocs.yml", docs, folder, model_pages(context))
    return folder
