"""Find the record that holds a published score."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluations.engine.work import Catalog
from sngen.errors import UsageError
from sngen.results import Record, ResultStore, ScoreEntry
from sngen.schema import SCORES, SOURCES, score_id

REPORTED = "reported/"
PARTS = 6


@dataclass(frozen=True)
class Published:
    """A score, and the record and store that hold it."""

    score_id: str
    score: ScoreEntry
    record: Record
    store: Path | str


def find_published(wanted: str, stores: Sequence[Path | str], catalog: Catalog) -> Published:
    """The score of this id; the newest, if several records hold it (other weights, another tier).

    Raises ``UsageError`` for an id that no record holds, and for a reported score, which cannot be run.
    """
    parts = wanted.split(":")
    if len(parts) == PARTS and parts[2].startswith(REPORTED):
        raise UsageError(_why_not_reported(wanted, parts, stores, catalog))
    published = [found for found in scores_in(stores) if found.score_id == wanted]
    if published:
        return max(published, key=lambda found: str(found.record.provenance.get(SCORES.c.date)))
    places = ", ".join(str(store) for store in stores)
    near = difflib.get_close_matches(wanted, {found.score_id for found in scores_in(stores)}, n=3, cutoff=0.3)
    hint = "Nearest are:\n  " + "\n  ".join(near) if near else "No record is there; give --results DIR."
    raise UsageError(f"no record in {places} holds the score {wanted}. {hint}")


def scores_in(stores: Sequence[Path | str]) -> Iterator[Published]:
    """Every score of every record."""
    for store in stores:
        for record in ResultStore(store):
            for score in record.scores:
                name = score_id(
                    record.model_id,
                    record.dataset_id,
                    record.protocol,
                    record.method,
                    score.setting,
                    score.metric,
                )
                yield Published(name, score, record, store)


def _why_not_reported(
    wanted: str, parts: Sequence[str], stores: Sequence[Path | str], catalog: Catalog
) -> str:
    model_id, dataset_id, basis, _, _, metric = parts
    row = next((row for row in catalog[SCORES.name] if row[SCORES.c.score_id] == wanted), None)
    if row is None:
        ids = [row[SCORES.c.score_id] for row in catalog[SCORES.name]]
        near = difflib.get_close_matches(wanted, ids, n=3, cutoff=0.3)
        return f"the catalogue has no reported score {wanted}. Nearest are:\n  " + "\n  ".join(near)
    sources = {source[SOURCES.c.source_id]: source for source in catalog[SOURCES.name]}
    source: Mapping[str, object] = sources.get(row[SCORES.c.source_id], {})
    measured = sorted(
        {
            found.score_id
            for found in scores_in(stores)
            if (found.record.model_id, found.record.dataset_id, found.score.metric)
            == (model_id, dataset_id, metric)
        }
    )
    instead = (
        "Measured scores of this model and metric, which can be run again:\n  " + "\n  ".join(measured)
        if measured
        else f"No measured {metric} of {model_id} is in {', '.join(str(store) for store in stores)}."
    )
    return (
        f"{wanted} was reported by {source.get(SOURCES.c.title, basis.removeprefix(REPORTED))} "
        f"({source.get(SOURCES.c.url)}; row {row[SCORES.c.source_row]}, column "
        f"{row[SCORES.c.source_column]}), not measured here, so it cannot be run again. {instead}"
    )
