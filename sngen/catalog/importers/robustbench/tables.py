"""From cleaned rows to the catalogue's tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sngen.catalog.importers.robustbench.columns import (
    ADDITIONAL_DATA,
    ARCHITECTURE,
    AUTHORS,
    AUTOATTACK,
    CLAIM,
    CLEAN,
    CORRUPTIONS,
    CORRUPTIONS_3D,
    DATASET,
    EPS,
    EXTERNAL,
    FOOTNOTE,
    FORWARD_PASSES,
    LINK,
    MCE,
    MCE_3D,
    TITLE,
    UNRELIABLE,
    VENUE,
)
from sngen.catalog.importers.robustbench.entries import KEY, SOURCE_ID, THREAT
from sngen.catalog.importers.robustbench.zoo import Checkpoint
from sngen.catalog.reported import (
    eps_setting,
    eps_value,
    fraction_of_percent,
    reported_score,
    with_source_words,
)
from sngen.catalog.rules import SourceRow
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.schema import MODELS, NORMS

REPOSITORY = "https://github.com/RobustBench/robustbench"
TITLE_OF_SOURCE = "RobustBench: a standardized adversarial robustness benchmark"
CITATION = (
    "Francesco Croce, Maksym Andriushchenko, Vikash Sehwag, Edoardo Debenedetti, Nicolas Flammarion, Mung "
    f"Chiang, Prateek Mittal, Matthias Hein. {TITLE_OF_SOURCE}. NeurIPS Datasets and Benchmarks, 2021."
)
DRIVE = "https://drive.google.com/file/d/"
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_TAKEN = {
    MODELS.c.name: KEY, MODELS.c.architecture: ARCHITECTURE, MODELS.c.authors: AUTHORS,
    MODELS.c.paper_title: TITLE, MODELS.c.paper_url: LINK, MODELS.c.note: FOOTNOTE,
}  # fmt: skip
_DERIVED = (
    MODELS.c.dataset_id, MODELS.c.security_role, MODELS.c.threat_norm, MODELS.c.threat_eps,
    MODELS.c.num_authors, MODELS.c.license,
)  # fmt: skip
#: Key, method and metric of the corruptions' scores.
_CORRUPTION_SCORES = (
    (CORRUPTIONS, "common-corruptions", "accuracy"),
    (MCE, "common-corruptions", "mean_corruption_error"),
    (CORRUPTIONS_3D, "3d-corruptions", "accuracy"),
    (MCE_3D, "3d-corruptions", "mean_corruption_error"),
)
_ATTACKS = ((AUTOATTACK, "autoattack"), (EXTERNAL, "external-attack"), (CLAIM, "authors-claim"))

Rows = list[dict[str, Any]]


def unknown_venues(rows: Sequence[SourceRow], lookup: Lookup) -> None:
    for row in rows:
        if row[VENUE]:
            lookup.venue(row[VENUE], f"{row.place}, key {VENUE!r}")


def model_rows(
    rows: Sequence[SourceRow], stated: Mapping[str, Mapping[str, Any]],
    checkpoints: Mapping[str, Checkpoint], vocabulary: Vocabulary,
) -> Rows:  # fmt: skip
    """The table models. ``stated`` is what the files say before cleaning, ``checkpoints`` what the zoo has of
    a model, both by row id."""
    return [_model(row, stated[row.row_id], checkpoints.get(row.row_id), vocabulary) for row in rows]


def _model(
    row: SourceRow, stated: Mapping[str, Any], checkpoint: Checkpoint | None, vocabulary: Vocabulary
) -> dict[str, Any]:
    venue, venue_type = vocabulary.venue(row[VENUE] or "") or (None, None)
    purpose, training_kind = vocabulary.role(row[MODELS.c.security_role])
    year = _YEAR.search(row[VENUE] or "")
    eps = row[MODELS.c.threat_eps]
    weights_kind, weights_url = _weights(checkpoint)
    model = MODELS.row(
        **{column: row[taken] for column, taken in _TAKEN.items()},
        **{column: row[column] for column in _DERIVED},
        model_id=row.row_id, source_id=SOURCE_ID, source_file=row.place, task="classification",
        model_type=vocabulary.model_type(row[ARCHITECTURE]), purpose=purpose, training_kind=training_kind,
        threat_eps_value=None if eps is None else eps_value(eps), extra_data=_truth(row[ADDITIONAL_DATA]),
        venue=venue, venue_type=venue_type, year=int(year[0]) if year else None,
        weights_kind=weights_kind, weights_url=weights_url,
        license_scope="weights" if row[MODELS.c.license] else None, flags=row.flags or None,
    )  # fmt: skip
    return with_source_words(
        model, dataset_id=stated[DATASET], venue=stated[VENUE], paper_url=stated[LINK] or None,
        paper_title=stated[TITLE], authors=stated[AUTHORS] or None, threat_eps=stated[EPS],
        note=stated.get(FOOTNOTE) or None, license=row[LICENSE_WORDS], weights_url=_loader(checkpoint),
        number_forward_passes=str(stated[FORWARD_PASSES]), unreliable=_truth(stated.get(UNRELIABLE)),
        preprocessing=checkpoint.preprocessing if checkpoint else None,
    )  # fmt: skip


#: Where a row keeps what LICENSE says of its weights.
LICENSE_WORDS = "licence, as stated"


def _weights(checkpoint: Checkpoint | None) -> tuple[str | None, str | None]:
    """Kind and address. Several files have no one address: the zoo itself is where they can be had."""
    if checkpoint is None:
        return None, None
    if len(checkpoint.drive_ids) == 1:
        return "file", DRIVE + checkpoint.drive_ids[0]
    return ("file", checkpoint.url) if checkpoint.url else ("registry", None)


def _loader(checkpoint: Checkpoint | None) -> str | None:
    """What the zoo states in place of a single file: several, or a call that downloads the weights."""
    if checkpoint is None or len(checkpoint.drive_ids) == 1:
        return None
    return "; ".join(DRIVE + one for one in checkpoint.drive_ids) or checkpoint.loader


def _truth(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()


def score_rows(rows: Sequence[SourceRow]) -> Rows:
    """Every number that the source reports, one row each."""
    return [score for row in rows for score in _scores(row)]


def _scores(row: SourceRow) -> Rows:
    scores = [_score(row, CLEAN, ("utility", "clean", "test", "accuracy"))]
    if row[THREAT] in NORMS:
        norm, eps = row[THREAT], row[EPS]
        bound = {"norm": norm, "eps": eps, "eps_value": eps_value(eps)}
        scores += [
            _score(row, key, ("adversarial", method, eps_setting(norm, eps), "robust_accuracy"), **bound)
            for key, method in _ATTACKS
            if row[key] is not None
        ]
        return scores
    scores += [
        _score(row, key, ("corruption", method, "default", metric))
        for key, method, metric in _CORRUPTION_SCORES
        if row[key] is not None
    ]
    if row[CLAIM] is not None:
        scores.append(_score(row, CLAIM, ("corruption", "authors-claim", "default", "accuracy")))
    return scores


def _score(row: SourceRow, key: str, kind: tuple[str, str, str, str], **bound: Any) -> dict[str, Any]:
    value = float(row[key]) if key in (MCE, MCE_3D) else fraction_of_percent(row[key])
    return reported_score(
        SOURCE_ID, row.row_id, row[MODELS.c.dataset_id], kind, value, source_file=row.place,
        source_column=key, flags=row.cell_flags.get(key), **bound,
    )  # fmt: skip
