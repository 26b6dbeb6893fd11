"""The README's tables of classifiers, each row joined with its entry of the model store."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sngen.catalog.identifiers import model_id, slug
from sngen.catalog.importers.pytorchcv.store import StoreEntry
from sngen.catalog.markdown_tables import MarkdownTable, read_tables
from sngen.catalog.rules import SourceRow
from sngen.catalog.upstream import UpstreamFile
from sngen.catalog.vocabulary import Lookup
from sngen.schema import MODELS
from sngen.validation import show

SOURCE_ID = "pytorchcv"
MODEL, PARAMS, FLOPS, REMARKS = "Model", "Params", "FLOPs/2", "Remarks"
TOP1, TOP5, ERROR = "Top1", "Top5", "Error, %"
HEADERS = ((MODEL, TOP1, TOP5, PARAMS, FLOPS, REMARKS), (MODEL, ERROR, PARAMS, FLOPS, REMARKS))
#: Of the model store.
IMG_SIZE, SCALE = "img_size", "scale"
#: A column that only tables of other tasks have: segmentation and pose, speech.
OTHER_TASKS = ("Extractor", "WER, %")
#: Where a row keeps what is taken apart or joined here.
STORE_ENTRY, LOG, ORIGIN, HEADING = "store entry", "log", "origin", "heading"
_REMARK = re.compile(r"(?P<origin>Converted from GL model|From \[[^\]]+\]) \(\[log\]\((?P<log>[^()\s]+)\)\)")
_FROM = re.compile(r"From (?P<label>\[[^\]]+\])")
_REFERENCE = re.compile(r"^(?P<label>\[[^\]]+\]): (?P<url>https?://\S+)$", re.MULTILINE)
_LOG_FILE = re.compile(
    r"/releases/download/(?P<release>v[\d.]+)/(?P<name>\w+)-(?P<error>\d{4})-(?P<hash>[0-9a-f]{8})"
    r"\.(?P<form>pth|npz)\.log$"
)
_FORMS = {
    MODEL: r"\S.*", TOP1: r"\d{1,2}\.\d+", TOP5: r"\d{1,2}\.\d+", ERROR: r"\d{1,2}\.\d+",
    PARAMS: r"\d{1,3}(,\d{3})*", FLOPS: r"\d{1,3}(,?\d{3})*\.\d+M",
}  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """``models`` are the classifiers; ``others`` the rows of other tasks by heading; ``unlisted`` the names
    that only the model store has."""

    models: list[SourceRow]
    others: dict[str, list[str]]
    unlisted: list[str]


def read_models(file: UpstreamFile, store: Mapping[str, StoreEntry], lookup: Lookup) -> Listing:
    """Every row of the README that is a classifier. Problems go to ``lookup``."""
    links = {match["label"]: match["url"] for match in _REFERENCE.finditer(file.text)}
    models: list[SourceRow] = []
    others: dict[str, list[str]] = {}
    named: set[str] = set()
    for table in read_tables(file.text, file.path):
        if set(OTHER_TASKS) & set(table.header):
            others[table.heading] = [cells[0] for _, cells in table.rows]
            named |= {parts["name"] for _, cells in table.rows if (parts := _log_file(cells[-1]))}
        elif table.header in HEADERS:
            models += _rows(table, file.path, store, links, lookup)
        else:
            lookup.problems.append(
                f"{file.path}, line {table.line}: found the columns {', '.join(table.header)} under "
                f"{table.heading!r}, expected {' or '.join(', '.join(header) for header in HEADERS)}, or a "
                f"table of another task with a column {' or '.join(OTHER_TASKS)}"
            )
    lookup.problems += _repeated(models)
    named |= {row[MODELS.c.name] for row in models}
    return Listing(models, others, sorted(set(store) - named))


def log_parts(row: SourceRow) -> Mapping[str, str]:
    """release, name, error, hash and form of the address of the training log."""
    return _log_file(row[REMARKS]) or {}


def _log_file(remarks: str) -> Mapping[str, str] | None:
    remark = _REMARK.fullmatch(remarks) or re.search(r"\[log\]\((?P<log>[^()\s]+)\)", remarks)
    match = _LOG_FILE.search(remark["log"]) if remark else None
    return match.groupdict() if match else None


def _rows(
    table: MarkdownTable, path: str, store: Mapping[str, StoreEntry], links: Mapping[str, str], lookup: Lookup
) -> list[SourceRow]:
    dataset = lookup.dataset(table.heading, f"{path}, line {table.line}, heading of the table")
    rows = []
    for line, cells in table.rows:
        place = f"{path}, line {line}"
        row = SourceRow(place, line, dict(zip(table.header, cells, strict=True)))
        problems = _malformed(row) or _join(row, store, links)
        lookup.problems += problems
        if not problems:
            row.values |= {HEADING: table.heading, MODELS.c.dataset_id: dataset}
            row.row_id = model_id(SOURCE_ID, slug(row[MODELS.c.name]))
            rows.append(row)
    return rows


def _malformed(row: SourceRow) -> list[str]:
    return [
        f"{row.place}, column {column!r}: found {show(row[column])}, expected {form}"
        for column, form in _FORMS.items()
        if column in row.values and not re.fullmatch(form, row[column])
    ]


def _join(row: SourceRow, store: Mapping[str, StoreEntry], links: Mapping[str, str]) -> list[str]:
    """Put the model store's entry and the parts of the remark into the row."""
    remark = _REMARK.fullmatch(row[REMARKS])
    parts = log_parts(row)
    if remark is None or not parts:
        expected = (
            "'Converted from GL model' or 'From [repository]', and ([log](address of a release's file))"
        )
        return [f"{row.place}, column {REMARKS!r}: found {show(row[REMARKS])}, expected {expected}"]
    origin = _FROM.fullmatch(remark["origin"])
    if origin is not None and origin["label"] not in links:
        expected = f"a line '{origin['label']}: address' at the end of the file"
        return [f"{row.place}, column {REMARKS!r}: found {origin['label']}, expected {expected}"]
    if parts["name"] not in store:
        expected = f"an entry of the model store{_nearest(parts['name'], store)}"
        return [f"{row.place}, column {REMARKS!r}: found {show(parts['name'])}, expected {expected}"]
    entry = store[parts["name"]]
    values: dict[str, Any] = {
        STORE_ENTRY: entry, LOG: remark["log"], MODELS.c.name: entry.name,
        ORIGIN: links[origin["label"]] if origin else None,
        MODELS.c.architecture: entry.name, IMG_SIZE: entry.size, SCALE: entry.crop,
    }  # fmt: skip
    row.values |= values
    return []


def _nearest(name: str, store: Mapping[str, StoreEntry]) -> str:
    nearest = difflib.get_close_matches(name, store, n=1)
    return f" (nearest: {nearest[0]})" if nearest else ""


def _repeated(rows: list[SourceRow]) -> list[str]:
    first: dict[str, SourceRow] = {}
    for row in rows:
        first.setdefault(row.row_id, row)
    return [
        f"{row.place}, column {REMARKS!r}: found {show(row[MODELS.c.name])}, which would be {row.row_id} a "
        f"second time (first: {first[row.row_id].place}), expected another model"
        for row in rows
        if first[row.row_id] is not row
    ]
