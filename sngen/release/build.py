"""Building a release: facts and records in, a Hugging Face dataset repository out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from sngen.catalog import load_catalog
from sngen.release import audit
from sngen.release.card import card
from sngen.release.card_header import File
from sngen.release.citation import BIB_FILE, CFF_FILE, bibtex, citation_cff
from sngen.release.columnar import to_arrow, write_parquet
from sngen.release.fingerprint import release_fingerprint, table_fingerprint
from sngen.release.folder import replaced
from sngen.release.identity import NAME, Identity, check_version, release_date
from sngen.release.manifest import inputs_of, make_manifest, write_manifest
from sngen.release.records import choose, read_records
from sngen.release.tables import make_tables
from sngen.schema import TABLES

CARD_FILE = "README.md"


def build(version: str, catalog: Path, results: Sequence[Path], out: Path, date: str | None = None) -> Path:
    """Write the release to ``out/securitynet`` and return that folder. A release that is there is replaced.

    The same catalogue, records, version and date give the same bytes. ``date`` is a day; without it the
    day of the newest record counts. Raises ``UsageError`` for a bad argument and ``DataProblem`` with every
    invalid row; nothing is written then.
    """
    check_version(version)
    chosen = choose(read_records(results))
    day = release_date(date, chosen.records)
    rows = make_tables(load_catalog(catalog), chosen.records)
    rules = audit.collect(catalog)
    tables = {name: to_arrow(table, rows[name]) for name, table in TABLES.items()}
    fingerprints = {name: table_fingerprint(table) for name, table in tables.items()}
    identity = Identity(version, release_fingerprint(fingerprints), day)
    with replaced(out / NAME) as folder:
        files = _write_tables(tables, fingerprints, folder)
        audit.write(rules, folder / audit.FILE)
        (folder / CFF_FILE).write_text(citation_cff(identity), encoding="utf-8")
        (folder / BIB_FILE).write_text(bibtex(identity), encoding="utf-8")
        (folder / CARD_FILE).write_text(card(identity, files, tables), encoding="utf-8")
        described = {
            name: {"path": file.path, "rows": file.rows, "fingerprint": fingerprints[name]}
            for name, file in files.items()
        }
        manifest = make_manifest(identity, folder, described, inputs_of(catalog, chosen), chosen)
        write_manifest(manifest, folder)
    return out / NAME


def _write_tables(
    tables: Mapping[str, pa.Table], fingerprints: Mapping[str, str], folder: Path
) -> dict[str, File]:
    """One Parquet file per table, named by its content (see ``card_header`` for why)."""
    files = {}
    for name, table in tables.items():
        relative = f"data/{name}/{name}-{fingerprints[name][:16]}.parquet"
        path = folder / relative
        path.parent.mkdir(parents=True)
        write_parquet(table, path)
        files[name] = File(relative, path.stat().st_size, table.num_rows, table.nbytes)
    return files
