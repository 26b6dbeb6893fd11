"""Spellings of datasets, so that the search box knows the same ones as the command."""

from __future__ import annotations

from pathlib import Path

from sngen.catalog.text_tables import read_table
from sngen.catalog.vocabulary import DATASET_NAMES

FOLDER = Path("data/catalog/vocabulary")


def read_spellings(checkout: Path) -> dict[str, str]:
    """Spelling -> dataset id, from the checkout's vocabulary; empty where the checkout has none."""
    path = checkout / FOLDER / f"{DATASET_NAMES.name}.csv"
    if not path.is_file():
        return {}
    c = DATASET_NAMES.c
    return {row[c.spelling]: row[c.dataset_id] for row in read_table(DATASET_NAMES, path)}
