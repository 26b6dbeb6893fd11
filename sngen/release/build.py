"""Building a release: facts and records in, a Hugging Face dataset repository out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from sngen.catalog import load_catalog
from sngen.release import audit
from sngen.release.card import card
from sngen.release.card_header import File
from sngen.release.changes.compare import compare
from sngen.release.changes.contents import tables_of
from sngen.release.changes.entry import entry_of
from sngen.release.changes.log import FIRST, log_with, read_log, write_log
from sngen.release.changes.versions import check_version_step
from sngen.release.citation import BIB_FILE, CFF_FILE, bibtex, citation_cff
from sngen.release.columnar import to_arrow, write_parquet
from sngen.release.croissant import write_croissant
from sngen.release.every_eval_ever import write_logs
from sngen.release.fingerprint import release_fingerprint, table_fingerprint
from sngen.release.folder import replaced
from sngen.release.identity import NAME, Identity, check_version, release_date
from sngen.release.manifest import inputs_of, make_manifest, write_manifest
from sngen.release.published import refuse_other_bytes, refuse_other_content, version_before
from sngen.release.records import choose, read_records
from sngen.release.tables import make_tables
from sngen.schema import DATASETS, MODELS, SCORES, TABLES

CARD_FILE = "README.md"
RELEASES = Path("data/releases")


def build(
    version: str,
    catalog: Path,
    results: Sequence[Path | str],
    out: Path,
    date: str | None = None,
    releases: Path = RELEASES,
) -> Path:
    """Write the release to ``out/securitynet`` and return that folder. A release that is there is replaced,
    unless it is published.

    The same catalogue, records, version, date and version before give the same bytes. ``date`` is a day;
    without it the day of the newest record counts. ``releases`` holds the published versions: the newest
    one below ``version`` is the one that the change log compares with. Raises ``UsageError`` for a bad
    argument, a version that does not follow from what changed, or other content under a published one, and
    ``DataProblem`` with every invalid row; nothing is written then.
    """
    check_version(version)
    chosen = choose(read_records(results))
    day = release_date(date, chosen.records)
    rows = make_tables(load_catalog(catalog), chosen.records)
    rules = audit.collect(catalog)
    tables = {name: to_arrow(table, rows[name]) for name, table in TABLES.items()}
    fingerprints = {name: table_fingerprint(table) for name, table in tables.items()}
    identity = Identity(version, release_fingerprint(fingerprints), day)
    refuse_other_content(version, identity.fingerprint, releases)
    log = _log(identity, tables, version_before(version, releases))
    with replaced(out / NAME) as folder:
        files = _write_tables(tables, fingerprints, folder)
        audit.write(rules, folder / audit.FILE)
        write_log(log, folder)
        write_croissant(identity, files, folder)
        write_logs(rows[SCORES.name], rows[MODELS.name], rows[DATASETS.name], folder)
        (folder / CFF_FILE).write_text(citation_cff(identity), encoding="utf-8")
        (folder / BIB_FILE).write_text(bibtex(identity), encoding="utf-8")
        (folder / CARD_FILE).write_text(card(identity, files, tables), encoding="utf-8")
        described = {
            name: {"path": file.path, "rows": file.rows, "fingerprint": fingerprints[name]}
            for name, file in files.items()
        }
        manifest = make_manifest(identity, folder, described, inputs_of(catalog, chosen), chosen)
        write_manifest(manifest, folder)
        refuse_other_bytes(version, folder, releases, out / NAME)
    return out / NAME


def _log(identity: Identity, tables: Mapping[str, pa.Table], before: Path | None) -> list[dict[str, Any]]:
    """Raises ``UsageError`` if the version does not follow from what changed since the one before."""
    if before is None:
        return log_with(identity, FIRST, ())
    changes = compare(tables_of(before), tables)
    check_version_step(identity.version, before.parent.name, changes)
    return log_with(identity, entry_of(changes), read_log(before))


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
