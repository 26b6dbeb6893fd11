"""The YAML header of the dataset card: configs, versions, features and sizes, as Hugging Face reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from sngen.release.identity import Identity
from sngen.schema import TABLES, Kind, Table

SPLIT = "train"
FEATURES: dict[Kind, dict[str, str]] = {
    "text": {"dtype": "string"},
    "int": {"dtype": "int64"},
    "float": {"dtype": "float64"},
    "bool": {"dtype": "bool"},
    "bytes": {"dtype": "binary"},
    "texts": {"list": "string"},
    "ints": {"list": "int64"},
    "floats": {"list": "float64"},
}


@dataclass(frozen=True)
class File:
    """One table's file within the release."""

    path: str
    bytes: int
    rows: int
    memory: int


def header(identity: Identity, files: Mapping[str, File]) -> str:
    """YAML text. ``files`` by table name, in the order of the configs; the first table is the default."""
    return yaml.safe_dump(_content(identity, files), sort_keys=False, allow_unicode=True, width=110)


def _content(identity: Identity, files: Mapping[str, File]) -> dict[str, Any]:
    default = next(iter(TABLES))
    return {
        "license": "cc-by-4.0",
        "pretty_name": "SecurityNet",
        "language": ["en"],
        "task_categories": ["image-classification"],
        "tags": [
            "security",
            "privacy",
            "adversarial-examples",
            "membership-inference",
            "model-stealing",
            "backdoor",
        ],
        "size_categories": [_size_category(max(file.rows for file in files.values()))],
        # The version is part of the path in the reader's cache, and so is the data file's name, which
        # carries the fingerprint of its content: neither another version nor a rebuilt one is ever taken
        # for what was cached before.
        "configs": [
            {
                "config_name": name,
                "version": identity.version,
                "data_files": [{"split": SPLIT, "path": file.path}],
                **({"default": True} if name == default else {}),
            }
            for name, file in files.items()
        ],
        "dataset_info": [_info(TABLES[name], file) for name, file in files.items()],
    }


def _info(table: Table, file: File) -> dict[str, Any]:
    return {
        "config_name": table.name,
        "features": [{"name": column.name, **FEATURES[column.kind]} for column in table],
        "splits": [{"name": SPLIT, "num_bytes": file.memory, "num_examples": file.rows}],
        "download_size": file.bytes,
        "dataset_size": file.memory,
    }


def _size_category(rows: int) -> str:
    bounds = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
    return next((name for bound, name in bounds if rows < bound), "1M<n<10M")
