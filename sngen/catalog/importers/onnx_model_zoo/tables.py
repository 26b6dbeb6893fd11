"""From the ONNX model zoo's READMEs and manifest to the catalogue's tables."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import PurePosixPath
from typing import Any

from sngen.catalog.identifiers import dotted_slug, model_id, slug
from sngen.catalog.importers.onnx_model_zoo.manifest import Checked
from sngen.catalog.importers.onnx_model_zoo.oddities import (
    is_preprocessing,
    model_flags,
    out_of_line,
    score_flags,
)
from sngen.catalog.importers.onnx_model_zoo.readmes import RESULTS, Folder, ListedFile
from sngen.catalog.reported import (
    complement_of_percent,
    fraction_of_percent,
    reported_score,
    source_row,
    with_source_words,
)
from sngen.catalog.table_cells import Cells
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Lookup
from sngen.schema import MODELS, RELATIVES

SOURCE_ID = "onnx-model-zoo"
OWNER = "onnx"
REPOSITORY = "https://github.com/onnx/models"
TITLE = "ONNX Model Zoo"
ROOT, MANIFEST = "README.md", "ONNX_HUB_MANIFEST.json"
FILES = (
    ROOT, MANIFEST, "validated/vision/classification/**/README.md",
    "validated/vision/body_analysis/*/README.md",
)  # fmt: skip
_QUANTISED = re.compile(r".*-(int8|qdq)")

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Network:
    """One file: where a README lists it, what the manifest knows of it, and its results as (column, metric,
    fraction, flags)."""

    listed: ListedFile
    folder: Folder
    checked: Checked | None
    results: tuple[tuple[str, str, float, tuple[str, ...]], ...]
    flags: tuple[str, ...]

    @property
    def model_id(self) -> str:
        return model_id(SOURCE_ID, f"{slug(self.folder.name)}-{dotted_slug(self.name)}")

    @property
    def name(self) -> str:
        return PurePosixPath(self.listed.path).name

    @property
    def copy_kind(self) -> str | None:
        if is_preprocessing(self.listed):
            return None
        return "quantised" if _QUANTISED.fullmatch(PurePosixPath(self.name).stem) else "converted"


def networks(
    folder: Folder, manifest: Mapping[str, Checked], notice: str, problems: list[str]
) -> list[Network]:
    """One per row of the README's tables. ``notice`` is the text of the repository's README."""
    cells = Cells(folder.file.path, problems)
    values = {listed.path: _values(listed, cells) for listed in folder.rows}
    odd = out_of_line(folder.rows, {path: {m: v for _, m, v in one} for path, one in values.items()})
    return [
        Network(
            listed, folder, manifest.get(listed.path),
            tuple(
                (column, metric, value, tuple(
                    score_flags(listed, metric, value, error=RESULTS[column][1],
                                out_of_line=listed.path in odd)
                ))
                for column, metric, value in values[listed.path]
            ),
            tuple(model_flags(listed, folder, manifest.get(listed.path), notice)),
        )
        for listed in folder.rows
    ]  # fmt: skip


def source_rows(upstream: Upstream) -> Rows:
    return [
        source_row(
            SOURCE_ID, upstream, ", ".join(FILES), title=TITLE, url=REPOSITORY, license="Apache-2.0",
            citation=f"{TITLE}. {REPOSITORY}.",
        )
    ]  # fmt: skip


def model_row(network: Network, lookup: Lookup) -> dict[str, Any]:
    listed, checked = network.listed, network.checked
    place = f"{network.folder.file.path}, line {listed.line}"
    publisher, publisher_type = lookup.publisher(OWNER, REPOSITORY)
    classifies = not is_preprocessing(listed)
    model = MODELS.row(
        model_id=network.model_id, name=network.name, source_id=SOURCE_ID,
        source_file=network.folder.file.path, source_row=listed.line,
        task="classification" if classifies else None, copy_kind=network.copy_kind,
        architecture=listed.model, purpose="benchmark" if classifies else "other",
        model_type=lookup.vocabulary.model_type(listed.model) if classifies else None,
        dataset_id=lookup.dataset(listed.dataset, place) if classifies else None,
        input_size=checked.input_size if checked else None,
        num_outputs=checked.outputs if checked and classifies else None,
        publisher=publisher, publisher_type=publisher_type, weights_kind="file",
        weights_url=f"{REPOSITORY}/blob/main/{listed.path}", weights_file=listed.path,
        weights_sha256=checked.sha256 if checked else None, weights_bytes=checked.size if checked else None,
        license=lookup.license(network.folder.license, network.folder.file.path), license_scope="unknown",
        flags=list(network.flags), note=f"ONNX {listed.onnx}, opset {listed.opset}.",
    )  # fmt: skip
    return with_source_words(
        model, license=network.folder.license, publisher=OWNER,
        dataset_id=listed.dataset if classifies else None,
    )  # fmt: skip


def score_rows(network: Network, lookup: Lookup) -> Rows:
    listed = network.listed
    place = f"{network.folder.file.path}, line {listed.line}"
    return [
        reported_score(
            SOURCE_ID, network.model_id, lookup.dataset(listed.dataset, place),
            ("utility", "clean", "test", metric), value, flags=list(flags) or None,
            source_file=network.folder.file.path, source_row=listed.line, source_column=column,
        )
        for column, metric, value, flags in network.results
    ]  # fmt: skip


def relative_rows(found: Sequence[Network]) -> Rows:
    """Pairs of files with one checksum."""
    same: dict[str, list[str]] = defaultdict(list)
    for network in found:
        if network.checked is not None:
            same[network.checked.sha256].append(network.model_id)
    return [
        RELATIVES.row(
            model_a=a, model_b=b, relation="same-weights", source_id=SOURCE_ID, rule="one-checksum",
            ground=f"one SHA-256 of both files in the manifest, {sha256[:12]}…",
        )
        for sha256, names in same.items()
        for a, b in combinations(sorted(names), 2)
    ]  # fmt: skip


def _values(listed: ListedFile, cells: Cells) -> list[tuple[str, str, float]]:
    """Results as (column, metric, fraction)."""
    values = []
    for column, cell in listed.results.items():
        metric, is_error = RESULTS[column]
        percent = cells.percent(cell.removesuffix("%").strip(), listed.line, column)
        if percent is not None:
            of = complement_of_percent if is_error else fraction_of_percent
            values.append((column, metric, of(str(percent))))
    return values
