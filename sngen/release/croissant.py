"""croissant.json: the release in the vocabulary of MLCommons Croissant 1.0, for dataset search engines.

Source: the Croissant format specification, http://mlcommons.org/croissant/1.0. Columns of bytes are left out:
the vocabulary has no such type. References between tables are said in words: mlcroissant 1.1 joins the tables
of a reference, and fails where a table has several.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sngen.canonical import file_hash
from sngen.release.card_header import File
from sngen.release.citation import LICENSE, TITLE, bibtex
from sngen.release.identity import NAME, Identity
from sngen.schema import TABLES, Column, Kind, Table

FILE = "croissant.json"
#: ``application/vnd.apache.parquet`` validates too, but the format's own reader does not read it.
PARQUET = "application/x-parquet"
TYPES: dict[Kind, str | None] = {
    "text": "sc:Text", "int": "sc:Integer", "float": "sc:Float", "bool": "sc:Boolean", "bytes": None,
    "texts": "sc:Text", "ints": "sc:Integer", "floats": "sc:Float",
}  # fmt: skip
#: The format's standard context, whole: readers warn of any other.
_OF_CROISSANT = (
    "citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty", "fileSet",
    "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet",
    "references", "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField",
    "transform",
)  # fmt: skip
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "data": {"@id": "cr:data", "@type": "@json"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{name: f"cr:{name}" for name in _OF_CROISSANT},
}


def write_croissant(identity: Identity, files: Mapping[str, File], folder: Path) -> None:
    """``files`` by table name; they lie in ``folder`` already, because their hashes are named."""
    content = croissant(
        identity, files, {name: file_hash(folder / file.path) for name, file in files.items()}
    )
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def croissant(identity: Identity, files: Mapping[str, File], hashes: Mapping[str, str]) -> dict[str, Any]:
    """JSON-LD. ``hashes``: SHA-256 of each table's file."""
    dated = {} if identity.date is None else {"datePublished": identity.date}
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": NAME,
        "alternateName": TITLE,
        "description": f"{TITLE}. Fingerprint of the content: sha256:{identity.fingerprint}.",
        "version": identity.version,
        **dated,
        "license": f"https://spdx.org/licenses/{LICENSE}.html",
        "citeAs": bibtex(identity),
        "isLiveDataset": False,
        "distribution": [_file(name, file, hashes[name]) for name, file in files.items()],
        "recordSet": [_records(table) for name, table in TABLES.items() if files[name].rows],
    }


def _file(name: str, file: File, sha256: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": f"{name}.parquet",
        "name": f"{name}.parquet",
        "contentUrl": file.path,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": PARQUET,
        "sha256": sha256,
    }


def _records(table: Table) -> dict[str, Any]:
    keys = [{"@id": f"{table.name}/{part}"} for part in table.key]
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": f"A row is {table.row_is}.",
        "key": keys[0] if len(keys) == 1 else keys,
        "field": [_field(table, column) for column in table if TYPES[column.kind] is not None],
    }


def _field(table: Table, column: Column) -> dict[str, Any]:
    several = {"cr:isArray": True, "cr:arrayShape": "-1"} if column.is_list else {}
    return {
        "@type": "cr:Field",
        "@id": f"{table.name}/{column.name}",
        "name": column.name,
        "description": _words(column),
        "dataType": TYPES[column.kind],
        **several,
        "source": {
            "fileObject": {"@id": f"{table.name}.parquet"},
            "extract": {"column": column.name},
        },
    }


def _words(column: Column) -> str:
    unit = f" Unit: {column.unit}." if column.unit else ""
    reference = f" An id of the table {column.references}." if column.references else ""
    return column.description + unit + reference
