"""Reading ``model_info/<dataset>/<threat model>/<name>.json``, one model of the leaderboards each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from sngen.catalog.identifiers import model_id, slug
from sngen.catalog.importers.robustbench.columns import (
    EPS,
    MAIN_SCORE,
    OPTIONAL,
    REQUIRED,
    expectation,
)
from sngen.catalog.rules import SourceRow
from sngen.catalog.upstream import UpstreamFile
from sngen.catalog.vocabulary import Lookup
from sngen.schema import MODELS, NORMS
from sngen.validation import show

SOURCE_ID = "robustbench"
FOLDER = "model_info"
#: Where a row keeps what its path says: the folders' names, and the file's name without its ending.
DATASET_FOLDER = "folder of the dataset"
THREAT = "folder of the threat model"
KEY = "name of the file"
_DEPTH = 4


def read_entries(
    files: Mapping[str, UpstreamFile], lookup: Lookup
) -> tuple[list[SourceRow], dict[str, dict[str, Any]], list[str]]:
    """The rows, what each file states by row id (rules change the rows only), and all problems."""
    rows: list[SourceRow] = []
    stated: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    for file in files.values():
        path = PurePosixPath(file.path)
        if path.parts[0] != FOLDER:
            continue
        wrong_place = _place_problem(path)
        values, wrong = (None, [wrong_place]) if wrong_place else _read(file, path.parts[2])
        problems += wrong
        if values is None:
            continue
        row = _row(path, values, lookup)
        if row.row_id in stated:
            first = next(other for other in rows if other.row_id == row.row_id)
            problems.append(
                f"{row.place}: its name would be {row.row_id} a second time (first: {first.place}), "
                f"expected another name for each file"
            )
        rows.append(row)
        stated[row.row_id] = values
    return rows, stated, problems


def _place_problem(path: PurePosixPath) -> str | None:
    if len(path.parts) == _DEPTH and path.parts[2] in MAIN_SCORE:
        return None
    return f"{path}: expected {FOLDER}/DATASET/THREAT/NAME.json, THREAT one of {', '.join(MAIN_SCORE)}"


def _row(path: PurePosixPath, values: dict[str, Any], lookup: Lookup) -> SourceRow:
    _, dataset, threat, _ = path.parts
    placed = {
        DATASET_FOLDER: dataset, THREAT: threat, KEY: path.stem,
        MODELS.c.dataset_id: lookup.dataset(dataset, f"{path}, folder of the dataset"),
    }  # fmt: skip
    row_id = model_id(SOURCE_ID, slug(dataset), slug(threat), slug(path.stem))
    return SourceRow(str(path), 1, {**values, **placed}, row_id)


def _read(file: UpstreamFile, threat: str) -> tuple[dict[str, Any] | None, list[str]]:
    """The file's object, or None where it has none that can be used. Fractional numbers stay
    texts. A key may be repeated with the same value, as one file has it."""
    contradicted: list[str] = []

    def one_value_per_key(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if found.setdefault(key, value) != value:
                contradicted.append(f"{show(found[key])} and {show(value)} for the key {key!r}")
        return found

    try:
        values = json.loads(file.text, parse_float=str, object_pairs_hook=one_value_per_key)
    except (ValueError, RecursionError) as error:
        return None, [f"{file.path}: found no JSON ({error})"]
    if not isinstance(values, dict):
        return None, [f"{file.path}: found {show(values)}, expected an object"]
    problems = [f"{file.path}: found {one}, expected one value" for one in contradicted]
    required = {*REQUIRED, MAIN_SCORE[threat]}
    problems += [f"{file.path}: found no key {key!r}, expected it" for key in sorted(required - set(values))]
    for key, value in values.items():
        expected = (
            expectation(key, value)
            if key in (*REQUIRED, *OPTIONAL)
            else f"a key of {', '.join((*REQUIRED, *OPTIONAL))}"
        )
        if expected is None and key == EPS and value is None and threat in NORMS:
            expected = f'a bound such as "8/255", since the model is listed under {threat}'
        if expected:
            problems.append(f"{file.path}, key {key!r}: found {show(value)}, expected {expected}")
    return (None if problems else values), problems
