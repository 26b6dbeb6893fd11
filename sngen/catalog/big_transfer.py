"""What the two sources in google-research/big_transfer share: its README and its facts.

A. Kolesnikov et al., "Big Transfer (BiT): General Visual Representation Learning", ECCV 2020,
arXiv:1912.11370, and L. Beyer et al., "Knowledge distillation: A good teacher is patient and consistent",
arXiv:2106.05237.
"""

from __future__ import annotations

import re
from typing import Any

from sngen.catalog.reported import source_row
from sngen.catalog.upstream import Upstream, UpstreamFile
from sngen.catalog.vocabulary import Lookup
from sngen.errors import DataProblem
from sngen.schema import MODELS

OWNER = "google-research"
REPOSITORY = "https://github.com/google-research/big_transfer"
LICENSE = "Apache-2.0"
FILES = ("README.md",)
_ARCHITECTURE = re.compile(r"(?:BiT-(?:[MS]-)?)?R(?P<size>\d+x\d+)")


def architecture(name: str) -> str | None:
    """``BiT-M-R50x1`` and ``R50x1`` are a BiT ResNet-v2 50x1: depth and width; None for another name."""
    match = _ARCHITECTURE.fullmatch(name)
    return f"BiT ResNet-v2 {match['size']}" if match else None


def line_of(file: UpstreamFile, pattern: re.Pattern[str], expected: str) -> tuple[int, re.Match[str]]:
    """The one line that contains the pattern, from 1. Raises ``DataProblem`` if there is none or several."""
    found = [
        (number, match)
        for number, line in enumerate(file.text.splitlines(), start=1)
        if (match := pattern.search(line))
    ]
    if len(found) != 1:
        raise DataProblem([f"{file.path}: found {len(found)} lines, expected one with {expected}"])
    return found[0]


def source(source_id: str, title: str, upstream: Upstream, citation: str) -> dict[str, Any]:
    """The row of the table sources."""
    return source_row(
        source_id, upstream, upstream.only().path, title=title, url=REPOSITORY, license=LICENSE,
        citation=citation,
    )  # fmt: skip


def shared_columns(source_id: str, file: UpstreamFile, lookup: Lookup) -> dict[str, Any]:
    """Columns of a model that are the same for all of them."""
    publisher, publisher_type = lookup.publisher(OWNER, REPOSITORY)
    return {
        MODELS.c.source_id: source_id, MODELS.c.source_file: file.path, MODELS.c.task: "classification",
        MODELS.c.purpose: "benchmark", MODELS.c.publisher: publisher,
        MODELS.c.publisher_type: publisher_type, MODELS.c.weights_kind: "file",
        MODELS.c.license: LICENSE, MODELS.c.license_scope: "repository",
    }  # fmt: skip
