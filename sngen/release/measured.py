"""Result records as rows of the tables scores, outcomes, arrays and pictures."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from sngen.canonical import canonical_json
from sngen.errors import DataProblem
from sngen.release.records import score_ids
from sngen.results import Record
from sngen.schema import ARRAYS, DATASETS, METRICS, MODELS, OUTCOMES, PICTURES, SCORES
from sngen.schema.vocabularies import TRAINING_SPLIT_FLAGS

Row = Mapping[str, Any]
Rows = list[dict[str, Any]]

#: Columns of a measured score that its record keeps in ``provenance`` under the same name.
PROVENANCE = (
    SCORES.c.weights_sha256, SCORES.c.data_fingerprint, SCORES.c.seed, SCORES.c.code_commit,
    SCORES.c.code_dirty, SCORES.c.device, SCORES.c.threads, SCORES.c.runtime, SCORES.c.cpu_time,
    SCORES.c.peak_memory, SCORES.c.forwards, SCORES.c.forward_backwards, SCORES.c.queries,
    SCORES.c.forward_rate, SCORES.c.calibration, SCORES.c.date,
)  # fmt: skip
#: Families whose evaluations take some images for ones that the model was trained on, and others for unseen.
NEED_THE_TRAINING_SPLIT = ("membership", "stealing")
SPLIT_UNKNOWN, SPLIT_DIFFERS = TRAINING_SPLIT_FLAGS
#: Where a record's key says which images it used, and what was asked for, per role of the protocol.
KEY_IMAGES, KEY_DATA, TEST = "images", "data", "test"


def scores_of(record: Record) -> Rows:
    """One row of the table scores per number of the record."""
    packages = record.provenance.get(SCORES.c.packages)
    common = {
        SCORES.c.model_id: record.model_id,
        SCORES.c.dataset_id: record.dataset_id,
        SCORES.c.family: record.family,
        SCORES.c.method: record.method,
        SCORES.c.origin: "measured",
        SCORES.c.protocol: record.protocol,
        SCORES.c.tier: record.tier,
        SCORES.c.record_id: record.record_id,
        SCORES.c.method_version: record.method_version,
        SCORES.c.arguments: canonical_json(record.arguments).decode(),
        SCORES.c.packages: None if packages is None else canonical_json(packages).decode(),
        **{name: record.provenance.get(name) for name in PROVENANCE},
    }
    return [
        SCORES.row(
            **common,
            **{
                SCORES.c.score_id: name,
                SCORES.c.setting: entry.setting,
                SCORES.c.metric: entry.metric,
                SCORES.c.value: entry.value,
                SCORES.c.unit: METRICS[entry.metric].unit,
                SCORES.c.ci_low: entry.ci_low,
                SCORES.c.ci_high: entry.ci_high,
                SCORES.c.ci_method: entry.ci_method,
                SCORES.c.n: entry.n,
                SCORES.c.flags: list(entry.flags) or None,
            },
        )
        for name, entry in zip(score_ids(record), record.scores, strict=True)
    ]


def with_training_split_flags(scores: Iterable[dict[str, Any]], models: Iterable[Row]) -> Rows:
    """Scores, flagged where they rest on members that need not be members (``TRAINING_SPLIT_FLAGS``).

    That concerns measured scores of ``NEED_THE_TRAINING_SPLIT``. The catalogue's row of the model decides
    when a release is built; records are measured once and say nothing about it.
    """
    by_id = {row[MODELS.c.model_id]: row for row in models}
    return [_with_split_flag(score, by_id) if _needs_split(score) else score for score in scores]


def _needs_split(score: Row) -> bool:
    return score[SCORES.c.origin] == "measured" and score[SCORES.c.family] in NEED_THE_TRAINING_SPLIT


def _with_split_flag(score: dict[str, Any], models: Mapping[str, Row]) -> dict[str, Any]:
    model = models[score[SCORES.c.model_id]]
    trained_on = model[MODELS.c.trained_split]
    of_own_dataset = score[SCORES.c.dataset_id] == model[MODELS.c.dataset_id]
    if trained_on == "official-train" and of_own_dataset:
        return score
    flag = SPLIT_UNKNOWN if trained_on is None else SPLIT_DIFFERS
    return {**score, SCORES.c.flags: [*(score[SCORES.c.flags] or ()), flag]}


def outcomes_of(record: Record) -> Rows:
    """One row of the table outcomes per set of bits of the record."""
    basis = (record.model_id, record.dataset_id, record.protocol, record.method)
    return [
        OUTCOMES.row(
            **{
                OUTCOMES.c.outcome_id: ":".join((*basis, entry.setting)),
                OUTCOMES.c.model_id: record.model_id,
                OUTCOMES.c.dataset_id: record.dataset_id,
                OUTCOMES.c.protocol: record.protocol,
                OUTCOMES.c.tier: record.tier,
                OUTCOMES.c.method: record.method,
                OUTCOMES.c.setting: entry.setting,
                OUTCOMES.c.split: entry.split,
                OUTCOMES.c.meaning: entry.meaning,
                OUTCOMES.c.n: len(entry.image_ids),
                OUTCOMES.c.image_ids: list(entry.image_ids),
                OUTCOMES.c.bits: base64.b64decode(entry.bits),
                OUTCOMES.c.record_id: record.record_id,
            }
        )
        for entry in record.outcomes
    ]


def arrays_of(record: Record) -> Rows:
    """One row of the table arrays per array of the record."""
    basis = (record.model_id, record.dataset_id, record.protocol, record.method)
    return [
        ARRAYS.row(
            **{
                ARRAYS.c.array_id: ":".join((*basis, entry.setting, entry.name)),
                ARRAYS.c.model_id: record.model_id,
                ARRAYS.c.dataset_id: record.dataset_id,
                ARRAYS.c.protocol: record.protocol,
                ARRAYS.c.tier: record.tier,
                ARRAYS.c.method: record.method,
                ARRAYS.c.setting: entry.setting,
                ARRAYS.c.name: entry.name,
                ARRAYS.c.x_meaning: entry.x_meaning,
                ARRAYS.c.y_meaning: entry.y_meaning,
                ARRAYS.c.x: list(entry.x),
                ARRAYS.c.y: list(entry.y),
                ARRAYS.c.record_id: record.record_id,
            }
        )
        for entry in record.arrays
    ]


def pictures_of(record: Record) -> Rows:
    """One row of the table pictures per picture of the record."""
    basis = (record.model_id, record.dataset_id, record.protocol, record.method)
    return [
        PICTURES.row(
            **{
                PICTURES.c.picture_id: ":".join((*basis, entry.setting, entry.name)),
                PICTURES.c.model_id: record.model_id,
                PICTURES.c.dataset_id: record.dataset_id,
                PICTURES.c.protocol: record.protocol,
                PICTURES.c.tier: record.tier,
                PICTURES.c.method: record.method,
                PICTURES.c.setting: entry.setting,
                PICTURES.c.name: entry.name,
                PICTURES.c.meaning: entry.meaning,
                PICTURES.c.height: entry.height,
                PICTURES.c.width: entry.width,
                PICTURES.c.channels: entry.channels,
                PICTURES.c.pixels: base64.b64decode(entry.pixels),
                PICTURES.c.record_id: record.record_id,
            }
        )
        for entry in record.pictures
    ]


def unknown_names(records: Iterable[Record], models: Iterable[Row], datasets: Iterable[Row]) -> list[str]:
    """A problem for every record whose model, dataset or metric the project does not know."""
    known_models = {row[MODELS.c.model_id] for row in models}
    known_datasets = {row[DATASETS.c.dataset_id] for row in datasets}
    problems = []
    for record in records:
        where = f"record {record.record_id} ({record.protocol} {record.method})"
        if record.model_id not in known_models:
            problems.append(
                f"{where}: model {record.model_id!r} is not in the table models; expected an id of the "
                f"catalogue. Add the model, or leave out the result folder that has the record."
            )
        if record.dataset_id not in known_datasets:
            problems.append(
                f"{where}: dataset {record.dataset_id!r} is not in the table datasets; expected an id of "
                f"the catalogue. Add the dataset."
            )
        problems.extend(
            f"{where}: metric {entry.metric!r} is unknown; expected one of {', '.join(METRICS)}."
            for entry in record.scores
            if entry.metric not in METRICS
        )
    return problems


def with_fingerprints(datasets: Iterable[Row], records: Iterable[Record]) -> list[Row]:
    """Datasets with the fingerprint of the whole test split that was measured on.

    Records that used only part of the split say nothing about it. Raises ``DataProblem`` where two records,
    or a record and the catalogue, disagree about the pixels of one dataset.
    """
    found: dict[str, dict[str, str]] = {}
    for record in records:
        fingerprint = _whole_test_split(record.key)
        if fingerprint is not None:
            found.setdefault(record.dataset_id, {}).setdefault(fingerprint, record.record_id)
    problems: list[str] = []
    rows: list[Row] = []
    for row in datasets:
        seen = dict(found.get(row[DATASETS.c.dataset_id], {}))
        if row[DATASETS.c.fingerprint] is not None:
            seen.setdefault(row[DATASETS.c.fingerprint], "the catalogue")
        if len(seen) > 1:
            says = "; ".join(f"{value} ({who})" for value, who in sorted(seen.items()))
            problems.append(
                f"datasets, {row[DATASETS.c.dataset_id]}, {DATASETS.c.fingerprint}: found {says}; expected "
                f"one test split. Measure all models on the same pixels, or build from one result folder."
            )
        unchanged = seen.keys() == {row[DATASETS.c.fingerprint]} or not seen
        rows.append(row if unchanged else {**row, DATASETS.c.fingerprint: next(iter(seen))})
    if problems:
        raise DataProblem(problems)
    return rows


def _whole_test_split(key: Mapping[str, Any]) -> str | None:
    """Fingerprint of the test images if the record asked for the whole test split."""
    asked = key.get(KEY_DATA, {}).get(TEST)
    if asked is None or asked.get("split") != TEST or asked.get("first") is not None:
        return None
    fingerprint = key.get(KEY_IMAGES, {}).get(TEST)
    return None if fingerprint is None else str(fingerprint)
